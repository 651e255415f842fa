/* SPDX-License-Identifier: MIT */
/*
 * See mm/foreign.h.
 */
#include <hv/rr.h>
#include <mm/foreign.h>
#include <mm/table.h>

struct domain *mm_target(struct domain *caller, domid_t id, int *err)
{
	struct domain *d = domain_named(caller, id);

	*err = 0;
	if (d == NULL) {
		*err = -XEN_ESRCH;
	} else if (d != caller && !caller->privileged) {
		*err = -XEN_EPERM;
	} else if (d != caller && !rr_foreign_allowed(d)) {
		*err = -XEN_EBUSY;
	}
	return *err == 0 ? d : NULL;
}

static bool maps(const struct page *table, const struct domain *d)
{
	for (unsigned int i = 0; i < TABLE_ENTRIES; i++) {
		u64 pte = table_entries(table)[i];
		struct page *pg;

		if (!(pte & PTE_P)) {
			continue;
		}
		pg = domain_frame(table->owner, pte_frame(pte));
		if (pg != NULL && pg->owner == d) {
			return true;
		}
	}
	return false;
}

struct domain *mm_foreign_holder(const struct domain *d)
{
	struct domain *other;
	struct page *pg;

	for_each_domain (other) {
		if (other == d) {
			continue;
		}
		list_for_each (pg, &other->pages, link) {
			if (pg->type == PGT_L1 && page_is_table(pg) &&
			    maps(pg, d)) {
				return other;
			}
		}
	}
	return NULL;
}
