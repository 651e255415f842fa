/* SPDX-License-Identifier: MIT */
/*
 * Unpackers of the formats in which kernels are packed. One file each in
 * boot/, around one library each. Input is hostile: each checks all that it
 * reads against @in_size and never writes beyond @out_size.
 */
#ifndef HV_UNPACK_H
#define HV_UNPACK_H

#include <hv/types.h>

/* What an unpacker was stopped by; unpack_error() says it in words. */
enum unpack_result {
	UNPACK_OK,
	UNPACK_TRUNCATED, /* input ends too early */
	UNPACK_CORRUPT,   /* input contradicts itself or its checksum */
	UNPACK_TOO_BIG,   /* more output than announced */
	UNPACK_FEATURE,   /* a valid input that the library cannot unpack */
	UNPACK_MEMORY,
};

/* Fills @out with exactly what the stream at @in holds; *written is how much
 * that was. Bytes after the end of an XZ or zstd stream are ignored. */
typedef enum unpack_result unpack_fn(const u8 *in, size_t in_size, u8 *out,
                                     size_t out_size, size_t *written);
unpack_fn unpack_xz, unpack_lz4, unpack_zstd;

#endif
