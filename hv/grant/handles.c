/* SPDX-License-Identifier: MIT */
/*
 * Handles: what a domain names its mappings of others' frames by, and their
 * end with it.
 */
#include "table.h"

#include <hv/errno.h>
#include <hv/rr.h>

/* Handles that one call of grant_release() ends before it is cut. */
#define RELEASE_BATCH 1024

static struct grant_handle *slot(struct grant_table *t, u32 n)
{
	return &t->handles[n / HANDLES_PER_PAGE][n % HANDLES_PER_PAGE];
}

#define NO_MEMORY (-2)

static int take_new(struct grant_table *t)
{
	u32 n = t->nr_handles;

	if (n == MAX_HANDLES) {
		return -1;
	}
	if (t->handles[n / HANDLES_PER_PAGE] == NULL) {
		t->handles[n / HANDLES_PER_PAGE] = hv_page_alloc();
	}
	if (t->handles[n / HANDLES_PER_PAGE] == NULL) {
		return NO_MEMORY;
	}
	t->nr_handles++;
	return (int)n;
}

int handle_alloc(struct domain *d)
{
	struct grant_table *t = d->grant;
	int n;

	spin_lock(&t->lock);
	if (t->first_free != 0) {
		n = (int)t->first_free - 1;
		t->first_free = slot(t, (u32)n)->next_free;
	} else {
		n = take_new(t);
	}
	spin_unlock(&t->lock);
	if (n == NO_MEMORY) {
		/* The guest is told, but no trace must hold it (R7). */
		(void)rr_out_of_memory(d, "no memory left for grant handles");
	}
	return n;
}

struct grant_handle *handle_get(struct domain *d, u32 n)
{
	struct grant_handle *h;

	if (n >= d->grant->nr_handles) {
		return NULL;
	}
	h = slot(d->grant, n);
	return (h->flags & HANDLE_PARTS) ? h : NULL;
}

void handle_free(struct domain *d, u32 n)
{
	struct grant_table *t = d->grant;
	struct grant_handle *h = slot(t, n);

	spin_lock(&t->lock);
	h->flags = 0;
	h->next_free = t->first_free;
	t->first_free = n + 1;
	spin_unlock(&t->lock);
}

struct grant_handle *handle_at(struct domain *d, u32 n)
{
	return slot(d->grant, n);
}

/* The granting domain lives for as long as one of its frames is held. */
void handle_end_parts(const struct grant_handle *h, u16 parts)
{
	for (u16 part = HANDLE_HOST; part <= HANDLE_DEVICE; part <<= 1) {
		struct domain *d = domain_find(h->domid);

		if (parts & part) {
			BUG_ON(d == NULL);
			grant_end(d, h->ref, !(h->flags & HANDLE_READONLY));
		}
	}
}

/* The references of host mappings go with the page tables. */
static void release_handle(struct grant_handle *h)
{
	u16 parts = h->flags & HANDLE_PARTS;

	h->flags &= ~HANDLE_PARTS;
	handle_end_parts(h, parts);
}

static void release_table(struct domain *d)
{
	struct grant_table *t = d->grant;

	for (unsigned int i = 0; i < GRANT_MAX_FRAMES; i++) {
		if (t->shared[i] != NULL) {
			domain_unshare_page(t->shared[i]);
			t->shared[i] = NULL;
		}
	}
}

int grant_release(struct domain *d)
{
	struct grant_table *t = d->grant;

	for (unsigned int i = 0; t->nr_handles > 0; i++) {
		if (i == RELEASE_BATCH) {
			return -XEN_ERESTART;
		}
		t->nr_handles--;
		release_handle(slot(t, t->nr_handles));
	}
	release_table(d);
	return 0;
}
