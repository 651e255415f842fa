/* SPDX-License-Identifier: MIT */
/*
 * At which addresses the entries of a page table translate, so that a changed
 * one costs the flush of a page or two and not of all.
 *
 * Each twin remembers which entries referred to its table since there was only
 * one: all that are live are among them. Linux maps its image at two addresses
 * through the same L1 tables; more than two are no longer told apart. L3 tables
 * are an exception: address spaces share those of their kernel, in one slot of
 * many L4 tables, so for them the slot alone counts.
 *
 * None of this is state of the domain: it is made again with the twins.
 */
#include <hv/lib.h>
#include <mm/table.h>

static bool is_only_reference(const struct page *child)
{
	return child->type_refs - !!(child->flags & PGF_PINNED) <= 1;
}

void table_unlinked(struct page *table)
{
	struct referrers *r = &table->twin->referrers;

	r->nr = 0;
	r->unknown = false;
}

void table_linked(const struct page *table, unsigned int index,
                  struct page *child)
{
	struct referrers *r = &child->twin->referrers;

	if (is_only_reference(child)) {
		table_unlinked(child);
	}
	for (unsigned int i = 0; i < r->nr; i++) {
		if (r->slot[i] == index &&
		    (r->table[i] == table->gmfn || table->type == PGT_L4)) {
			return;
		}
	}
	if (r->nr == ARRAY_SIZE(r->slot)) {
		r->unknown = true;
		return;
	}
	r->table[r->nr] = table->gmfn;
	r->slot[r->nr++] = (u16)index;
}

static u64 slot_va(unsigned int level, u64 index)
{
	return index << (PAGE_SHIFT + 9 * (level - 1));
}

/* The table one level up, or NULL when it is none any more. */
static const struct page *referrer(const struct page *table, unsigned int i)
{
	const struct domain *d = table->owner;
	u64 gmfn = table->twin->referrers.table[i];
	const struct page *up = gmfn < d->s.nr_frames ? d->frames[gmfn] : NULL;

	return up != NULL && up->twin != NULL && up->type == table->type + 1
	               ? up
	               : NULL;
}

/* @at: what the slots further down add up to. At most three levels deep. */
static bool flush_above(const struct page *table, u64 at)
{
	const struct referrers *r = &table->twin->referrers;

	if (r->unknown) {
		return false;
	}
	for (unsigned int i = 0; i < r->nr; i++) {
		const struct page *up = referrer(table, i);
		u64 va = at | slot_va(table->type + 1, r->slot[i]);

		if (table->type == PGT_L3) {
			tlb_flush_domain_va(table->owner,
			                    (u64)((s64)(va << 16) >> 16));
		} else if (up != NULL && !flush_above(up, va)) {
			return false;
		}
	}
	return true;
}

bool table_entry_flush(const struct page *table, unsigned int index)
{
	return flush_above(table, slot_va(table->type, index));
}
