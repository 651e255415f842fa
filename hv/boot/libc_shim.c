/* SPDX-License-Identifier: MIT */
/*
 * malloc(), calloc() and free() for the linked libraries (docs/decisions/
 * userland-libraries.md). Each block is whole pages of its own: the libraries
 * ask for few and large ones. A block starts with its size, in 16 bytes so
 * that what follows is aligned as the ABI demands.
 *
 * Also zstd's tracing hooks. The library calls them through weak references,
 * which a linker cannot leave at 0 in an image that lies beyond 2 GiB.
 */
#include <hv/mm.h>

#define HEADER_SIZE 16

__linked void *malloc(size_t size);
__linked void *calloc(size_t count, size_t size);
__linked void free(void *p);

/* zstd_trace.h, which Debian does not install. */
__linked u64 ZSTD_trace_compress_begin(const void *ctx);
__linked u64 ZSTD_trace_decompress_begin(const void *ctx);
__linked void ZSTD_trace_compress_end(u64 id, const void *trace);
__linked void ZSTD_trace_decompress_end(u64 id, const void *trace);

void *malloc(size_t size)
{
	u8 *block;

	if (size > SIZE_MAX - HEADER_SIZE - PAGE_SIZE) {
		return NULL;
	}
	block = hv_pages_alloc(size + HEADER_SIZE);
	if (!block) {
		return NULL;
	}
	*(size_t *)(void *)block = size;
	return block + HEADER_SIZE;
}

void *calloc(size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		return NULL;
	}
	return malloc(bytes); /* hv_pages_alloc() gives zeroed memory */
}

void free(void *p)
{
	u8 *block;

	if (p == NULL) {
		return;
	}
	block = (u8 *)p - HEADER_SIZE;
	hv_pages_free(block, *(size_t *)(void *)block + HEADER_SIZE);
}

/* An id of 0 says: do not trace, so that the ends are never called. */
u64 ZSTD_trace_compress_begin(const void *ctx)
{
	(void)ctx;
	return 0;
}

u64 ZSTD_trace_decompress_begin(const void *ctx)
{
	(void)ctx;
	return 0;
}

void ZSTD_trace_compress_end(u64 id, const void *trace)
{
	(void)id;
	(void)trace;
}

void ZSTD_trace_decompress_end(u64 id, const void *trace)
{
	(void)id;
	(void)trace;
}
