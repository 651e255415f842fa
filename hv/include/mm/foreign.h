/* SPDX-License-Identifier: MIT */
/*
 * Which domain a memory hypercall means, and whether its caller may mean it.
 */
#ifndef MM_FOREIGN_H
#define MM_FOREIGN_H

#include <hv/domain.h>

/** The domain @id, DOMID_SELF included, for @caller. NULL with *err -ESRCH, for
 *  another one -EPERM when the caller is not privileged, and -EBUSY when that
 *  one is recorded or replayed (R14). */
struct domain *mm_target(struct domain *caller, domid_t id, int *err);

/** A domain that has a frame of @d mapped, or NULL. Looks at all page tables of
 *  all others: for the start of a recording. */
struct domain *mm_foreign_holder(const struct domain *d);

#endif
