/* SPDX-License-Identifier: MIT */
/*
 * Grant tables, version 1 (grant_table.h of the ABI).
 *
 * Three things describe a grant in use: the guest's shared entry, which is
 * read once per operation and never trusted again; the active entry, which
 * counts what is in progress and holds a reference on the frame; and, for a
 * mapping, a handle of the domain that made it. They change together, under
 * the granting domain's lock. Invariants:
 *  - the active entry's page is set exactly while its counts are not 0;
 *  - a host mapping's references on the frame belong to the page-table entry,
 *    so whoever clears the entry drops them, and the handle has none;
 *  - counts go down only when a part of a handle is released.
 */
#ifndef HV_GRANT_H
#define HV_GRANT_H

#include <hv/domain.h>

#define GRANT_MAX_FRAMES 32
#define GRANT_PER_FRAME  512

int grant_init(struct domain *d, unsigned int max_frames);
/** Ends the mappings that dying @d has of others' frames, and its own table;
 *  -XEN_ERESTART while there is more. */
int grant_release(struct domain *d);
void grant_destroy(struct domain *d);

/** Makes the table's frames that s names and that are not there: after a state
 *  was loaded. 0, -XEN_EINVAL or -XEN_ENOMEM. */
int grant_restore(struct domain *d);
/** After that failed: the table is that of the frames that are there, and
 *  nobody maps what it grants. */
void grant_abandon(struct domain *d);
/** @frame of @d's table goes, which nobody maps; @d's state is about to be
 *  replaced by one that does not have it. */
void grant_forget(struct domain *d, const void *frame);
/** Frame @index of @d's table, which grows to it; NULL when it may not. */
struct page *grant_frame(struct domain *d, unsigned int index);

/** Compares all counts with the handles of all domains; the number of
 *  differences, each logged. */
unsigned int grant_audit(void);
/** Calls @fn for the frame of each reference that an active entry holds. */
void grant_for_each_held(struct domain *d, void (*fn)(struct page *pg));

#endif
