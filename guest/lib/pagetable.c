/* SPDX-License-Identifier: MIT */
#include <guest/boot.h>
#include <guest/hypercall.h>
#include <guest/mm.h>
#include <guest/test.h>

static uint64_t root_mfn;

uint64_t pt_root(void)
{
	if (!root_mfn) {
		root_mfn = va_to_mfn((void *)boot_info->pt_base);
	}
	return root_mfn;
}

void pt_root_set(uint64_t mfn)
{
	root_mfn = mfn;
}

volatile uint64_t *pt_entry_in(uint64_t root, uint64_t va, unsigned int level)
{
	volatile uint64_t *table = mfn_to_va(root);

	for (unsigned int l = 4; l > level; l--) {
		uint64_t entry = table[pt_index(va, l)];

		if (!(entry & PTE_P)) {
			return NULL;
		}
		table = mfn_to_va(pte_mfn(entry));
	}
	return &table[pt_index(va, level)];
}

volatile uint64_t *pt_entry(const volatile void *va, unsigned int level)
{
	return pt_entry_in(pt_root(), (uint64_t)va, level);
}

uint64_t pt_maddr(const volatile uint64_t *entry)
{
	return (va_to_mfn(entry) << PAGE_SHIFT) |
	       ((uint64_t)entry & ~PAGE_MASK);
}

uint64_t pte_of(const volatile void *va)
{
	volatile uint64_t *entry = pt_entry(va, 1);

	return entry ? *entry : 0;
}

long pt_write_maddr(uint64_t maddr, uint64_t value, unsigned int type)
{
	struct mmu_update update = {maddr | type, value};

	return hc_mmu_update(&update, 1, NULL, DOMID_SELF);
}

long pt_write(const volatile uint64_t *entry, uint64_t value)
{
	return pt_write_maddr(pt_maddr(entry), value, MMU_NORMAL_PT_UPDATE);
}

long va_map(const volatile void *va, uint64_t pte)
{
	return hc_update_va_mapping((uint64_t)va, pte, UVMF_INVLPG);
}

long page_make_ro(const volatile void *va)
{
	return va_map(va, pte_make(va_to_mfn(va), PTE_KERNEL_R));
}

long page_make_rw(const volatile void *va)
{
	return va_map(va, pte_make(va_to_mfn(va), PTE_KERNEL));
}

long mmuext(unsigned int cmd, uint64_t arg1, uint64_t arg2)
{
	struct mmuext_op op = {.cmd = cmd};

	op.arg1.linear_addr = arg1;
	op.arg2.src_mfn = arg2;
	return hc_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

long pin(unsigned int level, const void *table)
{
	return mmuext(MMUEXT_PIN_L1_TABLE + level - 1, va_to_mfn(table), 0);
}

long unpin(const void *table)
{
	return mmuext(MMUEXT_UNPIN_TABLE, va_to_mfn(table), 0);
}

void tlb_flush(void)
{
	mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0);
}

volatile uint64_t *pt_populate(uint64_t root, uint64_t va)
{
	for (unsigned int level = 4; level > 1; level--) {
		volatile uint64_t *entry = pt_entry_in(root, va, level);
		void *table;

		if (*entry & PTE_P) {
			continue;
		}
		table = page_alloc();
		if (page_make_ro(table) ||
		    pt_write(entry, pte_make(va_to_mfn(table), PTE_TABLE))) {
			test_error("no level %u table for %lx", level - 1, va);
		}
	}
	return pt_entry_in(root, va, 1);
}

void *window_map(unsigned int index, uint64_t pte)
{
	uint64_t va = MM_WINDOW + index * PAGE_SIZE;
	volatile uint64_t *entry = pt_populate(pt_root(), va);

	if (pt_write(entry, pte)) {
		test_error("window page %u does not take %lx", index, pte);
	}
	mmuext(MMUEXT_INVLPG_LOCAL, va, 0);
	return (void *)va;
}
