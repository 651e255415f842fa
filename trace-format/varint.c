/* SPDX-License-Identifier: MIT */
/*
 * Variable-length numbers: seven bits a byte, lowest first, the top bit set on
 * all bytes but the last. A number has exactly one encoding: the shortest.
 * Spec: docs/trace-format.md, section 2.
 */
#include "priv.h"

unsigned int tf_varint_size(uint64_t value)
{
	unsigned int size = 1;

	while (value >= 0x80) {
		value >>= 7;
		size++;
	}
	return size;
}

uint8_t *tf_varint_put(uint8_t *p, uint64_t value)
{
	while (value >= 0x80) {
		*p++ = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	*p++ = (uint8_t)value;
	return p;
}

int tf_varint_get(const uint8_t **p, const uint8_t *end, uint64_t *value)
{
	const uint8_t *q = *p;
	uint64_t sum = 0;
	unsigned int shift;

	for (shift = 0; shift < 64 && q < end; shift += 7) {
		uint8_t byte = *q++;

		sum |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80) {
			continue;
		}
		if ((byte == 0 && shift > 0) || (shift == 63 && byte > 1)) {
			return -TF_EVARINT;
		}
		*p = q;
		*value = sum;
		return 0;
	}
	return -TF_EVARINT;
}
