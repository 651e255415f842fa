/* SPDX-License-Identifier: MIT */
/*
 * How a frame becomes a page table: every present entry is checked, adjusted
 * in place and takes its references, lower tables first (xen.h, "virtual
 * memory"; SDM 3A 4.5). See table.h for how this is cut and continued.
 */
#include <hv/lib.h>
#include <mm/table.h>

/* Entry @index of @pg takes its references. */
static int entry_validate(struct page *pg, unsigned int index)
{
	u64 *entry = &table_entries(pg)[index];
	u64 pte = *entry;
	int err;

	if (!(pte & PTE_P) || is_hv_slot(pg->type, index)) {
		return 0;
	}
	err = entry_check(pg->type, &pte);
	if (err == 0) {
		err = entry_get(pg->owner, pg->owner, pg->type, &pte);
	}
	if (err == 0 && pte != *entry) {
		page_mark_dirty(pg);
		*entry = pte;
	}
	return err;
}

int table_validate(struct page *pg)
{
	while (pg->partial < TABLE_ENTRIES) {
		int err;

		if (!mm_spend()) {
			return -XEN_ERESTART;
		}
		err = entry_validate(pg, pg->partial);
		if (err != 0) {
			return err;
		}
		pg->partial++;
	}
	return 0;
}
