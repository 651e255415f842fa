/* SPDX-License-Identifier: MIT */
/*
 * XENMEM_exchange: a frame for another, reported in full; on failure the
 * count of exchanged extents is 0 and the frames are still the guest's.
 *
 * ABI: memory.h xen_memory_exchange.
 */
#include <guest/mm.h>
#include <guest/test.h>

static struct xen_memory_exchange exchange(xen_pfn_t *in, xen_pfn_t *out)
{
	struct xen_memory_exchange x = {
		.in = {.nr_extents = 1, .domid = DOMID_SELF},
		.out = {.nr_extents = 1, .domid = DOMID_SELF},
	};

	set_xen_guest_handle(x.in.extent_start, in);
	set_xen_guest_handle(x.out.extent_start, out);
	return x;
}

GUEST_TEST(memory_exchange)
{
	char *page = page_alloc();
	uint64_t pfn = (ADDR(page) - VIRT_BASE) >> PAGE_SHIFT;
	xen_pfn_t in = pfn_to_mfn(pfn), out = pfn;
	struct xen_memory_exchange x = exchange(&in, &out);

	va_map(page, 0);
	check_rc(hc_memory_op(XENMEM_exchange, &x), 0, "exchange");
	check_eq(x.nr_exchanged, 1, "extents exchanged");
	check_eq(mfn_to_pfn(out), pfn, "M2P of the new frame");
	((uint64_t *)boot_info->mfn_list)[pfn] = out;
	check_rc(va_map(page, pte_make(out, PTE_KERNEL)), 0, "map it");

	in = ~0UL >> 12;
	x = exchange(&in, &out);
	check(hc_memory_op(XENMEM_exchange, &x) < 0, "exchange of no frame");
	check_eq(x.nr_exchanged, 0, "extents exchanged");
	x.out.nr_extents = 2;
	check_rc(hc_memory_op(XENMEM_exchange, &x), -EINVAL, "sizes differ");
	x = exchange(&in, &out);
	x.nr_exchanged = 5;
	check_rc(hc_memory_op(XENMEM_exchange, &x), -EINVAL,
	         "progress beyond the end");
	x = exchange(&in, &out);
	x.in.extent_order = 60;
	x.out.extent_order = 60;
	check(hc_memory_op(XENMEM_exchange, &x) < 0, "order 60");
	check_rc(hc_memory_op(XENMEM_exchange, (void *)8), -EFAULT,
	         "unreadable");
	page_free(page);
}
