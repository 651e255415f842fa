/* SPDX-License-Identifier: MIT */
/*
 * NEW_BASEPTR onto a new L4 and back: the guest goes on, the new table shows
 * in cr3, the old one loses only the reference of cr3; what is no L4 is
 * refused. Also the flush operations and the L4's reserved slots, which the
 * hypervisor fills in.
 *
 * ABI: xen.h MMUEXT_NEW_BASEPTR, MMUEXT_TLB_FLUSH_*, MMUEXT_INVLPG_*.
 */
#include <guest/mm.h>
#include <guest/test.h>

static uint64_t read_cr3(void)
{
	uint64_t cr3 = 0;

	asm volatile("mov %%cr3, %0" : "=r"(cr3));
	return cr3;
}

static void new_base(void)
{
	uint64_t old = pt_root();
	uint64_t *l4 = page_alloc();
	volatile uint64_t *from = mfn_to_va(old);

	for (unsigned int i = 0; i < 512; i++) {
		l4[i] = i >= 256 && i < 272 ? 0 : from[i];
	}
	check_rc(mmuext(MMUEXT_NEW_BASEPTR, va_to_mfn(l4), 0), -EINVAL,
	         "still mapped writable");
	check_eq(read_cr3() >> PAGE_SHIFT, old, "cr3 unchanged");
	page_make_ro(l4);
	check_rc(mmuext(MMUEXT_NEW_BASEPTR, va_to_mfn(l4), 0), 0, "new base");
	pt_root_set(va_to_mfn(l4));
	check_eq(read_cr3() >> PAGE_SHIFT, va_to_mfn(l4), "cr3");
	check(mfn_to_pfn(old) < boot_info->nr_pages, "M2P is still there");
	check_rc(page_make_rw(l4), -EBUSY, "the base cannot be writable");
	check_rc(mmuext(MMUEXT_NEW_BASEPTR, va_to_mfn(l4), 0), 0, "same again");
	check_rc(mmuext(MMUEXT_NEW_BASEPTR, old, 0), 0, "and back");
	pt_root_set(old);
	check_rc(page_make_rw(l4), 0, "free again");
	page_free(l4);
}

static void flushes(void)
{
	static uint64_t vcpus = 1;

	check_rc(mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0), 0, "FLUSH_LOCAL");
	check_rc(mmuext(MMUEXT_INVLPG_LOCAL, VIRT_BASE, 0), 0, "INVLPG_LOCAL");
	check_rc(mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0), 0, "FLUSH_ALL");
	check_rc(mmuext(MMUEXT_INVLPG_ALL, VIRT_BASE, 0), 0, "INVLPG_ALL");
	check_rc(mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, ADDR(&vcpus)), 0,
	         "FLUSH_MULTI");
	check_rc(mmuext(MMUEXT_INVLPG_MULTI, VIRT_BASE, ADDR(&vcpus)), 0,
	         "INVLPG_MULTI");
	check_rc(mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, 8), -EINVAL,
	         "FLUSH_MULTI, unreadable");
	check_rc(mmuext(MMUEXT_INVLPG_LOCAL, 0x0000900000000000, 0), 0,
	         "INVLPG of a non-canonical address");
	check_rc(mmuext(MMUEXT_INVLPG_LOCAL, 0xffff830000000000, 0), 0,
	         "INVLPG in the hypervisor's range");
}

GUEST_TEST(mmuext_base)
{
	static char page[PAGE_SIZE] __page;
	volatile uint64_t *l4 = mfn_to_va(pt_root());

	new_base();
	check_rc(mmuext(MMUEXT_NEW_BASEPTR, va_to_mfn(page), 0), -EINVAL,
	         "a writable page");
	check_rc(mmuext(MMUEXT_NEW_BASEPTR, pte_mfn(l4[511]), 0), -EINVAL,
	         "an L3");
	check_rc(mmuext(MMUEXT_NEW_BASEPTR, 0, 0), -EINVAL, "frame 0");
	check_rc(mmuext(MMUEXT_NEW_BASEPTR, ~0UL >> 12, 0), -EINVAL,
	         "no frame");
	flushes();
}
