/* SPDX-License-Identifier: MIT */
/*
 * See boot_fake.h.
 */
#include "boot_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/userlib.h>

unsigned int boot_fake_lines;
char boot_fake_line[512];
size_t boot_fake_bytes;
size_t boot_fake_limit = SIZE_MAX;

void boot_fake_reset(void)
{
	boot_fake_lines = 0;
	boot_fake_line[0] = '\0';
	boot_fake_limit = SIZE_MAX;
}

unsigned long boot_fake_random(unsigned long *state)
{
	*state += 0x9e3779b97f4a7c15;
	unsigned long z = *state;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

void hv_log(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (level > LOG_WARN) {
		return;
	}
	boot_fake_lines++;
	va_start(ap, fmt);
	(vsnprintf)(boot_fake_line, sizeof(boot_fake_line), fmt, ap);
	va_end(ap);
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	abort();
}

void *boot_fake_alloc(size_t size)
{
	size_t whole = ROUND_UP(size, PAGE_SIZE);
	u8 *p = mmap(NULL, whole + PAGE_SIZE, PROT_READ | PROT_WRITE,
	             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	BUG_ON(p == MAP_FAILED);
	BUG_ON(mprotect(p + whole, PAGE_SIZE, PROT_NONE) != 0);
	return p + whole - size;
}

void boot_fake_free(void *p, size_t size)
{
	size_t whole = ROUND_UP(size, PAGE_SIZE);

	if (p) {
		BUG_ON(munmap((u8 *)p + size - whole, whole + PAGE_SIZE) != 0);
	}
}

void *hv_pages_alloc(size_t bytes)
{
	if (bytes > boot_fake_limit) {
		return NULL;
	}
	boot_fake_bytes += bytes;
	return boot_fake_alloc(bytes);
}

void hv_pages_free(void *va, size_t bytes)
{
	boot_fake_bytes -= bytes;
	boot_fake_free(va, bytes);
}

/* The C library has none. */
void strlcpy(char *dst, const char *src, size_t size)
{
	size_t n = strnlen(src, size - 1);

	memcpy(dst, src, n);
	dst[n] = '\0';
}

/* The C library's own thread block serves on the host. */
u64 userlib_enter(void)
{
	return 0;
}

void userlib_leave(u64 fs_base)
{
	(void)fs_base;
}
