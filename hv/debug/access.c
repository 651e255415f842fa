/* SPDX-License-Identifier: MIT */
/*
 * Which memory an instruction of 64-bit code accesses: its operand by ModRM,
 * and what it reaches by rsp, rsi, rdi (SDM 2A chapter 2, 2B appendix A). Sizes
 * are exact for what compilers emit and an upper bound otherwise; what is not
 * known at all is said to be everything.
 */
#include "access.h"

#include <pv/cpu_state.h>
#include <xen/xen.h>

u8 decode_byte(struct decoder *d)
{
	if (d->at >= d->n) {
		d->short_of_bytes = true;
		return 0;
	}
	return d->p[d->at++];
}

static s64 displacement(struct decoder *d, unsigned int size)
{
	u32 x = 0;

	for (unsigned int i = 0; i < size; i++) {
		x |= (u32)decode_byte(d) << 8 * i;
	}
	return size == 1 ? (s8)x : (s32)x;
}

u64 decode_register(const struct decoder *d, unsigned int number)
{
	return *insn_register(&d->v->s.regs, number);
}

unsigned int decode_size(const struct decoder *d)
{
	if (d->rex & 8) {
		return 8;
	}
	return d->size16 ? 2 : 4;
}

static bool is_prefix(struct decoder *d, u8 b)
{
	switch (b) {
	case 0x66:
		d->size16 = true;
		return true;
	case 0x67:
		d->address32 = true;
		return true;
	case 0xf2:
		d->repne = true;
		return true;
	case 0xf3:
		d->rep = true;
		return true;
	case 0x64:
	case 0x65:
		d->segment = b;
		return true;
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0xf0:
		return true;
	default:
		return false;
	}
}

/* The opcode byte after all prefixes. */
static u8 opcode(struct decoder *d)
{
	u8 b = decode_byte(d);

	while (is_prefix(d, b) && !d->short_of_bytes) {
		b = decode_byte(d);
	}
	if ((b & 0xf0) == 0x40) {
		d->rex = b;
		b = decode_byte(d);
	}
	return b;
}

u64 decode_segment_base(const struct decoder *d)
{
	struct vcpu *v = d->v;

	switch (d->segment) {
	case 0x64:
		return segment_base_get(v, SEGBASE_FS);
	case 0x65:
		return segment_base_get(v, v->s.kernel_mode ? SEGBASE_GS_KERNEL
		                                            : SEGBASE_GS_USER);
	default:
		return 0;
	}
}

static u64 sib(struct decoder *d, unsigned int mod)
{
	u8 b = decode_byte(d);
	unsigned int index = (b >> 3 & 7) | (d->rex & 2) << 2;
	unsigned int base = (b & 7) | (d->rex & 1) << 3;
	u64 a = index == 4 ? 0 : decode_register(d, index) << (b >> 6);

	if ((b & 7) == 5 && mod == 0) {
		return a + (u64)displacement(d, 4);
	}
	return a + decode_register(d, base);
}

void decode_modrm(struct decoder *d)
{
	unsigned int mod, rm;

	d->modrm = decode_byte(d);
	mod = d->modrm >> 6;
	rm = d->modrm & 7;
	d->memory = mod != 3;
	if (!d->memory) {
		return;
	}
	if (rm == 4) {
		d->ea = sib(d, mod);
	} else if (rm == 5 && mod == 0) {
		d->ea = (u64)displacement(d, 4);
		d->rip_relative = true;
	} else {
		d->ea = decode_register(d, rm | (d->rex & 1) << 3);
	}
	if (mod == 1) {
		d->ea += (u64)displacement(d, 1);
	} else if (mod == 2) {
		d->ea += (u64)displacement(d, 4);
	}
}

u64 decode_linear(const struct decoder *d, u64 offset)
{
	if (d->address32) {
		offset = (u32)offset;
	}
	return offset + decode_segment_base(d);
}

void decode_add(struct decoder *d, u64 address, u32 size, enum use use)
{
	if (use != USE_NONE && size != 0 && d->nr < MAX_ACCESSES) {
		d->out[d->nr++] = (struct access){
			address, size, use == USE_R || use == USE_RW,
			use == USE_W || use == USE_RW};
	}
}

/* The ModRM operand; @immediate bytes follow it, which rip-relative addresses
 * count from behind. */
void decode_operand(struct decoder *d, u32 size, enum use use,
                    unsigned int immediate)
{
	if (!d->memory) {
		return;
	}
	if (d->rip_relative) {
		d->ea += d->v->s.regs.rip + d->at + immediate;
	}
	decode_add(d, decode_linear(d, d->ea), size, use);
}

void decode_push(struct decoder *d, unsigned int size)
{
	decode_add(d, d->v->s.regs.rsp - size, size, USE_W);
}

void decode_pop(struct decoder *d, unsigned int size)
{
	decode_add(d, d->v->s.regs.rsp, size, USE_R);
}

unsigned int access_decode(struct vcpu *v, struct access *a, bool *all)
{
	u8 bytes[INSN_MAX];
	long n = debug_mem_read(v, CHRONO_MEM_ACTIVE, v->s.regs.rip, bytes,
	                        sizeof(bytes));
	struct decoder d = {.v = v, .p = bytes, .out = a};
	bool known;
	u8 op;

	*all = true;
	if (n <= 0 || !selector_is_long(v, v->s.regs.cs)) {
		return 0;
	}
	d.n = (unsigned int)n;
	op = opcode(&d);
	known = op == 0x0f ? decode_two_byte(&d) : decode_one_byte(&d, op);
	*all = !known || d.short_of_bytes;
	return d.nr;
}

int insn_opcode(struct vcpu *v, u8 *modrm, bool *rep)
{
	u8 bytes[INSN_MAX];
	long n = debug_mem_read(v, CHRONO_MEM_ACTIVE, v->s.regs.rip, bytes,
	                        sizeof(bytes));
	struct decoder d = {.v = v, .p = bytes};
	int op;

	if (n <= 0 || !selector_is_long(v, v->s.regs.cs)) {
		return -1;
	}
	d.n = (unsigned int)n;
	op = opcode(&d);
	if (op == 0x0f) {
		op = op << 8 | decode_byte(&d);
	}
	*modrm = decode_byte(&d);
	*rep = d.rep || d.repne;
	return op;
}

bool insn_repeats(struct vcpu *v)
{
	u8 modrm;
	bool rep;
	int op = insn_opcode(v, &modrm, &rep);

	return op >= 0 && rep &&
	       ((op >= 0x6c && op <= 0x6f) || (op >= 0xa4 && op <= 0xa7) ||
	        (op >= 0xaa && op <= 0xaf));
}
