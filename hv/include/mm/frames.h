/* SPDX-License-Identifier: MIT */
/*
 * The inside of the frame allocator and of the hypervisor's own mappings,
 * shared between the files that start them.
 */
#ifndef MM_FRAMES_H
#define MM_FRAMES_H

#include <hv/page.h>

/* The largest free block: 1 GiB. */
#define FRAMES_MAX_ORDER 18

#define SIZE_2M 0x200000UL

/** Empty free lists. */
void frames_lists_init(void);
/** Adds the frames [@start, @end) with unknown contents. */
void frames_add(u64 start_mfn, u64 end_mfn);

/** Memory before the frame table exists: @bytes zeroed, aligned to @align, or
 *  NULL. Physical address 0 is never given. */
void *frames_early_alloc(u64 bytes, u64 align);
/** False until frames_init() is through. */
extern bool frames_ready;

/** Makes the tables below [@va, @va + @bytes), so that hv_map() there needs no
 *  memory later. */
void hv_map_prepare(u64 va, u64 bytes);
/** The largest piece of a hypervisor range that one L2 entry maps. */
void hv_map_2m(u64 va, u64 pa, u64 flags);
/** Lets the L2 entry of @va point to the L1 table at @l1. */
void hv_map_table(u64 va, const u64 *l1, u64 flags);

/** A page that becomes free: back to the allocator, off its owner. */
void domain_frame_free(struct page *pg);

/** Builds the M2P that all untraced domains read; holes read as all-ones. */
void m2p_init(void);
/** True when some RAM lies in [@start, @end), frame numbers. */
bool frames_any_ram(u64 start_mfn, u64 end_mfn);

/** The traced domain's own M2P and the tables that map it. */
int m2p_view_init(struct domain *d);
void m2p_view_destroy(struct domain *d);

#endif
