/* SPDX-License-Identifier: MIT */
/*
 * The shape of a zstd frame (RFC 8878, 3.1.1), walked without decompressing it.
 * A payload reaches a decompressor only after it was found to be one frame,
 * whole and alone, that declares the size which its chunk declares and asks for
 * no more memory than a chunk may.
 */
#include "priv.h"

#define DESCRIPTOR_CHECKSUM 0x04u
#define DESCRIPTOR_RESERVED 0x08u
#define DESCRIPTOR_SINGLE   0x20u
#define WINDOW_LOG_MAX      20u
#define BLOCK_MAX           (128u << 10)
#define CHECKSUM_LEN        4u

enum block_type { BLOCK_RAW, BLOCK_RLE, BLOCK_COMPRESSED, BLOCK_RESERVED };

/* Bytes of the content size field, by the descriptor's two top bits. */
static unsigned int size_field_len(uint8_t descriptor)
{
	unsigned int code = descriptor >> 6;

	if (code == 0) {
		return descriptor & DESCRIPTOR_SINGLE ? 1 : 0;
	}
	return 1u << code;
}

static uint64_t content_size(const uint8_t *p, unsigned int len)
{
	uint64_t value = 0;

	tf_memcpy(&value, p, len);
	return len == 2 ? value + 256 : value;
}

/* Length of the frame's header, or 0 if it is not one that we take. */
static size_t check_header(const uint8_t *p, size_t len, uint32_t raw_len)
{
	size_t at = 5;
	unsigned int field;
	uint8_t descriptor;

	if (len < at || tf_load32(p) != TF_ZSTD_FRAME) {
		return 0;
	}
	descriptor = p[4];
	field = size_field_len(descriptor);
	if (!(descriptor & DESCRIPTOR_CHECKSUM) || (descriptor & 3) ||
	    (descriptor & DESCRIPTOR_RESERVED) || field == 0) {
		return 0;
	}
	if (!(descriptor & DESCRIPTOR_SINGLE)) {
		if (len < at + 1 || 10u + (p[at] >> 3) > WINDOW_LOG_MAX ||
		    (10u + (p[at] >> 3) == WINDOW_LOG_MAX && (p[at] & 7))) {
			return 0;
		}
		at++;
	}
	if (len < at + field || content_size(p + at, field) != raw_len) {
		return 0;
	}
	return at + field;
}

int tf_frame_check(const void *data, size_t len, uint32_t raw_len)
{
	const uint8_t *p = data;
	size_t at = check_header(p, len, raw_len);
	bool last = at == 0;

	if (last) {
		return -TF_EFRAME;
	}
	while (!last) {
		uint32_t header = 0;
		uint32_t size;

		if (len - at < 3) {
			return -TF_EFRAME;
		}
		tf_memcpy(&header, p + at, 3);
		last = header & 1;
		size = header >> 3;
		at += 3;
		if (((header >> 1) & 3) == BLOCK_RESERVED || size > BLOCK_MAX) {
			return -TF_EFRAME;
		}
		if (((header >> 1) & 3) == BLOCK_RLE) {
			size = 1;
		}
		if (size > len - at) {
			return -TF_EFRAME;
		}
		at += size;
	}
	return len - at == CHECKSUM_LEN ? 0 : -TF_EFRAME;
}
