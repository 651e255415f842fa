/* SPDX-License-Identifier: MIT */
/*
 * multicall: runs its entries in order, puts each result in place, goes on
 * after an error, and returns 0; nesting, a count of 0, and bad pointers.
 *
 * ABI: xen.h HYPERVISOR_multicall.
 */
#include <guest/mm.h>
#include <guest/test.h>

static struct multicall_entry calls[600];

static void in_order(void)
{
	static char page[PAGE_SIZE] __page;
	uint64_t mfn = va_to_mfn(page);

	memset(calls, 0xa5, sizeof(calls));
	calls[0].op = __HYPERVISOR_update_va_mapping;
	calls[0].args[0] = ADDR(page);
	calls[0].args[1] = pte_make(mfn, PTE_KERNEL_R);
	calls[0].args[2] = UVMF_INVLPG;
	calls[1].op = 999;
	calls[2].op = __HYPERVISOR_xen_version;
	calls[2].args[0] = XENVER_pagesize;
	calls[2].args[1] = 0;
	calls[3] = calls[0];
	calls[3].args[1] = pte_make(~0UL >> 12, PTE_KERNEL);
	check_rc(hc_multicall(calls, 4), 0, "multicall");
	check_rc((long)calls[0].result, 0, "first");
	check_rc((long)calls[1].result, -ENOSYS, "second, unknown");
	check_rc((long)calls[2].result, PAGE_SIZE, "third");
	check_rc((long)calls[3].result, -EINVAL, "fourth, refused");
	check_eq(calls[0].args[0], ADDR(page), "arguments stay");
	check_eq(pte_of(page) & PTE_W, 0, "the first took effect");
	page_make_rw(page);
}

static void many(void)
{
	for (unsigned int i = 0; i < ARRAY_LEN(calls); i++) {
		calls[i] = (struct multicall_entry){
			.op = __HYPERVISOR_xen_version,
			.args = {XENVER_pagesize},
		};
	}
	check_rc(hc_multicall(calls, ARRAY_LEN(calls)), 0, "600 entries");
	for (unsigned int i = 0; i < ARRAY_LEN(calls); i++) {
		check_rc((long)calls[i].result, PAGE_SIZE, "entry %u", i);
	}
}

GUEST_TEST(multicall)
{
	in_order();
	many();
	check_rc(hc_multicall(calls, 0), 0, "no entries");
	check_rc(hc_multicall((void *)8, 1), -EFAULT, "unreadable");
	calls[0].op = __HYPERVISOR_multicall;
	calls[0].args[0] = ADDR(&calls[1]);
	calls[0].args[1] = 1;
	check_rc(hc_multicall(calls, 1), 0, "nested");
	check_rc((long)calls[0].result, -EINVAL, "nested result");
}
