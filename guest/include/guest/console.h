/* SPDX-License-Identifier: MIT */
/*
 * Text output of a guest.
 *
 * Goes to the hypervisor's console through console_io; when that is refused
 * to the domain, to the console ring named by start_info (io/console.h).
 * Needs no initialisation beyond start_info, so it works from the first
 * instruction of C on and inside trap handlers.
 */
#ifndef GUEST_CONSOLE_H
#define GUEST_CONSOLE_H

#include <stdarg.h>

#include <guest/abi.h>

/** Writes @len bytes of @text. Never fails; text nobody takes is dropped. */
void console_write(const char *text, size_t len);

/** Writes @len bytes to the console ring and notifies; 0, or -ENODEV. */
int console_ring_write(const char *text, size_t len);

/**
 * Formats into @buf of @size bytes, always terminated. Knows %s %c %d %u %x
 * %p %%, the l modifier, zero padding and width. Returns the length written.
 */
int format(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int vformat(char *buf, size_t size, const char *fmt, va_list args);

/** Formats at most 255 bytes and writes them. */
void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif /* GUEST_CONSOLE_H */
