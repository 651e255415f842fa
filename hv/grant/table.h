/* SPDX-License-Identifier: MIT */
/*
 * Grant tables inside hv/grant (grant.h has the rules).
 */
#ifndef HV_GRANT_TABLE_H
#define HV_GRANT_TABLE_H

#include <hv/grant.h>
#include <hv/mm.h>
#include <xen/errno.h>
#include <xen/grant_table.h>

#define HANDLES_PER_PAGE 256
#define HANDLE_PAGES     256
#define MAX_HANDLES      (HANDLES_PER_PAGE * HANDLE_PAGES)

/* What is in progress with one grant: counts of accesses, not of domains. */
struct grant_active {
	struct page *page; /* referenced; NULL when nothing is in progress */
	u32 readers, writers;
	domid_t domid; /* who accesses */
};

/* The parts of a mapping that are still there. */
#define HANDLE_HOST     0x1
#define HANDLE_DEVICE   0x2
#define HANDLE_READONLY 0x4 /* of both */

struct grant_handle {
	u32 ref;
	u32 next_free; /* while free: the next one + 1, or 0 */
	domid_t domid; /* who granted */
	u16 parts;     /* HANDLE_*; 0 when free */
	u32 pad;
};
static_assert(sizeof(struct grant_handle) * HANDLES_PER_PAGE == PAGE_SIZE,
              "handles fill their pages");

struct grant_table {
	struct spinlock lock;
	unsigned int max_frames;
	struct grant_entry_v1 *shared[GRANT_MAX_FRAMES];
	struct grant_active *active[GRANT_MAX_FRAMES];
	struct grant_handle *handles[HANDLE_PAGES];
	u32 nr_handles; /* that ever were; free ones included */
	u32 first_free; /* + 1, or 0 */
};

/** The domain that an operation names, for @caller; NULL and *status. */
struct domain *grant_domain(struct domain *caller, domid_t id, s16 *status);
/** Makes the table at least @frames long. 0, -XEN_EINVAL, -XEN_ENOMEM. */
int grant_grow(struct domain *d, unsigned int frames);

#endif
