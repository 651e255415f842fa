/* SPDX-License-Identifier: MIT */
/*
 * The frame table: one struct page for each frame of RAM.
 *
 * Invariants (checked by mm/audit.c):
 *  - refs > 0 exactly when owner != NULL or the hypervisor holds the frame;
 *  - a frame has one type while type_refs > 0, and changes it only at 0;
 *  - type_refs <= refs: each type reference is held beside a plain one;
 *  - a table type with PGF_VALIDATED holds a reference on all it points to.
 */
#ifndef HV_PAGE_H
#define HV_PAGE_H

#include <arch/layout.h>
#include <hv/list.h>
#include <hv/types.h>

struct domain;

/* Mutually exclusive types; the table levels keep their level as value. */
enum page_type {
	PGT_NONE = 0,
	PGT_L1 = 1,
	PGT_L2 = 2,
	PGT_L3 = 3,
	PGT_L4 = 4,
	PGT_SEGDESC = 5,
	PGT_WRITABLE = 6,
};

#define PGF_ALLOCATED 0x01 /* the owner's allocation reference is held */
#define PGF_VALIDATED 0x02 /* contents were checked for the current type */
#define PGF_PINNED    0x04 /* one type reference belongs to a pin */
#define PGF_PARTIAL   0x08 /* (in)validation was cut at entry `partial` */
#define PGF_SHARED                                                             \
	0x10           /* the hypervisor's, shared with owner (shared_info,    \
	                * grant table): type is PGT_WRITABLE for ever */
#define PGF_DIRTY 0x20 /* traced: written in the current dirty epoch */

struct page {
	u32 refs;
	u32 type_refs;
	u8 type; /* enum page_type */
	u8 flags;
	u16 partial;
	u32 gmfn; /* the owner's number for it; valid while owner != NULL */
	struct domain *owner;
	struct page *twin; /* traced page table: the table the CPU walks */
	struct list link;  /* owner->pages, or the free list */
	u32 order;         /* free list only */
	u32 scratch;       /* the recount's: references found so far */
	u32 scratch_type;
	u32 pad;
};
static_assert(sizeof(struct page) == 64 || sizeof(struct page) == 72,
              "the frame table's size is part of the memory map");

#define frame_table ((struct page *)FRAMES_VIRT)
extern u64 frame_table_end; /* one past the highest frame with a struct page */

static inline u64 page_mfn(const struct page *pg)
{
	return (u64)(pg - frame_table);
}

static inline u64 page_pa(const struct page *pg)
{
	return page_mfn(pg) << PAGE_SHIFT;
}

static inline void *page_va(const struct page *pg)
{
	return pa_to_va(page_pa(pg));
}

static inline struct page *mfn_page(u64 mfn)
{
	return &frame_table[mfn];
}

static inline struct page *va_page(const void *va)
{
	return mfn_page(va_to_pa(va) >> PAGE_SHIFT);
}

#endif
