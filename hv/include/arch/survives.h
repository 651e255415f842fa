/* SPDX-License-Identifier: MIT */
/*
 * Which CPU state comes back when the hypervisor saves and loads it (R13).
 */
#ifndef ARCH_SURVIVES_H
#define ARCH_SURVIVES_H

#include <hv/types.h>

/* Bits of the verdict, as in a trace's header (docs/trace-format.md). */
enum {
	SURVIVES_FPU = 0x01,        /* registers, control, status, MXCSR */
	SURVIVES_FPU_OPCODE = 0x02, /* last x87 instruction: opcode, CS */
	SURVIVES_FPU_RIP = 0x04,    /* its address */
	SURVIVES_FPU_RDP = 0x08,    /* its operand's */
	SURVIVES_DEBUG = 0x10,      /* DR0 to DR3 */
	NULL_CLEARS_BASE = 0x20,    /* a null selector makes FS's base 0 */
};
/* Without these a guest could see what depends on who ran before it. */
#define SURVIVES_NEEDED (SURVIVES_FPU | SURVIVES_DEBUG)

/** Tries it out. FPU and debug registers are lost, so before any guest runs. */
void survives_test(void);
/** What it found out. */
u32 survives_verdict(void);

#endif
