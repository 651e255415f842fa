/* SPDX-License-Identifier: MIT */
/*
 * The memory and string functions that the compiler and the linked libraries
 * expect, and a few of our own. The loops that the compiler would recognise
 * contain a barrier, so that no function is turned into a call of itself.
 */
#include <hv/lib.h>

#undef memcpy
#undef memset

/* Eight words at a time: an emulated CPU takes a string instruction apart into
 * its iterations, at ten times the cost of a move. */
#define BLOCK_WORDS 8

struct block {
	u64 word[BLOCK_WORDS];
} __attribute__((packed, aligned(1), may_alias));
typedef u64 unaligned_u64 __attribute__((aligned(1), may_alias));

/* The last bytes, fewer than a word, of a copy of @n bytes in all. They may be
 * moved twice. */
static void copy_tail(u8 *d, const u8 *s, size_t left, size_t n)
{
	if (left != 0 && n >= sizeof(u64)) {
		d -= sizeof(u64) - left;
		s -= sizeof(u64) - left;
		*(unaligned_u64 *)d = *(const unaligned_u64 *)s;
		return;
	}
	while (left--) {
		*d++ = *s++;
		barrier();
	}
}

__linked void *memcpy(void *dst, const void *src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;
	size_t left = n;

	for (; left >= sizeof(struct block); left -= sizeof(struct block)) {
		*(struct block *)d = *(const struct block *)s;
		d += sizeof(struct block);
		s += sizeof(struct block);
		barrier();
	}
	for (; left >= sizeof(u64); left -= sizeof(u64)) {
		*(unaligned_u64 *)d = *(const unaligned_u64 *)s;
		d += sizeof(u64);
		s += sizeof(u64);
		barrier();
	}
	copy_tail(d, s, left, n);
	return dst;
}

__linked void *memmove(void *dst, const void *src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;

	if (d >= s + n || s >= d + n) {
		return memcpy(dst, src, n);
	}
	for (size_t i = 0; d < s && i < n; i++) {
		d[i] = s[i];
		barrier();
	}
	while (d > s && n--) {
		d[n] = s[n];
		barrier();
	}
	return dst;
}

__linked void *memset(void *dst, int c, size_t n)
{
	u64 pattern = 0x0101010101010101 * (u8)c;
	u8 *d = dst;

	for (; n >= sizeof(struct block); n -= sizeof(struct block)) {
		*(struct block *)d =
			(struct block){{pattern, pattern, pattern, pattern,
		                        pattern, pattern, pattern, pattern}};
		d += sizeof(struct block);
		barrier();
	}
	for (; n >= sizeof(u64); n -= sizeof(u64)) {
		*(unaligned_u64 *)d = pattern;
		d += sizeof(u64);
		barrier();
	}
	while (n--) {
		*d++ = (u8)c;
		barrier();
	}
	return dst;
}

__linked int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;

	for (size_t i = 0; i < n; i++) {
		if (x[i] != y[i]) {
			return x[i] < y[i] ? -1 : 1;
		}
	}
	return 0;
}

size_t strlen(const char *s)
{
	const char *end = s;

	while (*end) {
		end++;
		barrier();
	}
	return (size_t)(end - s);
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n]) {
		n++;
	}
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (a[i] != b[i] || !a[i]) {
			return (u8)a[i] - (u8)b[i];
		}
	}
	return 0;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c) {
			return (char *)(uintptr_t)s;
		}
		if (!*s) {
			return NULL;
		}
	}
}

char *strstr(const char *hay, const char *needle)
{
	size_t n = strlen(needle);

	for (;; hay++) {
		if (strncmp(hay, needle, n) == 0) {
			return (char *)(uintptr_t)hay;
		}
		if (!*hay) {
			return NULL;
		}
	}
}

void strlcpy(char *dst, const char *src, size_t size)
{
	size_t n;

	if (size == 0) {
		return;
	}
	n = strnlen(src, size - 1);
	memcpy(dst, src, n);
	dst[n] = 0;
}
