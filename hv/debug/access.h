/* SPDX-License-Identifier: MIT */
/*
 * The decoder of memory accesses: what its files share. Bytes are taken one by
 * one; beyond the end they read as 0 and `short_of_bytes` says so.
 */
#ifndef HV_DEBUG_ACCESS_H
#define HV_DEBUG_ACCESS_H

#include "priv.h"

#include <pv/emul.h>

/* How an operand is used. */
enum use { USE_NONE, USE_R, USE_W, USE_RW };

struct decoder {
	struct vcpu *v;
	const u8 *p;
	unsigned int n, at;
	u8 rex, segment; /* segment: 0x64, 0x65 or 0 */
	bool size16, address32, rep, repne;
	bool short_of_bytes;
	u8 modrm;
	u64 ea;
	bool memory, rip_relative;
	struct access *out;
	unsigned int nr;
};

u8 decode_byte(struct decoder *d);
/** Reads ModRM and what belongs to it. */
void decode_modrm(struct decoder *d);
/** Bytes of an operand by REX.W and the operand size prefix. */
unsigned int decode_size(const struct decoder *d);
u64 decode_register(const struct decoder *d, unsigned int number);
u64 decode_segment_base(const struct decoder *d);
/** The address that @offset in the operand's segment is. */
u64 decode_linear(const struct decoder *d, u64 offset);

/** Adds an access to the result. */
void decode_add(struct decoder *d, u64 address, u32 size, enum use use);
/** Adds the ModRM operand, if it is in memory. @immediate bytes follow it: what
 *  is relative to rip counts from behind them. */
void decode_operand(struct decoder *d, u32 size, enum use use,
                    unsigned int immediate);
void decode_push(struct decoder *d, unsigned int size);
void decode_pop(struct decoder *d, unsigned int size);

/** False when the instruction is not known. */
bool decode_one_byte(struct decoder *d, u8 op);
bool decode_two_byte(struct decoder *d);

#endif
