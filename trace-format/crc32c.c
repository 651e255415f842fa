/* SPDX-License-Identifier: MIT */
/*
 * crc32c: polynomial 0x1EDC6F41 reflected, start and final value inverted. Four
 * bytes a step, by tables. An entry of a table is linear in the bits of its
 * index, so each table is spelled as the eight entries of single bits and the
 * preprocessor makes the other 248.
 */
#include "priv.h"

#define BIT(i, n, v) ((((i) >> (n)) & 1u) * (v))
#define MIX(i, a, b, c, d, e, f, g, h)                                         \
	(BIT(i, 0, a) ^ BIT(i, 1, b) ^ BIT(i, 2, c) ^ BIT(i, 3, d) ^           \
	 BIT(i, 4, e) ^ BIT(i, 5, f) ^ BIT(i, 6, g) ^ BIT(i, 7, h))

#define T0(i)                                                                  \
	MIX(i, 0xf26b8303u, 0xe13b70f7u, 0xc79a971fu, 0x8ad958cfu,             \
	    0x105ec76fu, 0x20bd8edeu, 0x417b1dbcu, 0x82f63b78u)
#define T1(i)                                                                  \
	MIX(i, 0x13a29877u, 0x274530eeu, 0x4e8a61dcu, 0x9d14c3b8u,             \
	    0x3fc5f181u, 0x7f8be302u, 0xff17c604u, 0xfbc3faf9u)
#define T2(i)                                                                  \
	MIX(i, 0xa541927eu, 0x4f6f520du, 0x9edea41au, 0x38513ec5u,             \
	    0x70a27d8au, 0xe144fb14u, 0xc76580d9u, 0x8b277743u)
#define T3(i)                                                                  \
	MIX(i, 0xdd45aab8u, 0xbf672381u, 0x7b2231f3u, 0xf64463e6u,             \
	    0xe964b13du, 0xd725148bu, 0xaba65fe7u, 0x52a0c93fu)

#define ROW4(T, i) T(i), T((i) + 1u), T((i) + 2u), T((i) + 3u)
#define ROW16(T, i)                                                            \
	ROW4(T, i), ROW4(T, i + 4u), ROW4(T, i + 8u), ROW4(T, i + 12u)
#define ROW64(T, i)                                                            \
	ROW16(T, i), ROW16(T, i + 16u), ROW16(T, i + 32u), ROW16(T, i + 48u)
#define ROW256(T) ROW64(T, 0u), ROW64(T, 64u), ROW64(T, 128u), ROW64(T, 192u)

static const uint32_t table[4][256] = {
	{ROW256(T0)},
	{ROW256(T1)},
	{ROW256(T2)},
	{ROW256(T3)},
};

uint32_t tf_crc32c(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;

	crc = ~crc;
	for (; len >= 4; len -= 4, p += 4) {
		crc ^= tf_load32(p);
		crc = table[3][crc & 0xff] ^ table[2][(crc >> 8) & 0xff] ^
		      table[1][(crc >> 16) & 0xff] ^ table[0][crc >> 24];
	}
	for (; len; len--, p++) {
		crc = table[0][(crc ^ *p) & 0xff] ^ (crc >> 8);
	}
	return ~crc;
}
