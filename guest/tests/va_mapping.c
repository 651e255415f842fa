/* SPDX-License-Identifier: MIT */
/*
 * update_va_mapping on the current tables: maps, unmaps, flushes as asked
 * (local, all, by bitmap), refuses what mmu_update refuses, and addresses
 * without an L1 table or in the hypervisor's range.
 *
 * ABI: xen.h HYPERVISOR_update_va_mapping, UVMF_*.
 */
#include <guest/mm.h>
#include <guest/test.h>

static char page[PAGE_SIZE] __page, other[PAGE_SIZE] __page;

static void flushes(void)
{
	static const unsigned long how[] = {
		UVMF_TLB_FLUSH | UVMF_LOCAL, UVMF_INVLPG | UVMF_LOCAL,
		UVMF_TLB_FLUSH | UVMF_ALL, UVMF_INVLPG | UVMF_ALL};
	uint64_t mine = va_to_mfn(page), his = va_to_mfn(other);
	volatile char *p = page;

	*p = 1;
	other[0] = 2;
	for (unsigned int i = 0; i < ARRAY_LEN(how); i++) {
		check_rc(hc_update_va_mapping(
				 ADDR(page), pte_make(his, PTE_KERNEL), how[i]),
		         0, "map, flush %lx", how[i]);
		check_eq((uint64_t)*p, 2, "new frame, flush %lx", how[i]);
		check_rc(hc_update_va_mapping(ADDR(page),
		                              pte_make(mine, PTE_KERNEL),
		                              how[i]),
		         0, "map back, flush %lx", how[i]);
		check_eq((uint64_t)*p, 1, "old frame, flush %lx", how[i]);
	}
}

static void by_bitmap(void)
{
	static uint64_t vcpus = 1;
	uint64_t mine = va_to_mfn(page);

	check_rc(hc_update_va_mapping(ADDR(page), pte_make(mine, PTE_KERNEL_R),
	                              UVMF_INVLPG | UVMF_MULTI | ADDR(&vcpus)),
	         0, "with a bitmap of vCPUs");
	check_eq(PROBE("movb $0, (%0)", ::"r"(page)
	               : "memory"),
	         EXC(VEC_PF, PF_WRITE | PF_PRESENT), "write after RO");
	va_map(page, pte_make(mine, PTE_KERNEL));
}

static void errors(void)
{
	uint64_t mine = va_to_mfn(page);

	check_rc(va_map((void *)0x7000000000, pte_make(mine, PTE_KERNEL)),
	         -EINVAL, "no tables there");
	check_rc(va_map((void *)M2P_BASE, pte_make(mine, PTE_KERNEL)), -EINVAL,
	         "in the hypervisor's range");
	check_rc(va_map((void *)M2P_BASE, 0), -EINVAL, "unmap the M2P");
	check_rc(va_map(page, pte_make(pt_root(), PTE_KERNEL)), -EBUSY,
	         "writable mapping of a page table");
	check_rc(va_map((void *)0x0000900000000000, 0), -EINVAL,
	         "non-canonical address");
	check_rc(
		hc_update_va_mapping(ADDR(page), pte_make(mine, PTE_KERNEL), 3),
		0, "unknown flush type");
}

GUEST_TEST(va_mapping)
{
	flushes();
	by_bitmap();
	check_rc(va_map(page, 0), 0, "unmap");
	check_eq(PROBE("movb (%0), %%al", ::"r"(page)
	               : "rax"),
	         EXC(VEC_PF, 0), "read after unmap");
	check_rc(va_map(page, pte_make(va_to_mfn(page), PTE_KERNEL)), 0, "map");
	errors();
}
