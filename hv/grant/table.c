/* SPDX-License-Identifier: MIT */
/*
 * The table itself: its frames, which the guest maps, and how it grows.
 */
#include "table.h"

#include <hv/rr.h>

#define ACTIVE_BYTES (GRANT_PER_FRAME * sizeof(struct grant_active))

int grant_init(struct domain *d, unsigned int max_frames)
{
	d->grant = hv_pages_alloc(sizeof(*d->grant));
	if (d->grant == NULL) {
		return -XEN_ENOMEM;
	}
	d->grant->max_frames = MIN(max_frames, (unsigned int)GRANT_MAX_FRAMES);
	return 0;
}

void grant_destroy(struct domain *d)
{
	struct grant_table *t = d->grant;

	if (t == NULL) {
		return;
	}
	for (unsigned int i = 0; i < GRANT_MAX_FRAMES; i++) {
		hv_pages_free(t->active[i], ACTIVE_BYTES);
	}
	for (unsigned int i = 0; i < HANDLE_PAGES; i++) {
		hv_page_free(t->handles[i]);
	}
	hv_pages_free(t, sizeof(*t));
	d->grant = NULL;
}

static int add_frame(struct domain *d, unsigned int i, u64 gmfn)
{
	struct grant_table *t = d->grant;
	int err = -XEN_ENOMEM;

	t->active[i] = hv_pages_alloc(ACTIVE_BYTES);
	t->shared[i] = hv_page_alloc();
	if (t->active[i] != NULL && t->shared[i] != NULL) {
		err = domain_share_page_as(d, t->shared[i], gmfn);
	} else {
		/* The guest is told, but no trace must hold it (R7). */
		(void)rr_out_of_memory(d, "no memory left for a grant table");
	}
	if (err != 0) {
		hv_pages_free(t->active[i], ACTIVE_BYTES);
		hv_page_free(t->shared[i]);
		t->active[i] = NULL;
		t->shared[i] = NULL;
		return err;
	}
	d->s.grant_gmfn[i] = page_gmfn(va_page(t->shared[i]));
	return 0;
}

int grant_grow(struct domain *d, unsigned int frames)
{
	if (frames > d->grant->max_frames || d->dying) {
		return -XEN_EINVAL;
	}
	while (d->s.grant_frames < frames) {
		int err = add_frame(d, d->s.grant_frames, GMFN_NONE);

		if (err != 0) {
			return err;
		}
		d->s.grant_frames++;
	}
	return 0;
}

int grant_restore(struct domain *d)
{
	if (d->s.grant_frames > d->grant->max_frames) {
		return -XEN_EINVAL;
	}
	for (unsigned int i = 0; i < d->s.grant_frames; i++) {
		int err = d->grant->shared[i] != NULL
		                  ? 0
		                  : add_frame(d, i, d->s.grant_gmfn[i]);

		if (err != 0) {
			return err;
		}
	}
	return 0;
}

void grant_abandon(struct domain *d)
{
	const struct grant_table *t = d->grant;
	unsigned int n = 0;

	while (n < t->max_frames && t->shared[n] != NULL) {
		memset(t->active[n], 0, ACTIVE_BYTES);
		n++;
	}
	d->s.grant_frames = n;
}

void grant_forget(struct domain *d, const void *frame)
{
	struct grant_table *t = d->grant;

	for (unsigned int i = 0; i < GRANT_MAX_FRAMES; i++) {
		if (t->shared[i] != NULL && (void *)t->shared[i] == frame) {
			hv_pages_free(t->active[i], ACTIVE_BYTES);
			t->active[i] = NULL;
			t->shared[i] = NULL;
		}
	}
}

struct page *grant_frame(struct domain *d, unsigned int index)
{
	if (index >= d->grant->max_frames || grant_grow(d, index + 1) != 0) {
		return NULL;
	}
	return va_page(d->grant->shared[index]);
}
