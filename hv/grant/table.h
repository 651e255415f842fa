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
	u32 seen_readers, seen_writers; /* the recount's */
	domid_t domid;                  /* who accesses */
};

/* The parts of a mapping that are still there, and what it was made with. */
#define HANDLE_HOST     0x1
#define HANDLE_DEVICE   0x2
#define HANDLE_PARTS    (HANDLE_HOST | HANDLE_DEVICE)
#define HANDLE_READONLY 0x4
#define HANDLE_PTE      0x8 /* GNTMAP_contains_pte */

struct grant_handle {
	u32 ref;
	u32 next_free; /* while free: the next one + 1, or 0 */
	domid_t domid; /* who granted */
	u16 flags;     /* HANDLE_*; no part: free */
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

/* ---- active.c ------------------------------------------------------------ */

/** Active entry of @ref, or NULL when @d's table is shorter. */
struct grant_active *grant_active_get(struct domain *d, u32 ref);
/** Begins one access of @who to grant @ref of @d. GNTST_okay and its frame, or
 *  why not. */
s16 grant_begin(struct domain *d, u32 ref, const struct domain *who, bool write,
                struct page **page);
/** Ends it. */
void grant_end(struct domain *d, u32 ref, bool write);
/** True when @who may not get at @d's frames in this way at all: a session is
 *  attached that would not see it, nor the bits that even reading sets in the
 *  guest's grant entry (R14). */
bool grant_refused(const struct domain *d, const struct domain *who);

/* ---- handles.c ----------------------------------------------------------- */

/** A new handle of @d with no part yet. Its number, or -1 when there are too
 *  many. */
int handle_alloc(struct domain *d);
/** Handle @n of @d if it has parts, or NULL. */
struct grant_handle *handle_get(struct domain *d, u32 n);
/** Handle @n, which handle_alloc() gave. */
struct grant_handle *handle_at(struct domain *d, u32 n);
/** Ends the accesses that @parts of @h stand for. */
void handle_end_parts(const struct grant_handle *h, u16 parts);
void handle_free(struct domain *d, u32 n);

#endif
