/* SPDX-License-Identifier: MIT */
/*
 * The memory of checkpoints: contents of frames, and bytes of state, kept in
 * pages that checkpoints share.
 *
 * For each frame a checkpoint says that it was as the domain's frame is now
 * (KEPT_LIVE), not there, all zero, or in a page that was copied. The copy is
 * made before the first write to a frame that any checkpoint calls live; the
 * frame's PGF_DIRTY is clear as long as one may. So keeping a moment costs
 * nothing per frame, and what it costs later are the frames that change.
 */
#ifndef HV_DEBUG_KEPT_H
#define HV_DEBUG_KEPT_H

#include "priv.h"

#include <hv/page.h>

#define KEPT_LIVE   0u
#define KEPT_ZERO   (~0u)
#define KEPT_ABSENT (~0u - 1)

/* One of the domain's frames in a checkpoint, or a page of its state: one of
 * the above, or the machine frame number of a page that holds it. */
typedef u32 kept_t;

struct checkpoint {
	struct list link; /* oldest first */
	u32 id;
	kept_t *frame; /* by gmfn */
	kept_t *piece; /* of the saved state */
	unsigned int nr_pieces;
	u64 nr_tables; /* that had twins */
	/* What state_save() leaves out. */
	u64 records_done;
	u64 insns;
	bool deliver;
	u64 nr_entries;
	struct debug_cpu cpu;
};

struct checkpoints {
	struct domain *d;
	struct list all;
	unsigned int nr;
	u32 last_id;
	u64 bytes; /* in pages that hold contents and state */
};

/** A page with the contents of @page (PAGE_SIZE bytes), or KEPT_ZERO. False
 *  without memory. */
bool kept_make(struct checkpoints *cs, const void *page, kept_t *k);
void kept_get(kept_t k);
void kept_put(struct checkpoints *cs, kept_t k);
void kept_read(kept_t k, void *page);
bool kept_equals(kept_t k, const void *page);

/** The domain's first_write. */
void kept_first_write(struct page *pg);
/** Makes all frames of the domain those of @c; its metadata is @c's already
 *  for frames that were absent. */
void kept_frames_leave(struct checkpoints *cs, struct checkpoint *c);
void kept_frames_fill(struct checkpoints *cs, struct checkpoint *c);
/** Free pages that going to @c may take. */
u64 kept_frames_need(const struct checkpoints *cs, const struct checkpoint *c);

/** Forgets @c. */
void checkpoint_free(struct checkpoints *cs, struct checkpoint *c);

#endif
