/* SPDX-License-Identifier: MIT */
/*
 * What the decoded instructions do to their operand, register and flags (SDM
 * 2, each instruction; SDM 1, appendix A for the flags). Flags that are
 * undefined there become 0.
 */
#include <mm/ptwr_decode.h>

#define FLAGS_ARITH                                                            \
	(RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

static u64 *register_slot(struct cpu_regs *r, unsigned int reg)
{
	u64 *const slots[16] = {
		&r->rax, &r->rcx, &r->rdx, &r->rbx, &r->rsp, &r->rbp,
		&r->rsi, &r->rdi, &r->r8,  &r->r9,  &r->r10, &r->r11,
		&r->r12, &r->r13, &r->r14, &r->r15,
	};

	return slots[reg & 15];
}

static u64 size_mask(unsigned int size)
{
	return size == 8 ? ~0UL : (1UL << 8 * size) - 1;
}

static u64 get_register(const struct cpu_regs *regs, unsigned int reg)
{
	u64 v = *register_slot((struct cpu_regs *)regs, reg);

	return reg >= 16 ? v >> 8 : v;
}

void ptwr_set_register(struct cpu_regs *regs, unsigned int reg,
                       unsigned int size, u64 value)
{
	u64 *slot = register_slot(regs, reg);
	unsigned int shift = reg >= 16 ? 8 : 0;
	u64 mask = size_mask(size) << shift;

	if (size >= 4) {
		*slot = value & size_mask(size);
	} else {
		*slot = (*slot & ~mask) | (value << shift & mask);
	}
}

static u64 result_flags(u64 result, unsigned int size)
{
	u64 flags = 0;

	if ((result & size_mask(size)) == 0) {
		flags |= RFLAGS_ZF;
	}
	if (result >> (8 * size - 1) & 1) {
		flags |= RFLAGS_SF;
	}
	if (!(__builtin_popcountll(result & 0xff) & 1)) {
		flags |= RFLAGS_PF;
	}
	return flags;
}

/* Flags of a + b or a - b; @carry are the carries, or borrows, out of each
 * bit. */
static u64 carry_flags(u64 carry, unsigned int size)
{
	u64 out = carry >> (8 * size - 1) & 1;
	u64 in = carry >> (8 * size - 2) & 1;
	u64 flags = 0;

	if (out) {
		flags |= RFLAGS_CF;
	}
	if (out != in) {
		flags |= RFLAGS_OF;
	}
	if (carry & 8) {
		flags |= RFLAGS_AF;
	}
	return flags;
}

static u64 add_flags(u64 a, u64 b, unsigned int size)
{
	u64 r = a + b;

	return carry_flags((a & b) | ((a | b) & ~r), size) |
	       result_flags(r, size);
}

static u64 sub_flags(u64 a, u64 b, unsigned int size)
{
	u64 r = a - b;

	return carry_flags((~a & b) | ((~a | b) & r), size) |
	       result_flags(r, size);
}

static void set_flags(struct ptwr_effect *e, u64 flags)
{
	e->rflags = (e->rflags & ~FLAGS_ARITH) | flags;
}

static void execute_logic(struct ptwr_effect *e, u64 result, unsigned int size)
{
	e->memory = result;
	set_flags(e, result_flags(result, size));
}

static void execute_bit(enum ptwr_kind kind, struct ptwr_effect *e, u64 old,
                        u64 number, unsigned int size)
{
	u64 bit = 1UL << (number & (8 * size - 1));

	e->rflags &= ~RFLAGS_CF;
	if (old & bit) {
		e->rflags |= RFLAGS_CF;
	}
	if (kind == PTWR_BTS) {
		e->memory = old | bit;
	} else if (kind == PTWR_BTR) {
		e->memory = old & ~bit;
	} else {
		e->memory = old ^ bit;
	}
}

static void execute_cmpxchg(struct ptwr_effect *e, u64 rax, u64 old, u64 src,
                            unsigned int size)
{
	rax &= size_mask(size);
	set_flags(e, sub_flags(rax, old, size));
	if (rax == old) {
		e->memory = src;
		return;
	}
	e->memory = old;
	e->set_reg = true;
	e->reg = 0;
	e->reg_value = old;
}

void ptwr_execute(const struct ptwr_insn *insn, const struct cpu_regs *regs,
                  u64 old, struct ptwr_effect *e)
{
	u64 mask = size_mask(insn->size);
	u64 src = insn->from_register ? get_register(regs, insn->reg)
	                              : insn->immediate;

	*e = (struct ptwr_effect){.rflags = regs->rflags};
	switch (insn->kind) {
	case PTWR_MOV:
		e->memory = src;
		break;
	case PTWR_XCHG:
		e->memory = src;
		e->set_reg = true;
		e->reg = insn->reg;
		e->reg_value = old;
		break;
	case PTWR_CMPXCHG:
		execute_cmpxchg(e, regs->rax, old, src & mask, insn->size);
		break;
	case PTWR_ADD:
		e->memory = old + src;
		set_flags(e, add_flags(old, src & mask, insn->size));
		break;
	case PTWR_SUB:
		e->memory = old - src;
		set_flags(e, sub_flags(old, src & mask, insn->size));
		break;
	case PTWR_AND:
		execute_logic(e, old & src, insn->size);
		break;
	case PTWR_OR:
		execute_logic(e, old | src, insn->size);
		break;
	case PTWR_XOR:
		execute_logic(e, old ^ src, insn->size);
		break;
	case PTWR_BTS:
	case PTWR_BTR:
	case PTWR_BTC:
		execute_bit(insn->kind, e, old, src, insn->size);
		break;
	}
	e->memory &= mask;
}
