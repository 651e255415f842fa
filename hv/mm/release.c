/* SPDX-License-Identifier: MIT */
/*
 * The end of a domain's memory. Its vCPUs and grants have let go of theirs
 * before. Each frame loses its pin, its half-done validation and its
 * allocation; what other domains still map stays until they let go too.
 */
#include <hv/lib.h>
#include <mm/table.h>

static void release_page(struct page *pg)
{
	pg->flags |= PGF_RELEASED;
	if (pg->flags & PGF_PINNED) {
		pg->flags &= ~PGF_PINNED;
		page_put_and_type_later(pg);
	}
	if (pg->flags & PGF_PARTIAL) {
		pg->flags &= ~PGF_PARTIAL;
		mm_work_push(pg, pg->partial);
	}
	if (pg->flags & PGF_ALLOCATED) {
		pg->flags &= ~PGF_ALLOCATED;
		page_put(pg);
	}
}

/* Frames that are dealt with go to the tail, so the first one is not, or none
 * is left. */
static int release_pages(struct domain *d)
{
	while (!list_empty(&d->pages)) {
		struct page *pg =
			CONTAINER_OF(d->pages.next, struct page, link);

		if (pg->flags & PGF_RELEASED) {
			return 0;
		}
		if (!mm_spend()) {
			return -XEN_ERESTART;
		}
		list_del(&pg->link);
		list_add_tail(&d->pages, &pg->link);
		release_page(pg);
		if (mm_work(d) != 0) {
			return -XEN_ERESTART;
		}
	}
	return 0;
}

int domain_mm_release(struct domain *d)
{
	int err = mm_begin(d);

	return err == 0 ? release_pages(d) : err;
}
