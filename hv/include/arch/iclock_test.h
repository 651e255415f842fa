/* SPDX-License-Identifier: MIT */
/*
 * A piece of ring-3 code under the clock's self-test, run by the very stubs
 * that run guests.
 */
#ifndef ARCH_ICLOCK_TEST_H
#define ARCH_ICLOCK_TEST_H

#include <arch/entry.h>

enum test_exit { TEST_INT3, TEST_SYSCALL };

/** Builds the test's vCPU and page tables; false when memory is short. */
bool iclock_test_begin(void);
/** Gives them back and returns to the hypervisor's own tables. */
void iclock_test_end(void);
/** Runs @nops no-operations and then the exiting instruction; TSC ticks. */
u64 iclock_test_run(enum test_exit code, unsigned int nops);
/** Asks the clock to stop an endless loop after @count instructions; how many
 *  it executed by the clock's own count. */
u64 iclock_test_shot(u64 count);

#endif
