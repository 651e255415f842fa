/* SPDX-License-Identifier: MIT */
/*
 * Emulation of privileged instructions.
 */
#ifndef PV_EMUL_H
#define PV_EMUL_H

#include <hv/domain.h>
#include <pv/decode.h>

enum emul {
	EMUL_DONE,  /* carried out: the next instruction */
	EMUL_AGAIN, /* a bounded part is: the same instruction again */
	EMUL_FAULT, /* refused: the guest's own #GP */
	EMUL_TRAP,  /* raised an exception of its own, which is queued */
};

typedef enum emul emul_handler(struct vcpu *v, const struct insn *in);

/** The instruction at rip, whose bytes were fetched, after a #GP. False when it
 * is not one that @v may execute in its mode: the #GP is its own. */
bool emulate_privileged(struct vcpu *v, const u8 *bytes, unsigned int size);

/** Reads at most @size instruction bytes at rip, those that are mapped. */
unsigned int fetch_insn(struct vcpu *v, u8 *bytes, unsigned int size);

/** Register @number of an instruction (SDM 2A table 2-2). */
u64 *insn_register(struct cpu_regs *r, unsigned int number);

/** cpuid with the leaf in eax, ecx: answers in the registers. */
void emulate_cpuid(struct vcpu *v);

/* msr.c: false for #GP. */
bool guest_rdmsr(struct vcpu *v, u32 msr, u64 *value);
bool guest_wrmsr(struct vcpu *v, u32 msr, u64 value);

/* emul_io.c */
emul_handler emul_in, emul_out, emul_ins, emul_outs;
/* emul_cr.c */
emul_handler emul_cr_read, emul_cr_write, emul_dr_read, emul_dr_write,
	emul_clts;

#endif
