/* SPDX-License-Identifier: MIT */
/*
 * Instructions with an opcode of one byte (access.h).
 */
#include "access.h"

#define SIZE_X87_ENV   28
#define SIZE_X87_STATE 108

static u64 string_register(const struct decoder *d, unsigned int number)
{
	return d->address32 ? (u32)decode_register(d, number)
	                    : decode_register(d, number);
}

/* movs, cmps, stos, lods, scas, ins, outs: one iteration. */
static void string_operation(struct decoder *d, u8 op)
{
	u32 size = op & 1 ? decode_size(d) : 1;
	u64 si = string_register(d, 6) + decode_segment_base(d);
	u64 di = string_register(d, 7);

	switch (op & 0xfe) {
	case 0xa4:
		decode_add(d, si, size, USE_R);
		decode_add(d, di, size, USE_W);
		return;
	case 0xa6:
		decode_add(d, si, size, USE_R);
		decode_add(d, di, size, USE_R);
		return;
	case 0xaa:
	case 0x6c:
		decode_add(d, di, size, USE_W);
		return;
	case 0xac:
	case 0x6e:
		decode_add(d, si, size, USE_R);
		return;
	default:
		decode_add(d, di, size, USE_R);
		return;
	}
}

static void x87(struct decoder *d, u8 op)
{
	static const u8 plain[8] = {4, 4, 4, 4, 8, 8, 2, 2};
	unsigned int which = d->modrm >> 3 & 7;
	u32 size = plain[op & 7];

	switch (op) {
	case 0xd9:
		size = which == 4 || which == 6   ? SIZE_X87_ENV
		       : which == 5 || which == 7 ? 2
		                                  : 4;
		break;
	case 0xdb:
		size = which >= 5 ? 10 : 4;
		break;
	case 0xdd:
		size = which == 4 || which == 6 ? SIZE_X87_STATE
		       : which == 7             ? 2
		                                : 8;
		break;
	case 0xdf:
		size = which == 4 || which == 6   ? 10
		       : which == 5 || which == 7 ? 8
		                                  : 2;
		break;
	default:
		break;
	}
	decode_operand(d, size, USE_RW, 0);
}

/* f6, f7: test with an immediate, not, neg, or a factor. */
static void group3(struct decoder *d, u32 size)
{
	unsigned int which = d->modrm >> 3 & 7;

	if (which < 2) {
		decode_operand(d, size, USE_R, size == 8 ? 4 : size);
	} else {
		decode_operand(d, size, which < 4 ? USE_RW : USE_R, 0);
	}
}

static void group5(struct decoder *d)
{
	switch (d->modrm >> 3 & 7) {
	case 0:
	case 1:
		decode_operand(d, decode_size(d), USE_RW, 0);
		return;
	case 2:
		decode_operand(d, 8, USE_R, 0);
		decode_push(d, 8);
		return;
	case 6:
		decode_operand(d, 8, USE_R, 0);
		decode_push(d, d->size16 ? 2 : 8);
		return;
	default:
		decode_operand(d, 16, USE_R, 0);
		decode_push(d, 16);
		return;
	}
}

/* add, or, adc, sbb, and, sub, xor, cmp in their forms 0 to 3. */
static void arithmetic(struct decoder *d, u8 op)
{
	u32 size = op & 1 ? decode_size(d) : 1;
	bool compare = (op & 0xf8) == 0x38;

	if ((op & 7) >= 4) {
		return;
	}
	decode_modrm(d);
	decode_operand(d, size, (op & 2) || compare ? USE_R : USE_RW, 0);
}

static void absolute(struct decoder *d, u8 op)
{
	u64 address = 0;

	for (unsigned int i = 0; i < (d->address32 ? 4u : 8u); i++) {
		address |= (u64)decode_byte(d) << 8 * i;
	}
	decode_add(d, decode_linear(d, address), op & 1 ? decode_size(d) : 1,
	           op & 2 ? USE_W : USE_R);
}

