/* SPDX-License-Identifier: MIT */
/*
 * Decoding of the few instructions that a guest kernel may execute although
 * the CPU refuses them in ring 3. Pure: bytes in, struct out. What the decoder
 * does not know it still splits into prefixes and opcode; the table of
 * emul_priv.c decides what is done (SDM 2A chapter 2).
 */
#ifndef PV_DECODE_H
#define PV_DECODE_H

#include <hv/types.h>

#define INSN_MAX 15

enum insn_segment { INSN_SEG_NONE, INSN_SEG_FS, INSN_SEG_GS };

struct insn {
	/* 0x6c, 0x0f30; for the group 0f 01 with a register operand the ModRM
	 * byte is part of it: 0x0f01f9.
	 */
	u32 opcode;
	u8 length;
	u8 size;    /* of a port access, bytes: 1, 2, 4 */
	u8 reg, rm; /* ModRM's registers with REX, control/debug moves only */
	u8 imm8;    /* port number */
	u8 segment; /* enum insn_segment: override */
	bool rep;
	bool address32;
};

/** Decodes the first instruction of @bytes. @long_mode: 64-bit code, else
 *  32-bit. False when it is longer than @size or malformed. */
bool insn_decode(const u8 *bytes, unsigned int size, bool long_mode,
                 struct insn *in);

/** The vector of an `int n` at @bytes, or -1. */
int insn_decode_int(const u8 *bytes, unsigned int size);

/** Length of the forced-emulation prefix with a cpuid after it (ud2, "xen",
 *  cpuid) at @bytes, or 0. */
unsigned int insn_decode_forced_cpuid(const u8 *bytes, unsigned int size);

#endif
