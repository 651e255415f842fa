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

enum page_flags {
	PGF_ALLOCATED = 0x001, /* the owner's allocation reference is held */
	PGF_VALIDATED = 0x002, /* contents were checked for the current type */
	PGF_PINNED = 0x004,    /* one type reference belongs to a pin */
	/* Validation was cut: entries below `partial` hold references, and the
	 * table holds a plain and a type reference on itself. */
	PGF_PARTIAL = 0x008,
	/* The hypervisor's, shared with owner (shared_info, grant table): type
	 * is PGT_WRITABLE for ever. */
	PGF_SHARED = 0x010,
	PGF_DIRTY = 0x020, /* traced: written in the current dirty epoch */
	/* Stops being a table: as PGF_PARTIAL, and on owner->s.mm_work. */
	PGF_TEARDOWN = 0x040,
	PGF_FREE = 0x080,       /* first frame of a free block */
	PGF_RAM = 0x100,        /* RAM by the boot memory map; never changes */
	PGF_UNSCRUBBED = 0x200, /* free block with unknown contents */
	PGF_RELEASED = 0x400,   /* its dying owner let go of it */
	/* Traced: owner->digests has the digest of its contents, unless the CPU
	 * has set a dirty bit in a leaf of a twin since. */
	PGF_DIGESTED = 0x800,
};

/* A twin's: which entries referred to its table (mm/table_address.c). */
struct referrers {
	u32 table[2]; /* gmfns */
	u16 slot[2];
	u8 nr;
	bool unknown; /* there were more */
};

struct page {
	u32 refs;
	u32 type_refs;
	u16 flags; /* enum page_flags */
	u16 partial;
	u8 type;  /* enum page_type; the last one while type_refs is 0 */
	u8 order; /* PGF_FREE only */
	u16 pad;
	u32 gmfn;      /* the owner's number; valid while owner != NULL */
	u32 work_next; /* PGF_TEARDOWN: gmfn of the next on mm_work, or 0 */
	u32 scratch;   /* the recount's: references found so far */
	u32 scratch_type;
	struct domain *owner;
	struct page *twin; /* traced page table: the table the CPU walks */
	union {
		struct list link;           /* owner->pages, or the free list */
		struct referrers referrers; /* of a twin, which is on none */
	};
};
static_assert(sizeof(struct page) == 64,
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

/** True while @pg has a page-table type. */
static inline bool page_is_table(const struct page *pg)
{
	return pg->type_refs != 0 && pg->type >= PGT_L1 && pg->type <= PGT_L4;
}

static inline struct page *va_page(const void *va)
{
	return mfn_page(va_to_pa(va) >> PAGE_SHIFT);
}

#endif
