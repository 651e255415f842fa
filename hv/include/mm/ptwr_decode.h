/* SPDX-License-Identifier: MIT */
/*
 * Decoder for the instructions with which a guest kernel writes to its page
 * tables, 64-bit mode: mov, xchg, cmpxchg, and, or, xor, add, sub, bts, btr,
 * btc with a memory destination (SDM 2). Pure: bytes and registers in, an
 * operation out. The address is not decoded: the fault said it.
 */
#ifndef MM_PTWR_DECODE_H
#define MM_PTWR_DECODE_H

#include <arch/regs.h>

#define INSN_MAX 15

enum ptwr_kind {
	PTWR_MOV,
	PTWR_XCHG,
	PTWR_CMPXCHG,
	PTWR_ADD,
	PTWR_SUB,
	PTWR_AND,
	PTWR_OR,
	PTWR_XOR,
	PTWR_BTS,
	PTWR_BTR,
	PTWR_BTC,
};

struct ptwr_insn {
	enum ptwr_kind kind;
	unsigned int length;
	unsigned int size;  /* operand bytes: 1, 2, 4 or 8 */
	bool from_register; /* else @immediate is the source */
	unsigned int reg;   /* 0 to 15, or 16 + n: bits 8 to 15 of n */
	u64 immediate; /* extended to @size; bit number for bts, btr, btc */
};

/** Decodes the first instruction in @bytes; false when it is none of them or
 *  does not end within @n bytes. */
bool ptwr_decode(const u8 *bytes, unsigned int n, struct ptwr_insn *insn);

/** The result of one instruction. */
struct ptwr_effect {
	u64 memory;   /* new value of the operand */
	bool set_reg; /* @reg becomes @reg_value (operand size rules) */
	unsigned int reg;
	u64 reg_value;
	u64 rflags;
};

/** What @insn does to an operand that holds @old (zero-extended). */
void ptwr_execute(const struct ptwr_insn *insn, const struct cpu_regs *regs,
                  u64 old, struct ptwr_effect *effect);

/** Writes operand-sized @value to register @reg. */
void ptwr_set_register(struct cpu_regs *regs, unsigned int reg,
                       unsigned int size, u64 value);

#endif
