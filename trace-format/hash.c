/* SPDX-License-Identifier: MIT */
/*
 * The 128-bit digest: two 64-bit lanes, multiplied and rotated, sixteen bytes a
 * step. It is the public-domain construction known as MurmurHash3 x64 128, with
 * a start value for each lane, so that digests chain. It tells states apart
 * that differ by accident and is no defence against somebody who looks for
 * collisions. Spec: docs/trace-format.md, section 9.
 */
#include "priv.h"

#define C1 0x87c37b91114253d5ull
#define C2 0x4cf5ad432745937full

static inline uint64_t rotate(uint64_t x, unsigned int n)
{
	return (x << n) | (x >> (64 - n));
}

static inline uint64_t mix_low(uint64_t k)
{
	return rotate(k * C1, 31) * C2;
}

static inline uint64_t mix_high(uint64_t k)
{
	return rotate(k * C2, 33) * C1;
}

static uint64_t avalanche(uint64_t k)
{
	k ^= k >> 33;
	k *= 0xff51afd7ed558ccdull;
	k ^= k >> 33;
	k *= 0xc4ceb9fe1a85ec53ull;
	return k ^ (k >> 33);
}

struct tf_hash128 tf_hash(struct tf_hash128 start, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t lo = start.lo;
	uint64_t hi = start.hi;
	uint8_t tail[16] = {0};
	size_t left;

	for (left = len; left >= 16; left -= 16, p += 16) {
		lo = rotate(lo ^ mix_low(tf_load64(p)), 27) + hi;
		lo = lo * 5 + 0x52dce729;
		hi = rotate(hi ^ mix_high(tf_load64(p + 8)), 31) + lo;
		hi = hi * 5 + 0x38495ab5;
	}
	tf_memcpy(tail, p, left);
	lo ^= mix_low(tf_load64(tail));
	hi ^= mix_high(tf_load64(tail + 8));

	lo ^= len;
	hi ^= len;
	lo += hi;
	hi += lo;
	lo = avalanche(lo);
	hi = avalanche(hi);
	lo += hi;
	hi += lo;
	return (struct tf_hash128){lo, hi};
}
