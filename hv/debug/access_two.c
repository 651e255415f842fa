/* SPDX-License-Identifier: MIT */
/*
 * Instructions whose opcode begins with 0f (access.h).
 */
#include "access.h"

#define SIZE_FXSAVE 512
#define SIZE_SSE    16

/* bt, bts, btr, btc with the bit's number in a register, which reaches beyond
 * the operand. */
static void bit_string(struct decoder *d, enum use use)
{
	u32 size = decode_size(d);
	s64 bit = (s64)decode_register(d, (d->modrm >> 3 & 7) | (d->rex & 4)
	                                                                << 1);

	if (size == 4) {
		bit = (s32)bit;
	} else if (size == 2) {
		bit = (s16)bit;
	}
	d->ea += (u64)(bit >> (size == 8 ? 6 : size == 4 ? 5 : 4)) * size;
	decode_operand(d, size, use, 0);
}

/* SSE operands: 16 bytes, or a scalar's by the mandatory prefix. */
static u32 sse_size(const struct decoder *d)
{
	if (d->rep) {
		return 4;
	}
	return d->repne ? 8 : SIZE_SSE;
}

static void group15(struct decoder *d)
{
	switch (d->modrm >> 3 & 7) {
	case 0:
		decode_operand(d, SIZE_FXSAVE, USE_W, 0);
		return;
	case 1:
		decode_operand(d, SIZE_FXSAVE, USE_R, 0);
		return;
	case 2:
		decode_operand(d, 4, USE_R, 0);
		return;
	case 3:
		decode_operand(d, 4, USE_W, 0);
		return;
	default:
		return; /* fences, clflush; no XSAVE is offered */
	}
}

static bool has_no_operand(u8 op)
{
	switch (op) {
	case 0x05 ... 0x0b:
	case 0x0e:
	case 0x20 ... 0x23:
	case 0x30 ... 0x37:
	case 0x77:
	case 0x80 ... 0x8f:
	case 0xa2:
	case 0xaa:
	case 0xc8 ... 0xcf:
		return true;
	default:
		return false;
	}
}

/* Integer instructions of the map 0f that read; false when @op is none. */
static bool integer_read(struct decoder *d, u8 op)
{
	u32 size = decode_size(d);

	switch (op) {
	case 0x02:
	case 0x03:
		decode_operand(d, 2, USE_R, 0);
		return true;
	case 0x0d:
	case 0x18 ... 0x1f: /* prefetch, nop */
		return true;
	case 0x40 ... 0x4f:
	case 0xaf:
	case 0xb8:
	case 0xbc:
	case 0xbd:
		decode_operand(d, size, USE_R, 0);
		return true;
	case 0xa3:
		bit_string(d, USE_R);
		return true;
	case 0xb2:
	case 0xb4:
	case 0xb5:
		decode_operand(d, size + 2, USE_R, 0);
		return true;
	case 0xb6:
	case 0xb7:
	case 0xbe:
	case 0xbf:
		decode_operand(d, op & 1 ? 2 : 1, USE_R, 0);
		return true;
	default:
		return false;
	}
}

/* ... and those that write. */
static bool integer_write(struct decoder *d, u8 op)
{
	u32 size = decode_size(d);

	switch (op) {
	case 0x90 ... 0x9f:
		decode_operand(d, 1, USE_W, 0);
		return true;
	case 0xab:
	case 0xb3:
	case 0xbb:
		bit_string(d, USE_RW);
		return true;
	case 0xa4:
	case 0xac:
	case 0xba:
		decode_operand(d, size,
		               op == 0xba && (d->modrm >> 3 & 7) == 4 ? USE_R
		                                                      : USE_RW,
		               1);
		return true;
	case 0xa5:
	case 0xad:
	case 0xb1:
	case 0xc1:
		decode_operand(d, size, USE_RW, 0);
		return true;
	case 0xb0:
	case 0xc0:
		decode_operand(d, 1, USE_RW, 0);
		return true;
	case 0xc3:
		decode_operand(d, size, USE_W, 0);
		return true;
	case 0xc7:
		decode_operand(d, d->rex & 8 ? 16 : 8, USE_RW, 0);
		return true;
	case 0xae:
		group15(d);
		return true;
	default:
		return false;
	}
}

static void sse(struct decoder *d, u8 op)
{
	switch (op) {
	case 0x11:
		decode_operand(d, sse_size(d), USE_W, 0);
		return;
	case 0x12:
	case 0x16:
		decode_operand(d, d->rep ? SIZE_SSE : 8, USE_R, 0);
		return;
	case 0x13:
	case 0x17:
		decode_operand(d, 8, USE_W, 0);
		return;
	case 0x29:
	case 0x2b:
	case 0x7f:
	case 0xe7:
		decode_operand(d, SIZE_SSE, USE_W, 0);
		return;
	case 0x6e:
		decode_operand(d, d->rex & 8 ? 8 : 4, USE_R, 0);
		return;
	case 0x7e:
		if (d->rep) {
			decode_operand(d, 8, USE_R, 0);
		} else {
			decode_operand(d, d->rex & 8 ? 8 : 4, USE_W, 0);
		}
		return;
	case 0xd6:
		decode_operand(d, 8, USE_W, 0);
		return;
	case 0x2a:
	case 0x2c ... 0x2d:
		decode_operand(d, 8, USE_R, 0);
		return;
	case 0x2e:
	case 0x2f:
		decode_operand(d, d->size16 ? 8 : 4, USE_R, 0);
		return;
	case 0x10:
	case 0x51 ... 0x5f:
		decode_operand(d, sse_size(d), USE_R, 0);
		return;
	case 0x70:
	case 0xc2:
	case 0xc4:
	case 0xc6:
		decode_operand(d, SIZE_SSE, USE_R, 1);
		return;
	default:
		decode_operand(d, SIZE_SSE, USE_R, 0);
		return;
	}
}

bool decode_two_byte(struct decoder *d)
{
	u8 op = decode_byte(d);

	if (op == 0xa0 || op == 0xa8) {
		decode_push(d, 8);
		return true;
	}
	if (op == 0xa1 || op == 0xa9) {
		decode_pop(d, 8);
		return true;
	}
	if (has_no_operand(op)) {
		return true;
	}
	if (op == 0x38 || op == 0x3a) {
		bool immediate = op == 0x3a;

		op = decode_byte(d);
		decode_modrm(d);
		decode_operand(d, SIZE_SSE,
		               !immediate && (op == 0xf0 || op == 0xf1) ? USE_RW
		                                                        : USE_R,
		               immediate);
		return true;
	}
	decode_modrm(d);
	if (op == 0xf7 && !d->memory) {
		decode_add(d, decode_register(d, 7), SIZE_SSE, USE_W);
	}
	if (op <= 0x01 || !d->memory) {
		return true;
	}
	if (!integer_read(d, op) && !integer_write(d, op)) {
		sse(d, op);
	}
	return true;
}
