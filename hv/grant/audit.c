/* SPDX-License-Identifier: MIT */
/*
 * The recount of grants: every count of an active entry is explained by the
 * handles of all domains. Copies end within their hypercall, so between
 * hypercalls there are no others.
 */
#include "table.h"

#include <hv/lib.h>

#define MAX_LINES 20

static u32 nr_refs(const struct domain *d)
{
	return d->grant != NULL ? d->s.grant_frames * GRANT_PER_FRAME : 0;
}

static void forget(struct domain *d)
{
	for (u32 ref = 0; ref < nr_refs(d); ref++) {
		grant_active_get(d, ref)->seen_readers = 0;
		grant_active_get(d, ref)->seen_writers = 0;
	}
}

static void count_handles(struct domain *d)
{
	for (u32 n = 0; d->grant != NULL && n < d->grant->nr_handles; n++) {
		const struct grant_handle *h = handle_get(d, n);
		struct domain *from = h != NULL ? domain_find(h->domid) : NULL;
		struct grant_active *act =
			from != NULL ? grant_active_get(from, h->ref) : NULL;
		u32 parts;

		if (act == NULL) {
			continue;
		}
		parts = (h->flags & HANDLE_HOST ? 1U : 0U) +
		        (h->flags & HANDLE_DEVICE ? 1U : 0U);
		if (h->flags & HANDLE_READONLY) {
			act->seen_readers += parts;
		} else {
			act->seen_writers += parts;
		}
	}
}

static unsigned int compare(struct domain *d, unsigned int found)
{
	for (u32 ref = 0; ref < nr_refs(d); ref++) {
		const struct grant_active *a = grant_active_get(d, ref);

		if (a->readers == a->seen_readers &&
		    a->writers == a->seen_writers &&
		    (a->page != NULL) == (a->readers + a->writers != 0)) {
			continue;
		}
		if (found++ < MAX_LINES) {
			log_error("grant %u of d%u: %u readers of %u, "
			          "%u writers of %u",
			          ref, d->id, a->readers, a->seen_readers,
			          a->writers, a->seen_writers);
		}
	}
	return found;
}

unsigned int grant_audit(void)
{
	unsigned int found = 0;
	struct domain *d;

	for_each_domain (d) {
		forget(d);
	}
	for_each_domain (d) {
		count_handles(d);
	}
	for_each_domain (d) {
		found = compare(d, found);
	}
	return found;
}

void grant_for_each_held(struct domain *d, void (*fn)(struct page *pg))
{
	for (u32 ref = 0; ref < nr_refs(d); ref++) {
		if (grant_active_get(d, ref)->page != NULL) {
			fn(grant_active_get(d, ref)->page);
		}
	}
}
