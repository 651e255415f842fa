/* SPDX-License-Identifier: MIT */
/*
 * zstd for sealed chunks (D12): contexts in memory of their own, taken once.
 * The work is done when a chunk closes, on behalf of the recorded domain, and
 * never on the path of a hypercall that seals nothing.
 */
/* gcc's <limits.h> then stands alone, without a C library's. */
#define _LIBC_LIMITS_H_
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#include <rr_hv/codec.h>

#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/userlib.h>

/* The fastest level that still finds matches; traces are full of them. */
#define LEVEL      1
#define WINDOW_LOG 19

static ZSTD_CCtx *cctx;
static ZSTD_DCtx *dctx;

static bool make_compressor(void)
{
	ZSTD_compressionParameters p = ZSTD_getCParams(LEVEL, TF_RAW_MAX, 0);
	size_t size;
	void *mem;

	if (cctx != NULL) {
		return true;
	}
	p.windowLog = WINDOW_LOG;
	size = ZSTD_estimateCCtxSize_usingCParams(p);
	mem = hv_pages_alloc(size);
	cctx = mem == NULL ? NULL : ZSTD_initStaticCCtx(mem, size);
	if (cctx == NULL) {
		return false;
	}
	ZSTD_CCtx_setParameter(cctx, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(cctx, ZSTD_c_windowLog, WINDOW_LOG);
	ZSTD_CCtx_setParameter(cctx, ZSTD_c_checksumFlag, 1);
	ZSTD_CCtx_setParameter(cctx, ZSTD_c_contentSizeFlag, 1);
	return true;
}

static bool make_decompressor(void)
{
	size_t size = ZSTD_estimateDCtxSize();
	void *mem;

	if (dctx != NULL) {
		return true;
	}
	mem = hv_pages_alloc(size);
	dctx = mem == NULL ? NULL : ZSTD_initStaticDCtx(mem, size);
	return dctx != NULL;
}

static s64 compress(void *ctx, void *dst, size_t cap, const void *src,
                    size_t len)
{
	struct userlib_state saved;
	size_t n = 0;
	bool ok;

	(void)ctx;
	userlib_enter_saving(&saved);
	ok = make_compressor();
	if (ok) {
		n = ZSTD_compress2(cctx, dst, cap, src, len);
		ok = !ZSTD_isError(n);
	}
	userlib_leave_restoring(&saved);
	return ok ? (s64)n : -1;
}

static s64 decompress(void *ctx, void *dst, size_t cap, const void *src,
                      size_t len)
{
	struct userlib_state saved;
	size_t n = 0;
	bool ok;

	(void)ctx;
	userlib_enter_saving(&saved);
	ok = make_decompressor();
	if (ok) {
		n = ZSTD_decompressDCtx(dctx, dst, cap, src, len);
		ok = !ZSTD_isError(n);
	}
	userlib_leave_restoring(&saved);
	return ok ? (s64)n : -1;
}

const struct tf_codec zstd_codec = {NULL, compress, decompress};
