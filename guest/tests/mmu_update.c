/* SPDX-License-Identifier: MIT */
/*
 * mmu_update, the normal cases: an L1 entry written and read back, with the
 * flags the ABI adds; PRESERVE_AD keeps A and D; several updates in one call
 * with the count of those done; a raw write to a page that is no table; and
 * MACHPHYS_UPDATE of a page of the domain.
 *
 * ABI: xen.h HYPERVISOR_mmu_update, MMU_* types.
 */
#include <guest/mm.h>
#include <guest/test.h>

static char page[PAGE_SIZE] __page, other[PAGE_SIZE] __page;

static void l1_entry(void)
{
	volatile uint64_t *entry = pt_entry(page, 1);
	volatile char *p = page;

	*(volatile char *)other = 77;
	check_rc(pt_write(entry, pte_make(va_to_mfn(other), PTE_KERNEL_R)), 0,
	         "map another frame, read-only");
	tlb_flush();
	check_eq((uint64_t)*p, 77, "seen through the new mapping");
	check_eq(pte_mfn(*entry), va_to_mfn(other), "frame read back");
	check_eq(*entry & (PTE_P | PTE_W | PTE_U), PTE_P | PTE_U,
	         "a kernel page reads back with U");
	check_eq(*entry & BIT(52), BIT(52), "and marked as the kernel's");
	check_rc(pt_write(entry, 0), 0, "unmap");
	tlb_flush();
	check_eq(*entry, 0, "entry after unmap");
	check_eq(PROBE("movb (%0), %%al", ::"r"(page)
	               : "rax"),
	         EXC(VEC_PF, 0), "read of the unmapped page");
	check_rc(pt_write(entry, pte_make(va_to_mfn(page), PTE_KERNEL)), 0,
	         "map back");
}

static void preserve_ad(void)
{
	volatile uint64_t *entry = pt_entry(page, 1);
	uint64_t bare = pte_make(va_to_mfn(page), PTE_P | PTE_W);

	pt_write(entry, bare);
	tlb_flush();
	check_eq(*entry & (PTE_A | PTE_D), 0, "A and D clear");
	*(volatile char *)page = 1;
	check_eq(*entry & (PTE_A | PTE_D), PTE_A | PTE_D, "set by a store");
	check_rc(pt_write_maddr(pt_maddr(entry), bare,
	                        MMU_PT_UPDATE_PRESERVE_AD),
	         0, "PRESERVE_AD");
	check_eq(*entry & (PTE_A | PTE_D), PTE_A | PTE_D, "kept");
	check_rc(pt_write(entry, bare), 0, "normal");
	check_eq(*entry & (PTE_A | PTE_D), 0, "not kept");
	tlb_flush();
}

static void several(void)
{
	volatile uint64_t *entry = pt_entry(page, 1);
	struct mmu_update req[3] = {
		{pt_maddr(entry), pte_make(va_to_mfn(page), PTE_KERNEL_R)},
		{pt_maddr(entry), pte_make(~0UL >> 12, PTE_KERNEL)},
		{pt_maddr(entry), pte_make(va_to_mfn(page), PTE_KERNEL)},
	};
	unsigned int done = 99;

	check_rc(hc_mmu_update(req, 3, &done, DOMID_SELF), -EINVAL,
	         "second of three is bad");
	check_eq(done, 1, "updates done");
	check_eq(*entry & PTE_W, 0, "the first took effect, the third did not");
	req[1] = req[2];
	done = 99;
	check_rc(hc_mmu_update(req, 3, &done, DOMID_SELF), 0, "three");
	check_eq(done, 3, "updates done");
	check_eq(*entry & PTE_W, PTE_W, "the last is in effect");
	check_rc(hc_mmu_update(req, 0, &done, DOMID_SELF), 0, "none");
}

static void raw_and_machphys(void)
{
	volatile uint64_t *word = (volatile uint64_t *)page + 3;
	uint64_t mfn = va_to_mfn(page), pfn = mfn_to_pfn(mfn);

	check_rc(pt_write(word, 0xdeadbeefcafef00d), 0, "raw write");
	check_eq(*word, 0xdeadbeefcafef00d, "raw word");
	check_rc(
		pt_write_maddr(mfn << PAGE_SHIFT, 0x12345, MMU_MACHPHYS_UPDATE),
		0, "MACHPHYS_UPDATE");
	check_eq(mfn_to_pfn(mfn), 0x12345, "M2P entry");
	check_rc(pt_write_maddr(mfn << PAGE_SHIFT, pfn, MMU_MACHPHYS_UPDATE), 0,
	         "and back");
	check_eq(mfn_to_pfn(mfn), pfn, "M2P entry restored");
}

GUEST_TEST(mmu_update)
{
	l1_entry();
	preserve_ad();
	several();
	raw_and_machphys();
}
