/* SPDX-License-Identifier: MIT */
/*
 * Direct paging: the CPU walks the guest's own tables. Entries hold machine
 * frame numbers, and a validated L4 holds the hypervisor's slots.
 */
#include <arch/entry.h>
#include <hv/lib.h>
#include <mm/table.h>

static int direct_table_begin(struct page *table)
{
	u64 *l4 = table_entries(table);

	for (unsigned int i = HV_SLOT_FIRST;
	     table->type == PGT_L4 && i <= HV_SLOT_LAST; i++) {
		l4[i] = hv_root[i];
	}
	return 0;
}

/* Where the hypervisor's tables lie is no guest's business afterwards. */
static void direct_table_end(struct page *table)
{
	u64 *l4 = table_entries(table);

	for (unsigned int i = HV_SLOT_FIRST;
	     table->type == PGT_L4 && i <= HV_SLOT_LAST; i++) {
		l4[i] = 0;
	}
}

/* Flushing after an L1 entry is the guest's to ask for. Above, a stale entry
 * would let the CPU walk a frame that is no table any more. */
static void direct_entry_write(struct page *table, unsigned int index, u64 pte)
{
	u64 *entry = &table_entries(table)[index];

	if (*entry & PTE_P) {
		tlb_note_stale();
		if (table->type > PGT_L1) {
			tlb_flush_domain(table->owner);
		}
	}
	__atomic_store_n(entry, pte, __ATOMIC_RELAXED);
}

static u64 direct_cr3(struct vcpu *v)
{
	struct page *root = v->s.kernel_mode ? v->kernel_root : v->user_root;

	/* Without a user root nothing is mapped, and the kernel hears of it. */
	return root == NULL ? va_to_pa(hv_root) : page_pa(root);
}

static void direct_fault(struct vcpu *v, u64 va, const struct walk *w,
                         bool write)
{
	(void)w;
	(void)write;
	tlb_flush_va(v, va);
}

static void direct_touch(const struct walk *w, bool write)
{
	(void)w;
	(void)write;
}

const struct mmu_ops mmu_direct = {
	.name = "direct",
	.table_begin = direct_table_begin,
	.table_end = direct_table_end,
	.entry_write = direct_entry_write,
	.cr3 = direct_cr3,
	.fault = direct_fault,
	.touch = direct_touch,
};
