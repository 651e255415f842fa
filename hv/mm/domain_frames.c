/* SPDX-License-Identifier: MIT */
/*
 * The frames of a domain: how it gets them, by which number it knows them, and
 * how they go.
 *
 * An untraced domain knows a frame by its machine frame number. A traced one
 * has numbers of its own, 1 to nr_frames - 1 (0 stays free: the ABI uses it
 * for "none"), given by a rule and kept until the last reference is dropped
 * (R6). Each frame holds a reference on the struct domain.
 */
#include <hv/grant.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/rr.h>
#include <mm/frames.h>
#include <mm/table.h>

#define FIRST_GMFN 1

/* True when @n numbers from @gmfn on are free. */
static bool gmfns_free(const struct domain *d, u64 gmfn, u64 n)
{
	if (gmfn >= d->s.nr_frames || n > d->s.nr_frames - gmfn) {
		return false;
	}
	for (u64 i = 0; i < n; i++) {
		if (d->frames[gmfn + i] != NULL) {
			return false;
		}
	}
	return true;
}

/* The lowest @n free numbers in a row, or GMFN_NONE. */
static u64 gmfn_pick(struct domain *d, u64 n)
{
	u64 run = 0, g = d->gmfn_hint;

	while (g < d->s.nr_frames && d->frames[g] != NULL) {
		g++;
	}
	d->gmfn_hint = g;
	for (; g < d->s.nr_frames; g++) {
		run = d->frames[g] == NULL ? run + 1 : 0;
		if (run == n) {
			return g + 1 - n;
		}
	}
	return GMFN_NONE;
}

static void frame_assign(struct domain *d, struct page *pg, u64 gmfn)
{
	pg->owner = d;
	d->refs++;
	if (d->traced) {
		pg->gmfn = (u32)gmfn;
		d->frames[gmfn] = pg;
	} else {
		pg->gmfn = (u32)page_mfn(pg);
	}
	pg->flags |= PGF_DIRTY;
	d->nr_dirty++;
}

static struct page *frames_give(struct domain *d, unsigned int order, u64 gmfn)
{
	u64 n = 1UL << order;
	struct page *pg;

	if (d->dying || n > d->max_pages || d->nr_pages > d->max_pages - n) {
		return NULL;
	}
	if (d->traced && gmfn == GMFN_NONE) {
		gmfn = gmfn_pick(d, n);
	}
	if (d->traced && !gmfns_free(d, gmfn, n)) {
		return NULL;
	}
	pg = frames_alloc(order);
	if (pg == NULL) {
		/* The guest is told, but no trace must hold it: another machine
		 * has other memory (R7). */
		(void)rr_out_of_memory(d, "no memory left for its frames");
		return NULL;
	}
	for (u64 i = 0; i < n; i++) {
		frame_assign(d, &pg[i], gmfn + i);
		pg[i].flags |= PGF_ALLOCATED;
		list_add_tail(&d->pages, &pg[i].link);
		d->nr_pages++;
	}
	return pg;
}

struct page *domain_frame_alloc(struct domain *d, u64 gmfn)
{
	return frames_give(d, 0, gmfn);
}

struct page *domain_frames_alloc(struct domain *d, unsigned int order)
{
	return frames_give(d, order, GMFN_NONE);
}

int domain_share_page(struct domain *d, void *va)
{
	return domain_share_page_as(d, va, GMFN_NONE);
}

int domain_share_page_as(struct domain *d, void *va, u64 gmfn)
{
	struct page *pg = va_page(va);

	if (d->traced && gmfn == GMFN_NONE) {
		gmfn = gmfn_pick(d, 1);
	}
	if (d->traced && !gmfns_free(d, gmfn, 1)) {
		return -XEN_ENOMEM;
	}
	frame_assign(d, pg, gmfn);
	pg->flags |= PGF_SHARED;
	pg->type = PGT_WRITABLE;
	pg->type_refs = 1;
	return 0;
}

void domain_unshare_page(void *va)
{
	struct page *pg = va_page(va);

	BUG_ON(!(pg->flags & PGF_SHARED));
	pg->flags &= ~PGF_SHARED;
	page_put_and_type(pg);
}

void domain_frame_free(struct page *pg)
{
	struct domain *d = pg->owner;

	BUG_ON(pg->type_refs != 0 || pg->twin != NULL);
	BUG_ON(pg->flags & (PGF_ALLOCATED | PGF_PINNED | PGF_SHARED));
	page_mark_dirty(pg);
	m2p_set(d, pg, ~0UL);
	if (!list_empty(&pg->link)) {
		list_del(&pg->link);
		d->nr_pages--;
	}
	if (d->traced) {
		d->frames[pg->gmfn] = NULL;
		d->gmfn_hint = MIN(d->gmfn_hint, pg->gmfn);
	}
	tlb_flush_stale();
	frames_free(pg, 0);
	domain_put(d);
}

void domain_frame_discard(struct page *pg)
{
	struct domain *d = pg->owner;

	if (pg->twin != NULL) {
		mmu_twin_discard(pg);
	}
	if (!list_empty(&pg->link)) {
		list_del(&pg->link);
		d->nr_pages--;
	}
	d->frames[pg->gmfn] = NULL;
	d->gmfn_hint = MIN(d->gmfn_hint, pg->gmfn);
	grant_forget(d, page_va(pg));
	frames_free(pg, 0);
	domain_put(d);
}

int domain_mm_init(struct domain *d)
{
	list_init(&d->pages);
	d->nr_pages = 0;
	d->s.mm_work = 0;
	d->mmu = d->traced ? &mmu_twin : &mmu_direct;
	if (!d->traced) {
		return 0;
	}
	d->gmfn_hint = FIRST_GMFN;
	d->frames = hv_pages_alloc(d->s.nr_frames * sizeof(*d->frames));
	d->l1_twins = hv_pages_alloc(mmu_twin_bitmap_bytes(d));
	if (d->frames == NULL || d->l1_twins == NULL || m2p_view_init(d) != 0) {
		domain_mm_destroy(d);
		return -XEN_ENOMEM;
	}
	return 0;
}

void domain_mm_destroy(struct domain *d)
{
	if (!d->traced) {
		return;
	}
	hv_pages_free(d->frames, d->s.nr_frames * sizeof(*d->frames));
	d->frames = NULL;
	hv_pages_free(d->l1_twins, mmu_twin_bitmap_bytes(d));
	d->l1_twins = NULL;
	m2p_view_destroy(d);
}
