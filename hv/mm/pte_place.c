/* SPDX-License-Identifier: MIT */
/*
 * One L1 entry of a guest, found by address, read and replaced: what
 * update_va_mapping and grant maps work on.
 */
#include <hv/lib.h>
#include <mm/walk.h>

static int find_machine(struct domain *d, u64 address, struct pte_place *p)
{
	struct page *pg = domain_frame(d, address >> PAGE_SHIFT);

	if (pg == NULL || pg->owner != d || address % sizeof(u64) != 0) {
		return -XEN_EINVAL;
	}
	p->table = pg;
	p->index = (address & ~PAGE_MASK) / sizeof(u64);
	return 0;
}

static int find_va(struct vcpu *v, u64 va, struct pte_place *p)
{
	struct walk w;

	walk_root(v->domain, v->kernel_root, va, &w);
	if (w.table[PGT_L1] == NULL) {
		return -XEN_EINVAL;
	}
	p->table = w.table[PGT_L1];
	p->index = w.index[PGT_L1];
	return 0;
}

int pte_place_find(struct vcpu *v, u64 va, bool machine, struct pte_place *p)
{
	int err = machine ? find_machine(v->domain, va, p) : find_va(v, va, p);

	if (err == 0 &&
	    (p->table->type != PGT_L1 || !(p->table->flags & PGF_VALIDATED))) {
		err = -XEN_EINVAL;
	}
	return err;
}

u64 pte_place_read(const struct pte_place *p)
{
	return table_entries(p->table)[p->index];
}

int pte_place_write(const struct pte_place *p, u64 pte, struct domain *source)
{
	return table_update(p->table, p->index, pte, source, false);
}
