/* SPDX-License-Identifier: MIT */
/*
 * The decoder of privileged instructions: prefixes, opcode, and as much of
 * the operands as those instructions have. Knows nothing of vCPUs.
 */
#include <pv/decode.h>

#include <hv/lib.h>

struct cursor {
	const u8 *bytes;
	unsigned int size, at;
	bool overrun;
};

struct prefixes {
	bool lock, operand16;
	u8 rex;
};

#define REX_R 4
#define REX_B 1

static u8 take(struct cursor *c)
{
	if (c->at >= c->size) {
		c->overrun = true;
		return 0;
	}
	return c->bytes[c->at++];
}

/* Notes prefix @byte; false when it is none. */
static bool note_prefix(u8 byte, struct prefixes *p, struct insn *in)
{
	switch (byte) {
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
		return true;
	case 0x64:
		in->segment = INSN_SEG_FS;
		return true;
	case 0x65:
		in->segment = INSN_SEG_GS;
		return true;
	case 0x66:
		p->operand16 = true;
		return true;
	case 0x67:
		in->address32 = true;
		return true;
	case 0xf0:
		p->lock = true;
		return true;
	case 0xf2:
	case 0xf3:
		in->rep = true;
		return true;
	default:
		return false;
	}
}

/* Reads prefixes and returns the first opcode byte. A REX prefix counts only
 * directly before the opcode. */
static u8 take_prefixes(struct cursor *c, bool long_mode, struct prefixes *p,
                        struct insn *in)
{
	for (;;) {
		u8 byte = take(c);

		if (c->overrun) {
			return 0;
		}
		if (long_mode && (byte & 0xf0) == 0x40) {
			p->rex = byte;
		} else if (note_prefix(byte, p, in)) {
			p->rex = 0;
		} else {
			return byte;
		}
	}
}

/* Control and debug moves: always registers, whatever ModRM's mod says. */
static void take_registers(struct cursor *c, const struct prefixes *p,
                           struct insn *in)
{
	u8 modrm = take(c);

	in->reg = (modrm >> 3 & 7) | (p->rex & REX_R ? 8 : 0);
	in->rm = (modrm & 7) | (p->rex & REX_B ? 8 : 0);
}

static void take_operands(struct cursor *c, const struct prefixes *p,
                          struct insn *in)
{
	u8 modrm;

	switch (in->opcode) {
	case 0xe4 ... 0xe7:
		in->imm8 = take(c);
		break;
	case 0x0f20 ... 0x0f23:
		take_registers(c, p, in);
		break;
	case 0x0f01:
		modrm = take(c);
		if (modrm >= 0xc0) {
			in->opcode = in->opcode << 8 | modrm;
		}
		break;
	}
	if (in->opcode & 1) {
		in->size = p->operand16 ? 2 : 4;
	} else {
		in->size = 1;
	}
}

bool insn_decode(const u8 *bytes, unsigned int size, bool long_mode,
                 struct insn *in)
{
	struct cursor c = {.bytes = bytes, .size = MIN(size, INSN_MAX)};
	struct prefixes p = {0};

	*in = (struct insn){.address32 = !long_mode};
	in->opcode = take_prefixes(&c, long_mode, &p, in);
	if (in->opcode == 0x0f) {
		in->opcode = 0x0f00 | take(&c);
	}
	take_operands(&c, &p, in);
	in->length = (u8)c.at;
	return !c.overrun && !p.lock;
}

int insn_decode_int(const u8 *bytes, unsigned int size)
{
	return size >= 2 && bytes[0] == 0xcd ? bytes[1] : -1;
}

unsigned int insn_decode_forced_cpuid(const u8 *bytes, unsigned int size)
{
	static const u8 form[] = {0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2};

	if (size < sizeof(form) || memcmp(bytes, form, sizeof(form)) != 0) {
		return 0;
	}
	return sizeof(form);
}
