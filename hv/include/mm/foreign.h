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

#endif
