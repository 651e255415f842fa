/* SPDX-License-Identifier: MIT */
/*
 * zstd frames (RFC 8878), by libzstd. Only the first frame is read, so that
 * the library's decoders of formats before 1.0 are never reached.
 */
/* gcc's <limits.h> then stands alone, without a C library's. */
#define _LIBC_LIMITS_H_
#include <zstd.h>
#include <zstd_errors.h>

#include <hv/lib.h>
#include <hv/unpack.h>
#include <hv/userlib.h>

static enum unpack_result result_of(size_t ret)
{
	switch (ZSTD_getErrorCode(ret)) {
	case ZSTD_error_no_error:
		return UNPACK_OK;
	case ZSTD_error_srcSize_wrong:
		return UNPACK_TRUNCATED;
	case ZSTD_error_dstSize_tooSmall:
		return UNPACK_TOO_BIG;
	case ZSTD_error_memory_allocation:
	case ZSTD_error_frameParameter_windowTooLarge:
		return UNPACK_MEMORY;
	case ZSTD_error_frameParameter_unsupported:
	case ZSTD_error_dictionary_wrong:
		return UNPACK_FEATURE;
	default:
		return UNPACK_CORRUPT;
	}
}

enum unpack_result unpack_zstd(const u8 *in, size_t in_size, u8 *out,
                               size_t out_size, size_t *written)
{
	u64 fs_base = userlib_enter();
	size_t ret = ZSTD_findFrameCompressedSize(in, in_size);
	enum unpack_result r = result_of(ret);

	if (r == UNPACK_OK) {
		ret = ZSTD_decompress(out, out_size, in, ret);
		r = result_of(ret);
	}
	*written = r == UNPACK_OK ? ret : 0;
	userlib_leave(fs_base);
	return r;
}
