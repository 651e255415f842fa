/* SPDX-License-Identifier: MIT */
/*
 * Changing one entry of a validated table: the only way in which a live page
 * table changes, whoever asks (mmu_update, update_va_mapping, grant maps, a
 * trapped write).
 */
#include <hv/lib.h>
#include <mm/table.h>

/* Bits that change nothing of what an entry refers to. All others go the long
 * way; the list says what may change, not what may not (M3). */
#define FREE_BITS (PTE_A | PTE_D | PTE_NX | PTE_GUEST_KERNEL | 0x0e00UL)

static bool same_references(u64 old, u64 pte)
{
	return ((old ^ pte) & ~FREE_BITS) == 0;
}

int table_update(struct page *table, unsigned int index, u64 pte,
                 struct domain *source, bool preserve_ad)
{
	struct domain *d = table->owner;
	unsigned int level = table->type;
	u64 old = table_entries(table)[index];
	int err;

	if (!(table->flags & PGF_VALIDATED) || is_hv_slot(level, index)) {
		return -XEN_EINVAL;
	}
	if (!(pte & PTE_P)) {
		d->mmu->entry_write(table, index, pte);
		entry_put(d, level, old);
		return 0;
	}
	err = entry_check(level, &pte);
	if (err != 0) {
		return err;
	}
	if (preserve_ad && (old & PTE_P)) {
		pte |= old & (PTE_A | PTE_D);
	}
	if (source == d && same_references(old, pte)) {
		d->mmu->entry_write(table, index, pte);
		return 0;
	}
	err = entry_get(d, source, level, &pte);
	if (err != 0) {
		return err;
	}
	d->mmu->entry_write(table, index, pte);
	entry_put(d, level, old);
	return 0;
}
