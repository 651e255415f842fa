/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own small library: memory and string functions, formatted
 * output, and the log.
 *
 * Log levels are defined by meaning: ERROR is a bug of ours and never caused
 * by a guest; WARN is an environment problem; INFO is for people. What a guest
 * causes goes through guest_log(), which is limited to ten lines per second
 * and domain.
 */
#ifndef HV_LIB_H
#define HV_LIB_H

#include <stdarg.h>

#include <hv/types.h>

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
/* A freestanding compiler takes them for functions like any other; said so, it
 * makes moves of those of known size. */
#define memcpy(dst, src, n) __builtin_memcpy(dst, src, n)
#define memset(dst, c, n)   __builtin_memset(dst, c, n)
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strstr(const char *hay, const char *needle);
/** Copies at most @size - 1 bytes and always terminates. */
void strlcpy(char *dst, const char *src, size_t size);

/** C99 subset: %c %s %d %i %u %x %X %p %%, l/ll/z/h, width, 0 and - flags. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/** Prints one line (without "\n") to the console, prefixed by "(hv) ". */
void hv_log(enum log_level level, const char *fmt, ...) __printf(2, 3);
extern enum log_level log_level_max;

#define log_error(...) hv_log(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  hv_log(LOG_WARN, __VA_ARGS__)
#define log_info(...)  hv_log(LOG_INFO, __VA_ARGS__)
#define log_debug(...) hv_log(LOG_DEBUG, __VA_ARGS__)

struct domain;
/** One rate-limited line about what guest @d did, prefixed by "(dN) ". */
void guest_log(struct domain *d, const char *fmt, ...) __printf(2, 3);

/** Stops the machine with a message, a backtrace and the last entries. */
void __noreturn panic(const char *fmt, ...) __printf(1, 2);

/* A state that must be impossible whatever guests do: our bug, always on. */
#define BUG_ON(c)                                                              \
	do {                                                                   \
		if (unlikely(c)) {                                             \
			panic("BUG %s:%d: %s", __FILE__, __LINE__, #c);        \
		}                                                              \
	} while (0)
#define ASSERT(c) BUG_ON(!(c))

static inline void bit_set(u64 *map, unsigned int n)
{
	map[n / 64] |= 1UL << (n % 64);
}

static inline void bit_clear(u64 *map, unsigned int n)
{
	map[n / 64] &= ~(1UL << (n % 64));
}

static inline bool bit_test(const u64 *map, unsigned int n)
{
	return map[n / 64] >> (n % 64) & 1;
}

#endif
