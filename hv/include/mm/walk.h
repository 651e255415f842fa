/* SPDX-License-Identifier: MIT */
/*
 * The software walk from a given root, and the judgement of an access by it.
 */
#ifndef MM_WALK_H
#define MM_WALK_H

#include <mm/table.h>

/** As guest_walk(), from @root (NULL: nothing is mapped). */
bool walk_root(struct domain *d, struct page *root, u64 va, struct walk *w);

/** Carries out the write to a page table for which the guest kernel faulted at
 *  @va, mapped read-only by @w. FAULT_EMULATED, FAULT_BOUNCE when it is no
 *  such write, or FAULT_RESOLVED to let the instruction fault again. */
int ptwr_emulate(struct vcpu *v, u64 va, const struct walk *w);

#endif
