/* SPDX-License-Identifier: MIT */
/*
 * A model of the CPU's address translation on the host: it walks the tables
 * that CR3 points to, keeps every translation in a TLB that forgets nothing
 * until it is told to, and checks at each access what must hold whatever a
 * guest does:
 *  - nothing is written that is a page table or a descriptor table;
 *  - a traced domain's outcome is the one that its own tables say, and the
 *    CPU never has to set an accessed or dirty bit.
 */
#ifndef TESTS_FAKE_MM_CPU_H
#define TESTS_FAKE_MM_CPU_H

#include <hv/mm.h>

enum mm_access {
	MM_DONE,    /* the access happened */
	MM_BOUNCED, /* the guest's page fault */
	MM_EMULATED,
};

/** Forgets all; CR3 on the hypervisor's tables. */
void mm_cpu_reset(void);

/** What the guest does before it runs: pending flushes take place. */
void mm_cpu_enter(struct vcpu *v);

/** The guest reads or writes the word at @va, which is aligned. *error_code is
 *  that of a bounce. */
enum mm_access mm_cpu_access(struct vcpu *v, u64 va, bool write, u64 value,
                             u32 *error_code);

/** Faults that were resolved without the guest. */
extern u64 mm_cpu_resolved;

#endif
