/* SPDX-License-Identifier: MIT */
/*
 * Decoding of read-modify-write instructions; see mm/ptwr_decode.h. Opcodes
 * are in SDM 2, appendix A.
 */
#include <mm/ptwr_decode.h>

#define REX_W 8
#define REX_R 4

struct cursor {
	const u8 *p;
	unsigned int n, at;
	bool bad; /* ran past the end */
	bool operand16;
	u8 rex;
	u8 modrm;
};

static u8 next(struct cursor *c)
{
	if (c->at >= c->n) {
		c->bad = true;
		return 0;
	}
	return c->p[c->at++];
}

static u64 next_signed(struct cursor *c, unsigned int bytes)
{
	u64 v = 0;

	for (unsigned int i = 0; i < bytes; i++) {
		v |= (u64)next(c) << 8 * i;
	}
	return (u64)((s64)(v << (64 - 8 * bytes)) >> (64 - 8 * bytes));
}

/* Legacy prefixes in any order, then REX right before the opcode. Repeat
 * prefixes mean other instructions; an address-size prefix is harmless. */
static u8 read_prefixes(struct cursor *c)
{
	for (;;) {
		u8 b = next(c);

		switch (b) {
		case 0x66:
			c->operand16 = true;
			break;
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
		case 0x64:
		case 0x65:
		case 0x67:
		case 0xf0:
			break;
		default:
			if ((b & 0xf0) == 0x40) {
				c->rex = b;
				return next(c);
			}
			return b;
		}
		if (c->bad) {
			return 0;
		}
	}
}

/* Skips ModRM, SIB and displacement; false for a register operand. */
static bool read_modrm(struct cursor *c)
{
	u8 mod, rm, base;

	c->modrm = next(c);
	mod = c->modrm >> 6;
	rm = c->modrm & 7;
	if (mod == 3) {
		return false;
	}
	base = rm;
	if (rm == 4) {
		base = next(c) & 7;
	}
	if (mod == 1) {
		c->at += 1;
	} else if (mod == 2 || (mod == 0 && base == 5)) {
		c->at += 4;
	}
	if (c->at > c->n) {
		c->bad = true;
	}
	return true;
}

static void operand_size(const struct cursor *c, struct ptwr_insn *i, bool byte)
{
	if (byte) {
		i->size = 1;
	} else if (c->rex & REX_W) {
		i->size = 8;
	} else {
		i->size = c->operand16 ? 2 : 4;
	}
}

static bool from_register(struct cursor *c, struct ptwr_insn *i)
{
	if (!read_modrm(c)) {
		return false;
	}
	i->from_register = true;
	i->reg = (c->modrm >> 3 & 7) | (c->rex & REX_R ? 8 : 0);
	/* Without REX, byte registers 4 to 7 are ah, ch, dh and bh. */
	if (i->size == 1 && c->rex == 0 && i->reg >= 4) {
		i->reg = 16 + i->reg - 4;
	}
	return true;
}

static u64 size_mask(unsigned int size)
{
	return size == 8 ? ~0UL : (1UL << 8 * size) - 1;
}

static bool from_immediate(struct cursor *c, struct ptwr_insn *i,
                           unsigned int bytes)
{
	i->from_register = false;
	i->immediate = next_signed(c, bytes) & size_mask(i->size);
	return true;
}

static bool arith_kind(unsigned int op, enum ptwr_kind *kind)
{
	switch (op) {
	case 0:
		*kind = PTWR_ADD;
		return true;
	case 1:
		*kind = PTWR_OR;
		return true;
	case 4:
		*kind = PTWR_AND;
		return true;
	case 5:
		*kind = PTWR_SUB;
		return true;
	case 6:
		*kind = PTWR_XOR;
		return true;
	default:
		return false;
	}
}

/* 80, 81, 83: the operation is in ModRM. */
static bool decode_group1(struct cursor *c, struct ptwr_insn *i, u8 op)
{
	operand_size(c, i, op == 0x80);
	if (!read_modrm(c) || !arith_kind(c->modrm >> 3 & 7, &i->kind)) {
		return false;
	}
	return from_immediate(c, i, op == 0x81 ? MIN(i->size, 4u) : 1);
}

static bool decode_one_byte(struct cursor *c, struct ptwr_insn *i, u8 op)
{
	if (op == 0x80 || op == 0x81 || op == 0x83) {
		return decode_group1(c, i, op);
	}
	operand_size(c, i, !(op & 1));
	switch (op) {
	case 0x86:
	case 0x87:
		i->kind = PTWR_XCHG;
		return from_register(c, i);
	case 0x88:
	case 0x89:
		i->kind = PTWR_MOV;
		return from_register(c, i);
	case 0xc6:
	case 0xc7:
		i->kind = PTWR_MOV;
		if (!read_modrm(c) || (c->modrm >> 3 & 7) != 0) {
			return false;
		}
		return from_immediate(c, i, MIN(i->size, 4u));
	default:
		/* 00, 01, 08, 09, ... 31: op r/m, r */
		return op < 0x38 && (op & 6) == 0 &&
		       arith_kind(op >> 3, &i->kind) && from_register(c, i);
	}
}

static bool decode_two_byte(struct cursor *c, struct ptwr_insn *i)
{
	u8 op = next(c);

	operand_size(c, i, op == 0xb0);
	switch (op) {
	case 0xb0:
	case 0xb1:
		i->kind = PTWR_CMPXCHG;
		return from_register(c, i);
	case 0xab:
		i->kind = PTWR_BTS;
		return from_register(c, i);
	case 0xb3:
		i->kind = PTWR_BTR;
		return from_register(c, i);
	case 0xbb:
		i->kind = PTWR_BTC;
		return from_register(c, i);
	case 0xba:
		if (!read_modrm(c) || (c->modrm >> 3 & 7) < 5) {
			return false;
		}
		i->kind = PTWR_BTS + (c->modrm >> 3 & 7) - 5;
		return from_immediate(c, i, 1);
	default:
		return false;
	}
}

bool ptwr_decode(const u8 *bytes, unsigned int n, struct ptwr_insn *insn)
{
	struct cursor c = {.p = bytes, .n = MIN(n, (unsigned int)INSN_MAX)};
	u8 op = read_prefixes(&c);
	bool ok;

	*insn = (struct ptwr_insn){0};
	ok = op == 0x0f ? decode_two_byte(&c, insn)
	                : decode_one_byte(&c, insn, op);
	insn->length = c.at;
	return ok && !c.bad;
}
