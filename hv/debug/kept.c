/* SPDX-License-Identifier: MIT */
/*
 * Contents of frames that checkpoints keep (kept.h).
 */
#include "kept.h"

#include <hv/mm.h>

static bool is_page(kept_t k)
{
	return k != KEPT_LIVE && k != KEPT_ZERO && k != KEPT_ABSENT;
}

static bool all_zero(const void *page)
{
	const u64 *w = page;

	for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*w); i++) {
		if (w[i] != 0) {
			return false;
		}
	}
	return true;
}

bool kept_make(struct checkpoints *cs, const void *page, kept_t *k)
{
	struct page *pg;

	*k = KEPT_ZERO;
	if (all_zero(page)) {
		return true;
	}
	pg = frames_alloc(0);
	if (pg == NULL) {
		return false;
	}
	memcpy(page_va(pg), page, PAGE_SIZE);
	cs->bytes += PAGE_SIZE;
	*k = (kept_t)page_mfn(pg);
	return true;
}

void kept_get(kept_t k)
{
	if (is_page(k)) {
		mfn_page(k)->refs++;
	}
}

void kept_put(struct checkpoints *cs, kept_t k)
{
	if (is_page(k) && --mfn_page(k)->refs == 0) {
		cs->bytes -= PAGE_SIZE;
		frames_free(mfn_page(k), 0);
	}
}

void kept_read(kept_t k, void *page)
{
	if (is_page(k)) {
		memcpy(page, page_va(mfn_page(k)), PAGE_SIZE);
	} else {
		memset(page, 0, PAGE_SIZE);
	}
}

bool kept_equals(kept_t k, const void *page)
{
	return is_page(k) ? memcmp(page_va(mfn_page(k)), page, PAGE_SIZE) == 0
	                  : k == KEPT_ZERO && all_zero(page);
}

static bool any_live(const struct checkpoints *cs, u64 gmfn)
{
	const struct checkpoint *c;

	list_for_each (c, &cs->all, link) {
		if (c->frame[gmfn] == KEPT_LIVE) {
			return true;
		}
	}
	return false;
}

/* All checkpoints that say @from of frame @gmfn say @to. */
static void replace(struct checkpoints *cs, u64 gmfn, kept_t from, kept_t to)
{
	struct checkpoint *c;

	list_for_each (c, &cs->all, link) {
		if (c->frame[gmfn] == from) {
			kept_get(to);
			c->frame[gmfn] = to;
			kept_put(cs, from);
		}
	}
}

/* The guest cannot wait and must not notice: without memory checkpoints go,
 * the newest first. */
static bool forget_one(struct checkpoints *cs)
{
	struct checkpoint *c;

	if (list_empty(&cs->all)) {
		return false;
	}
	c = CONTAINER_OF(cs->all.prev, struct checkpoint, link);
	log_warn("d%u: no memory left: checkpoint %u is dropped", cs->d->id,
	         c->id);
	checkpoint_free(cs, c);
	return true;
}

void kept_first_write(struct page *pg)
{
	struct checkpoints *cs = pg->owner->checkpoints;
	kept_t copy;

	while (any_live(cs, pg->gmfn)) {
		if (kept_make(cs, page_va(pg), &copy)) {
			replace(cs, pg->gmfn, KEPT_LIVE, copy);
			kept_put(cs, copy); /* the maker's */
			return;
		}
		if (!forget_one(cs)) {
			return;
		}
	}
}

u64 kept_frames_need(const struct checkpoints *cs, const struct checkpoint *c)
{
	const struct domain *d = cs->d;
	u64 need = 0, tables = 0;

	for (u64 g = 0; g < d->s.nr_frames; g++) {
		const struct page *pg = d->frames[g];
		kept_t k = c->frame[g];

		tables += pg != NULL && pg->twin != NULL;
		if (pg == NULL) {
			need += k != KEPT_ABSENT;
		} else if (k != KEPT_LIVE && !(pg->flags & PGF_DIRTY)) {
			need++;
		}
	}
	return need + (c->nr_tables > tables ? c->nr_tables - tables : 0);
}

/* What others call live in frame @pg is kept for them before it goes. */
static void keep_for_others(struct page *pg)
{
	if (!(pg->flags & PGF_DIRTY)) {
		kept_first_write(pg);
	}
}

void kept_frames_leave(struct checkpoints *cs, struct checkpoint *c)
{
	struct domain *d = cs->d;

	for (u64 g = 0; g < d->s.nr_frames; g++) {
		struct page *pg = d->frames[g];
		kept_t k = c->frame[g];

		if (pg == NULL || k == KEPT_LIVE) {
			continue;
		}
		keep_for_others(pg);
		if (k == KEPT_ABSENT) {
			domain_frame_discard(pg);
		} else {
			kept_read(k, page_va(pg));
			replace(cs, g, k, KEPT_LIVE);
		}
	}
}

void kept_frames_fill(struct checkpoints *cs, struct checkpoint *c)
{
	struct domain *d = cs->d;

	for (u64 g = 0; g < d->s.nr_frames; g++) {
		kept_t k = c->frame[g];

		if (k != KEPT_LIVE && k != KEPT_ABSENT) {
			kept_read(k, page_va(d->frames[g]));
			replace(cs, g, k, KEPT_LIVE);
		}
	}
}
