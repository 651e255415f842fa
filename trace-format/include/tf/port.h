/* SPDX-License-Identifier: MIT */
/*
 * The seam between the trace format and the world it is linked into. The
 * library needs these four functions and nothing else: no allocator, no file,
 * no clock. Ring 0 supplies its own, userland takes them from its C library.
 * Sources of the library call the tf_ names alone.
 *
 * The format is little-endian and so are all machines that this project runs
 * on, so numbers are moved with memcpy and never byte by byte.
 */
#ifndef TF_PORT_H
#define TF_PORT_H

#include <stddef.h>
#include <stdint.h>

_Static_assert(
	__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	"the trace format is moved with memcpy on little-endian machines");

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);

static inline void tf_memcpy(void *dst, const void *src, size_t n)
{
	if (n) {
		__builtin_memcpy(dst, src, n);
	}
}

static inline void tf_memset(void *dst, int c, size_t n)
{
	__builtin_memset(dst, c, n);
}

static inline int tf_memcmp(const void *a, const void *b, size_t n)
{
	return memcmp(a, b, n);
}

/**
 * Make every store before it visible before every store after it, to another
 * CPU or process that maps the same window.
 */
static inline void tf_store_barrier(void)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

#endif /* TF_PORT_H */
