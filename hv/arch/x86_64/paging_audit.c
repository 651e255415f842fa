/* SPDX-License-Identifier: MIT */
/*
 * Whether the hypervisor's address space is as paging.c made it: nothing is
 * writable and executable, guests reach nothing but may read the M2P, below
 * each stack is a hole, and every guest's root shows the same.
 */
#include <arch/cpu.h>
#include <arch/entry.h>
#include <arch/layout.h>
#include <arch/machine.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <mm/table.h>

#define MAX_LINES 20
#define RIGHTS    (PTE_RW | PTE_U | PTE_NX)

static unsigned int wrong;

static void wrong_page(u64 va, const char *what)
{
	if (wrong++ < MAX_LINES) {
		log_error("audit: page %#lx of the hypervisor is %s", va, what);
	}
}

static void check_leaf(u64 va, u64 rights)
{
	bool open = (rights & PTE_RW) || !(rights & PTE_NX);

	if ((rights & PTE_RW) && !(rights & PTE_NX)) {
		wrong_page(va, "writable and executable");
	}
	if ((rights & PTE_U) && open) {
		wrong_page(va, "writable or executable for guests");
	}
}

/* What @pte adds to what the entries above it permit (SDM 3A 4.6). */
static u64 rights_below(u64 above, u64 pte)
{
	return (above & pte & (PTE_RW | PTE_U)) | ((above | pte) & PTE_NX);
}

static void check_entry(u64 va, u64 pte, unsigned int level, u64 above)
{
	u64 rights = rights_below(above, pte);
	const u64 *table = pa_to_va(pte & PTE_FRAME);

	if (!(pte & PTE_P)) {
		return;
	}
	if (level == PGT_L1 || (level < PGT_L4 && (pte & PTE_PS))) {
		check_leaf(va, rights);
		return;
	}
	for (unsigned int i = 0; i < TABLE_ENTRIES; i++) {
		unsigned int shift = PAGE_SHIFT + 9 * (level - 2);

		check_entry(va + ((u64)i << shift), table[i], level - 1,
		            rights);
	}
}

static u64 slot_va(unsigned int slot)
{
	return 0xffffUL << 48 | (u64)slot << 39;
}

static bool is_mapped(u64 va)
{
	const u64 *table = hv_root;
	unsigned int level = PGT_L4;
	u64 pte;

	for (;; level--) {
		pte = table[va >> (PAGE_SHIFT + 9 * (level - 1)) &
		            (TABLE_ENTRIES - 1)];
		if (!(pte & PTE_P) || level == PGT_L1 || (pte & PTE_PS)) {
			return pte & PTE_P;
		}
		table = pa_to_va(pte & PTE_FRAME);
	}
}

static void check_holes(void)
{
	for (u64 hole = STACKS_VIRT; hole < stacks_end();
	     hole += 2 * STACK_SIZE) {
		for (u64 va = hole; va < hole + STACK_SIZE; va += PAGE_SIZE) {
			if (is_mapped(va)) {
				wrong_page(va, "in the hole below a stack");
			}
		}
	}
}

/* The M2P's slot is a traced domain's own. */
static void check_root(const struct page *root)
{
	const u64 *l4 = page_va(root->twin != NULL ? root->twin : root);

	if (l4[HV_SLOT_FIRST] != hv_root[HV_SLOT_FIRST]) {
		check_entry(slot_va(HV_SLOT_FIRST), l4[HV_SLOT_FIRST], PGT_L4,
		            PTE_RW | PTE_U);
	}
	for (unsigned int i = HV_SLOT_FIRST + 1; i <= HV_SLOT_LAST; i++) {
		if (l4[i] != hv_root[i]) {
			wrong_page(slot_va(i), "another in a guest's root");
		}
	}
}

static void check_roots(struct domain *d)
{
	struct page *pg;

	list_for_each (pg, &d->pages, link) {
		if (pg->type == PGT_L4 && (pg->flags & PGF_VALIDATED)) {
			check_root(pg);
		}
	}
}

unsigned int paging_audit(void)
{
	struct domain *d;

	wrong = 0;
	for (unsigned int i = HV_SLOT_FIRST; i <= HV_SLOT_LAST; i++) {
		check_entry(slot_va(i), hv_root[i], PGT_L4, PTE_RW | PTE_U);
	}
	check_holes();
	for_each_domain (d) {
		check_roots(d);
	}
	return wrong;
}
