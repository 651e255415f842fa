/* SPDX-License-Identifier: MIT */
/*
 * What a multicall may not contain, or survives containing: iret, pages that
 * the calls before take away, and its own entries as arguments.
 *
 * ABI: xen.h HYPERVISOR_multicall. Class of the advisory XSA-213.
 */
#include <guest/mm.h>
#include <guest/test.h>

static struct multicall_entry calls[4];
static struct multicall_entry list[PAGE_SIZE / sizeof(calls[0])] __page;

/* The first entry makes the page of the list itself read-only. */
static void loses_its_list(void)
{
	list[0] = (struct multicall_entry){
		.op = __HYPERVISOR_update_va_mapping,
		.args = {ADDR(list), pte_make(va_to_mfn(list), PTE_KERNEL_R),
	                 UVMF_INVLPG},
	};
	list[1] = (struct multicall_entry){.op = __HYPERVISOR_xen_version,
	                                   .args = {XENVER_pagesize}};
	check_rc(hc_multicall(list, 2), -EFAULT, "list becomes read-only");
	check_eq(pte_of(list) & PTE_W, 0, "the first entry took effect");
	page_make_rw(list);
	check_eq(list[1].result, 0, "the second did not run");
}

/* A result that lands in the next entry's arguments is no matter. */
static void overlaps(void)
{
	static struct xen_machphys_mapping *into;

	into = (void *)&calls[1].args[3];
	calls[0] = (struct multicall_entry){
		.op = __HYPERVISOR_memory_op,
		.args = {XENMEM_machphys_mapping, ADDR(into)},
	};
	calls[1] = (struct multicall_entry){.op = __HYPERVISOR_xen_version,
	                                    .args = {XENVER_pagesize}};
	check_rc(hc_multicall(calls, 2), 0, "overlapping result");
	check_rc((long)calls[1].result, PAGE_SIZE, "second entry");
	check_eq(calls[1].args[3], M2P_BASE, "result of the first");
}

GUEST_TEST(multicall_limits)
{
	loses_its_list();
	overlaps();
	check_rc(hc_multicall((void *)(ADDR(list) + 4), 1), 0, "misaligned");
}
