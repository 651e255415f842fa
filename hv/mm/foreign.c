/* SPDX-License-Identifier: MIT */
/*
 * See mm/foreign.h.
 */
#include <hv/rr.h>
#include <mm/foreign.h>
#include <mm/table.h>

static struct domain *target(struct domain *caller, domid_t id, bool change,
                             int *err)
{
	struct domain *d;

	*err = 0;
	if (id == DOMID_SELF || id == caller->id) {
		return caller;
	}
	d = domain_find(id);
	if (d == NULL) {
		*err = -XEN_ESRCH;
	} else if (!caller->privileged) {
		*err = -XEN_EPERM;
		d = NULL;
	} else if (!rr_foreign_allowed(d, change)) {
		*err = -XEN_EBUSY;
		d = NULL;
	}
	return d;
}

struct domain *mm_target(struct domain *caller, domid_t id, int *err)
{
	return target(caller, id, true, err);
}

struct domain *mm_source(struct domain *caller, domid_t id, int *err)
{
	return target(caller, id, false, err);
}

static bool maps_writable(const struct page *table, const struct domain *d)
{
	for (unsigned int i = 0; i < TABLE_ENTRIES; i++) {
		u64 pte = table_entries(table)[i];
		struct page *pg;

		if ((pte & (PTE_P | PTE_RW)) != (PTE_P | PTE_RW)) {
			continue;
		}
		pg = domain_frame(table->owner, pte_frame(pte));
		if (pg != NULL && pg->owner == d) {
			return true;
		}
	}
	return false;
}

struct domain *mm_foreign_writer(const struct domain *d)
{
	struct domain *other;
	struct page *pg;

	for_each_domain (other) {
		if (other == d) {
			continue;
		}
		list_for_each (pg, &other->pages, link) {
			if (pg->type == PGT_L1 && page_is_table(pg) &&
			    maps_writable(pg, d)) {
				return other;
			}
		}
	}
	return NULL;
}
