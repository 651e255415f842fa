/* SPDX-License-Identifier: MIT */
/*
 * XZ streams, by liblzma: linux-image-amd64's (x86 BCJ filter, LZMA2).
 */
#define LZMA_MANUAL_HEADERS
#include <stddef.h>
#include <stdint.h>

#include <lzma.h>

#include <hv/lib.h>
#include <hv/unpack.h>
#include <hv/userlib.h>

/* Debian's kernels name a dictionary of 32 MiB; xz -9 never exceeds 64. */
#define MEMORY_LIMIT (80UL << 20)

static enum unpack_result result_of(lzma_ret ret, const lzma_stream *s)
{
	switch (ret) {
	case LZMA_STREAM_END:
		return UNPACK_OK;
	case LZMA_OK:
	case LZMA_BUF_ERROR:
		return s->avail_out ? UNPACK_TRUNCATED : UNPACK_TOO_BIG;
	case LZMA_MEM_ERROR:
	case LZMA_MEMLIMIT_ERROR:
		return UNPACK_MEMORY;
	case LZMA_OPTIONS_ERROR:
	case LZMA_UNSUPPORTED_CHECK:
		return UNPACK_FEATURE;
	default:
		return UNPACK_CORRUPT;
	}
}

enum unpack_result unpack_xz(const u8 *in, size_t in_size, u8 *out,
                             size_t out_size, size_t *written)
{
	lzma_stream s = LZMA_STREAM_INIT;
	u64 fs_base = userlib_enter();
	lzma_ret ret = lzma_stream_decoder(&s, MEMORY_LIMIT,
	                                   LZMA_TELL_UNSUPPORTED_CHECK);

	if (ret == LZMA_OK) {
		s.next_in = in;
		s.avail_in = in_size;
		s.next_out = out;
		s.avail_out = out_size;
		ret = lzma_code(&s, LZMA_FINISH);
	}
	*written = s.total_out;
	lzma_end(&s);
	userlib_leave(fs_base);
	return result_of(ret, &s);
}
