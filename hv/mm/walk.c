/* SPDX-License-Identifier: MIT */
/*
 * The software walk of a guest's own tables (SDM 3A 4.5). It follows validated
 * tables only, so it cannot be led astray, and it sets nothing.
 */
#include <mm/walk.h>

static unsigned int table_index(u64 va, unsigned int level)
{
	return va >> (PAGE_SHIFT + 9 * (level - 1)) & (TABLE_ENTRIES - 1);
}

bool walk_root(struct domain *d, struct page *root, u64 va, struct walk *w)
{
	struct page *table = root;

	*w = (struct walk){.rights = PTE_RW | PTE_U, .level = PGT_L4};
	if (root == NULL || !is_canonical(va) || is_hv_va(va)) {
		return false;
	}
	for (unsigned int level = PGT_L4;; level--) {
		unsigned int index = table_index(va, level);
		u64 pte = table_entries(table)[index];

		w->table[level] = table;
		w->index[level] = index;
		w->pte[level] = pte;
		w->level = level;
		if (!(pte & PTE_P)) {
			return false;
		}
		w->rights &= pte | PTE_NX;
		w->rights |= pte & PTE_NX;
		table = domain_frame(d, pte_frame(pte));
		if (level == PGT_L1) {
			w->page = table;
			return true;
		}
		if (table == NULL) {
			return false;
		}
	}
}

bool guest_walk(struct vcpu *v, u64 va, struct walk *w)
{
	return walk_root(v->domain,
	                 v->s.kernel_mode ? v->kernel_root : v->user_root, va,
	                 w);
}
