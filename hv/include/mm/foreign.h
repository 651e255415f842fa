/* SPDX-License-Identifier: MIT */
/*
 * Which domain a memory hypercall means, and whether its caller may mean it.
 */
#ifndef MM_FOREIGN_H
#define MM_FOREIGN_H

#include <hv/domain.h>

/** The domain @id, DOMID_SELF included, for @caller. NULL with *err -ESRCH, or
 *  -EPERM for another one when the caller is not privileged. */
struct domain *mm_target(struct domain *caller, domid_t id, int *err);

/** As mm_target(), for the owner of frames that are only to be mapped. Whether
 *  they may be mapped writable, entry_get() decides. */
struct domain *mm_source(struct domain *caller, domid_t id, int *err);
/** A domain that has a frame of @d mapped writable, or NULL. Looks at all page
 *  tables of all others: for the start of a recording. */
struct domain *mm_foreign_writer(const struct domain *d);

#endif
