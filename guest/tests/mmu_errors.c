/* SPDX-License-Identifier: MIT */
/*
 * What mmu_update refuses, and with which error: a writable mapping of a
 * page table, frames that are not the domain's or do not exist, superpages,
 * reserved bits, the hypervisor's slots of an L4, tables of the wrong level,
 * bad request pointers, unknown types and domains.
 *
 * ABI: xen.h HYPERVISOR_mmu_update.
 */
#include <guest/mm.h>
#include <guest/test.h>

static char page[PAGE_SIZE] __page;

static void l1_values(void)
{
	volatile uint64_t *entry = pt_entry(page, 1);
	uint64_t mine = va_to_mfn(page), table = pt_root();

	check_rc(pt_write(entry, pte_make(table, PTE_KERNEL)), -EBUSY,
	         "writable mapping of a page table");
	check_rc(pt_write(entry, pte_make(table, PTE_KERNEL_R)), 0,
	         "read-only mapping of a page table");
	check_rc(pt_write(entry, pte_make(BIT(40) - 1, PTE_KERNEL)), -EINVAL,
	         "a frame that does not exist");
	check_rc(pt_write(entry, pte_make(mine, PTE_KERNEL)), 0, "back");
	check_rc(pt_write(entry, pte_make(mine, PTE_KERNEL | BIT(7))),
	         boot_is_initial() ? 0 : -EINVAL, "PAT bit");
	check_rc(pt_write(entry, pte_make(mine, PTE_KERNEL | PTE_AVAIL)), 0,
	         "available bits");
	check_rc(pt_write(entry, pte_make(mine, PTE_KERNEL | PTE_G)), 0,
	         "global");
	check_rc(pt_write(entry, pte_make(mine, PTE_KERNEL)), 0, "back");
	tlb_flush();
}

static void upper_values(void)
{
	volatile uint64_t *l2e = pt_entry(page, 2), *l3e = pt_entry(page, 3);
	volatile uint64_t *l4e = pt_entry(page, 4);
	uint64_t l2 = *l2e, l3 = *l3e, mine = va_to_mfn(page);

	check_rc(pt_write(l2e, l2 | PTE_PSE), -EINVAL, "L2 superpage");
	check_rc(pt_write(l3e, l3 | PTE_PSE), -EINVAL, "L3 superpage");
	check_rc(pt_write(l2e + 1, pte_make(mine, PTE_TABLE)), -EINVAL,
	         "a writable page as L1");
	check_rc(pt_write(l3e - 1, pte_make(pte_mfn(l3), PTE_TABLE | PTE_G)),
	         -EINVAL, "global in an L3 entry");
	check_rc(pt_write(l4e - 1, pte_make(pte_mfn(l2), PTE_TABLE)), -EINVAL,
	         "an L1 as L3");
	check_eq(*l2e, l2, "L2 entry unchanged");
	check_eq(*l3e, l3, "L3 entry unchanged");
}

static void hypervisor_slots(void)
{
	volatile uint64_t *l4 = mfn_to_va(pt_root());

	check_rc(pt_write(&l4[256], 0), -EINVAL, "slot 256");
	check_rc(pt_write(&l4[271], 0), -EINVAL, "slot 271");
	check_rc(pt_write(&l4[255], 0), 0, "slot 255");
	check_rc(pt_write(&l4[272], 0), 0, "slot 272");
}

/* A frame that is nobody's or the hypervisor's, going by the M2P. */
static uint64_t other_frame(void)
{
	uint64_t mfn = 0x400;

	while (mfn_to_pfn(mfn) < BIT(40)) {
		mfn++;
	}
	return mfn;
}

static void requests(void)
{
	volatile uint64_t *entry = pt_entry(page, 1);
	struct mmu_update req = {pt_maddr(entry), *entry};

	check_rc(hc_mmu_update((void *)8, 1, NULL, DOMID_SELF), -EFAULT,
	         "unreadable request");
	check_rc(hc_mmu_update(&req, 1, NULL, 0x1234), -ESRCH,
	         "a domain that is not there");
	check_rc(hc_mmu_update(&req, 1, NULL, 0x12340000 | DOMID_SELF), -ESRCH,
	         "tables of a domain that is not there");
	req.ptr = other_frame() << PAGE_SHIFT;
	check_rc(hc_mmu_update(&req, 1, NULL, DOMID_SELF), -EINVAL,
	         "an entry in a frame that is not the guest's");
	req.ptr = ~7UL;
	check_rc(hc_mmu_update(&req, 1, NULL, DOMID_SELF), -EINVAL,
	         "an entry in no frame");
	req.ptr |= MMU_MACHPHYS_UPDATE;
	check_rc(hc_mmu_update(&req, 1, NULL, DOMID_SELF), -EINVAL,
	         "MACHPHYS_UPDATE of no frame");
	req.ptr = pt_maddr(entry) + 4;
	check_rc(hc_mmu_update(&req, 1, NULL, DOMID_SELF), -ENOSYS,
	         "misaligned is an unknown type");
}

GUEST_TEST(mmu_errors)
{
	l1_values();
	upper_values();
	hypervisor_slots();
	requests();
}
