/* SPDX-License-Identifier: MIT */
/*
 * Updates that change only flags of a live entry are checked like any other:
 * a page that became a page table cannot be made writable by flipping RW,
 * an L2 entry cannot become a superpage, and a self-map of an L4, where it
 * is admitted at all, stays read-only.
 *
 * ABI: xen.h mmu_update. Classes of the advisories XSA-148, 182 and 212.
 */
#include <guest/mm.h>
#include <guest/test.h>

static char alias[PAGE_SIZE] __page;

static void became_a_table(void)
{
	uint64_t *table = page_alloc();
	uint64_t ro = pte_make(va_to_mfn(table), PTE_KERNEL_R);
	volatile uint64_t *entry = pt_entry(alias, 1);

	check_rc(va_map(alias, ro), 0, "read-only alias");
	page_make_ro(table);
	check_rc(pin(2, table), 0, "pin");
	check_rc(pt_write(entry, ro | PTE_W), -EBUSY, "flip RW");
	check_rc(pt_write_maddr(pt_maddr(entry), ro | PTE_W,
	                        MMU_PT_UPDATE_PRESERVE_AD),
	         -EBUSY, "flip RW, PRESERVE_AD");
	check_rc(va_map(alias, ro | PTE_W | PTE_U), -EBUSY, "flip RW and U");
	check_rc(pt_write(entry, ro | PTE_AVAIL | PTE_NX), 0, "other flags");
	check_eq(*entry & PTE_W, 0, "RW of the alias");
	check_eq(PROBE("movb $1, (%0)", ::"r"(alias)
	               : "memory"),
	         EXC(VEC_PF, PF_WRITE | PF_PRESENT), "write through it");
	page_make_rw(alias);
	unpin(table);
	page_make_rw(table);
	page_free(table);
}

static void upper_flags(void)
{
	volatile uint64_t *l2e = pt_entry(alias, 2), *l3e = pt_entry(alias, 3);
	uint64_t l2 = *l2e, l3 = *l3e;

	check_rc(pt_write(l2e, l2 ^ PTE_PSE), -EINVAL, "PSE in an L2 entry");
	check_rc(pt_write(l2e, l2 ^ PTE_A ^ PTE_PSE), -EINVAL, "with A");
	check_rc(pt_write(l3e, l3 ^ PTE_PSE), -EINVAL, "PSE in an L3 entry");
	check_rc(pt_write(l2e, l2 ^ PTE_A), 0, "A in an L2 entry");
	check_rc(pt_write(l2e, l2), 0, "back");
	check_rc(pt_write(l3e, l3 | PTE_AVAIL), 0, "available bits of an L3");
	check_rc(pt_write(l3e, l3), 0, "back");
	check_eq(*l2e & PTE_PSE, 0, "PSE");
}

static void self_map(void)
{
	volatile uint64_t *l4 = mfn_to_va(pt_root());
	uint64_t self = pte_make(pt_root(), PTE_P | PTE_U | PTE_A);
	long rc = pt_write(&l4[100], self);

	check(rc == 0 || rc == -EINVAL, "self-map: %ld", rc);
	check(pt_write(&l4[100], self | PTE_W) < 0, "writable self-map");
	check_eq(l4[100] & PTE_W, 0, "RW of the self-map");
	check_rc(pt_write(&l4[100], 0), 0, "clear");
}

GUEST_TEST(fast_path)
{
	became_a_table();
	upper_flags();
	self_map();
}
