/* SPDX-License-Identifier: MIT */
/*
 * At which address the entries of a page table translate, so that a changed
 * one costs the flush of one page and not of all.
 *
 * Each table remembers the table and the slot that refer to it, from when they
 * became live. One that different slots refer to, or may, is at no address
 * that could be told, until a single reference is left and made anew. L3
 * tables are the exception: address spaces share those of their kernel, in one
 * slot of many L4 tables, so for them the slot alone counts.
 *
 * None of this is state of the domain: it is made again with the twins.
 */
#include <hv/lib.h>
#include <mm/table.h>

static bool is_only_reference(const struct page *child)
{
	return child->type_refs - !!(child->flags & PGF_PINNED) <= 1;
}

void table_linked(const struct page *table, unsigned int index,
                  struct page *child)
{
	if (is_only_reference(child)) {
		child->parent = table->gmfn;
		child->parent_slot = (u16)index;
		return;
	}
	if (child->parent_slot != index ||
	    (table->type != PGT_L4 && child->parent != table->gmfn)) {
		child->parent_slot = SLOT_UNKNOWN;
	}
}

static u64 slot_va(unsigned int level, u64 index)
{
	return index << (PAGE_SHIFT + 9 * (level - 1));
}

bool table_entry_va(const struct page *table, unsigned int index, u64 *va)
{
	const struct domain *d = table->owner;
	u64 at = slot_va(table->type, index);

	for (unsigned int level = table->type + 1; level <= PGT_L4; level++) {
		if (table == NULL || table->parent_slot == SLOT_UNKNOWN) {
			return false;
		}
		at |= slot_va(level, table->parent_slot);
		if (level < PGT_L4) {
			table = table->parent < d->s.nr_frames
			                ? d->frames[table->parent]
			                : NULL;
		}
	}
	*va = (u64)((s64)(at << 16) >> 16);
	return true;
}
