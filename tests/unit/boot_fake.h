/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor services that boot code uses, on the host: memory from the C
 * library, counted, and a log that keeps its last line.
 */
#ifndef TESTS_UNIT_BOOT_FAKE_H
#define TESTS_UNIT_BOOT_FAKE_H

#include <stddef.h>

/* Lines logged at LOG_WARN since boot_fake_reset(), and the last of them. */
extern unsigned int boot_fake_lines;
extern char boot_fake_line[512];
/* Bytes that hv_pages_alloc() gave out and did not get back. */
extern size_t boot_fake_bytes;
/* Allocations above this many bytes fail. */
extern size_t boot_fake_limit;

void boot_fake_reset(void);

/** @size zeroed bytes that end where an inaccessible page begins: also code
 *  without sanitizers, such as the libraries', faults right behind them. */
void *boot_fake_alloc(size_t size);
void boot_fake_free(void *p, size_t size);

/** One number of a repeatable sequence. */
unsigned long boot_fake_random(unsigned long *state);

#endif
