/* SPDX-License-Identifier: MIT */
/*
 * The memory and string functions that the compiler and the linked libraries
 * expect, and a few of our own. The block operations use the CPU's string
 * instructions, and the loops that the compiler would recognise contain a
 * barrier, so that no function is turned into a call of itself.
 */
#include <hv/lib.h>

void *memcpy(void *dst, const void *src, size_t n)
{
	void *d = dst;
	size_t words = n / 8, bytes = n % 8;

	__asm__ volatile("rep movsq"
	                 : "+D"(d), "+S"(src), "+c"(words)
	                 :
	                 : "memory");
	__asm__ volatile("rep movsb"
	                 : "+D"(d), "+S"(src), "+c"(bytes)
	                 :
	                 : "memory");
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;

	if (d <= s || d >= s + n) {
		return memcpy(dst, src, n);
	}
	while (n--) {
		d[n] = s[n];
		barrier();
	}
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	void *d = dst;
	size_t words = n / 8, bytes = n % 8;
	u64 pattern = 0x0101010101010101 * (u8)c;

	__asm__ volatile("rep stosq"
	                 : "+D"(d), "+c"(words)
	                 : "a"(pattern)
	                 : "memory");
	__asm__ volatile("rep stosb"
	                 : "+D"(d), "+c"(bytes)
	                 : "a"(pattern)
	                 : "memory");
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
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
