/* SPDX-License-Identifier: MIT */
/*
 * See boot_fake.h.
 */
#include "boot_fake.h"

#include <stdio.h>
#include <stdlib.h>

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

/* Exactly the size asked for, so that the sanitizer sees each byte beyond. */
void *hv_pages_alloc(size_t bytes)
{
	if (bytes > boot_fake_limit) {
		return NULL;
	}
	boot_fake_bytes += bytes;
	return calloc(1, bytes);
}

void hv_pages_free(void *va, size_t bytes)
{
	boot_fake_bytes -= bytes;
	free(va);
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
