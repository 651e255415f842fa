/* SPDX-License-Identifier: MIT */
/*
 * Fills a new domain's memory: its frames by pfn, what goes into them, and the
 * page tables that it starts on. Used once, before the domain first runs, so
 * frames are written through the direct map and no reference is held but the
 * owner's.
 */
#ifndef HV_BUILDER_H
#define HV_BUILDER_H

#include <hv/boot_layout.h>
#include <hv/domain.h>
#include <hv/page.h>

struct builder {
	struct domain *d;
	struct boot_layout l;
	u32 *mfns;        /* by pfn; the machine's numbers */
	u64 nr_populated; /* pfns from 0 on that have a frame */
};

/** Takes memory for the builder's own use. 0 or -XEN_ENOMEM, logged. */
int builder_init(struct builder *b, struct domain *d,
                 const struct boot_layout *l);
/** Gives it back; the domain keeps its frames. */
void builder_release(struct builder *b);

/** Gives the domain zeroed frames for all pfns below @end_pfn that have none,
 *  and their M2P entries. 0 or -XEN_ENOMEM, logged. */
int builder_populate(struct builder *b, u64 end_pfn);

static inline struct page *builder_page(const struct builder *b, u64 pfn)
{
	return mfn_page(b->mfns[pfn]);
}

static inline void *builder_va(const struct builder *b, u64 pfn)
{
	return page_va(builder_page(b, pfn));
}

/** Copies @size bytes to @offset bytes from frame 0. All are populated. */
void builder_copy(struct builder *b, u64 offset, const void *src, u64 size);

/** Writes the domain's frame numbers into its list. */
void builder_fill_p2m(struct builder *b);

/** Writes the page tables: the mapping, and the list's own if it is apart.
 *  boot/builder_tables.c */
void builder_fill_tables(struct builder *b);

#endif