/* 80 to 8f. */
static bool one_byte_8x(struct decoder *d, u8 op)
{
	u32 size = op & 1 ? decode_size(d) : 1;
	bool compare;

	decode_modrm(d);
	compare = (d->modrm >> 3 & 7) == 7;
	switch (op) {
	case 0x80:
	case 0x83:
		decode_operand(d, size, compare ? USE_R : USE_RW, 1);
		return true;
	case 0x81:
		decode_operand(d, size, compare ? USE_R : USE_RW,
		               size == 8 ? 4 : size);
		return true;
	case 0x84:
	case 0x85:
	case 0x8a:
	case 0x8b:
		decode_operand(d, size, USE_R, 0);
		return true;
	case 0x86:
	case 0x87:
		decode_operand(d, size, USE_RW, 0);
		return true;
	case 0x88:
	case 0x89:
		decode_operand(d, size, USE_W, 0);
		return true;
	case 0x8c:
		decode_operand(d, 2, USE_W, 0);
		return true;
	case 0x8d:
		return true;
	case 0x8e:
		decode_operand(d, 2, USE_R, 0);
		return true;
	case 0x8f:
		decode_pop(d, 8);
		decode_operand(d, 8, USE_W, 0);
		return (d->modrm & 7) != 4; /* by rsp: of after the pop */
	default:
		return false;
	}
}

/* c0 to df. */
static bool one_byte_cd(struct decoder *d, u8 op)
{
	u32 size = op & 1 ? decode_size(d) : 1;

	switch (op) {
	case 0xc0:
	case 0xc1:
		decode_modrm(d);
		decode_operand(d, size, USE_RW, 1);
		return true;
	case 0xc2:
	case 0xc3:
		decode_pop(d, 8);
		return true;
	case 0xc6:
		decode_modrm(d);
		decode_operand(d, 1, USE_W, 1);
		return true;
	case 0xc7:
		decode_modrm(d);
		decode_operand(d, size, USE_W, size == 8 ? 4 : size);
		return true;
	case 0xc9:
		decode_add(d, d->v->s.regs.rbp, 8, USE_R);
		return true;
	case 0xcc:
	case 0xcd:
		return true;
	case 0xd0 ... 0xd3:
		decode_modrm(d);
		decode_operand(d, size, USE_RW, 0);
		return true;
	case 0xd8 ... 0xdf:
		decode_modrm(d);
		x87(d, op);
		return true;
	default:
		return false;
	}
}

static bool one_byte_high(struct decoder *d, u8 op)
{
	switch (op) {
	case 0x9c:
	case 0xe8:
		decode_push(d, 8);
		return true;
	case 0x9d:
		decode_pop(d, 8);
		return true;
	case 0x90 ... 0x99:
	case 0x9b:
	case 0x9e:
	case 0x9f:
	case 0xa8:
	case 0xa9:
	case 0xb0 ... 0xbf:
	case 0xe0 ... 0xe7:
	case 0xe9 ... 0xef:
	case 0xf4:
	case 0xf5:
	case 0xf8 ... 0xfd:
		return true;
	case 0xa0 ... 0xa3:
		absolute(d, op);
		return true;
	case 0xa4 ... 0xa7:
	case 0xaa ... 0xaf:
		string_operation(d, op);
		return true;
	case 0xf6:
	case 0xf7:
		decode_modrm(d);
		group3(d, op & 1 ? decode_size(d) : 1);
		return true;
	case 0xfe:
		decode_modrm(d);
		decode_operand(d, 1, USE_RW, 0);
		return true;
	case 0xff:
		decode_modrm(d);
		group5(d);
		return true;
	default:
		return one_byte_cd(d, op);
	}
}

bool decode_one_byte(struct decoder *d, u8 op)
{
	switch (op) {
	case 0x00 ... 0x3f:
		arithmetic(d, op);
		return true;
	case 0x50 ... 0x57:
	case 0x68:
	case 0x6a:
		decode_push(d, d->size16 ? 2 : 8);
		return true;
	case 0x58 ... 0x5f:
		decode_pop(d, d->size16 ? 2 : 8);
		return true;
	case 0x63:
		decode_modrm(d);
		decode_operand(d, 4, USE_R, 0);
		return true;
	case 0x69:
		decode_modrm(d);
		decode_operand(d, decode_size(d), USE_R, d->size16 ? 2 : 4);
		return true;
	case 0x6b:
		decode_modrm(d);
		decode_operand(d, decode_size(d), USE_R, 1);
		return true;
	case 0x6c ... 0x6f:
		string_operation(d, op);
		return true;
	case 0x70 ... 0x7f:
		return true;
	case 0x80 ... 0x8f:
		return one_byte_8x(d, op);
	default:
		return one_byte_high(d, op);
	}
}
