/* SPDX-License-Identifier: MIT */
/*
 * The end of the machine after a bug of ours, and what helps to find it: a
 * symbolised backtrace and the ring of the last entries into the hypervisor.
 */
#ifndef HV_PANIC_H
#define HV_PANIC_H

#include <arch/regs.h>
#include <hv/domain.h>

/** Panics with the registers of a trap taken in the hypervisor. */
void __noreturn panic_regs(const struct cpu_regs *r, u64 cr2);
/** Notes an entry from guest mode in the ring. */
void entry_ring_add(const struct vcpu *v);
/** Name and offset of the function at @addr, or NULL. */
const char *symbol_find(u64 addr, u64 *offset);

#endif
