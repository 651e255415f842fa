/* SPDX-License-Identifier: MIT */
/*
 * memory_op: reservations, giving a frame back and getting one for the same
 * pfn, exchange, the M2P's place, the memory maps, and their errors.
 *
 * ABI: memory.h.
 */
#include <guest/mm.h>
#include <guest/test.h>

static struct xen_memory_reservation reservation(xen_pfn_t *frames, uint64_t n)
{
	struct xen_memory_reservation r = {.nr_extents = n,
	                                   .domid = DOMID_SELF};

	set_xen_guest_handle(r.extent_start, frames);
	return r;
}

static void sizes(void)
{
	domid_t self = DOMID_SELF, none = 0x1234;
	long now = hc_memory_op(XENMEM_current_reservation, &self);
	long most = hc_memory_op(XENMEM_maximum_reservation, &self);

	check(now >= (long)boot_info->nr_pages, "current %ld", now);
	check(most >= now || most < 0, "maximum %ld", most);
	check(hc_memory_op(XENMEM_maximum_ram_page, NULL) > 0, "last frame");
	check_rc(hc_memory_op(XENMEM_current_reservation, &none), -ESRCH,
	         "no such domain");
}

static void machphys(void)
{
	struct xen_machphys_mapping map = {0};

	check_rc(hc_memory_op(XENMEM_machphys_mapping, &map), 0, "mapping");
	check_eq(map.v_start, M2P_BASE, "start of the M2P");
	check(map.v_end > map.v_start, "end of the M2P %lx", map.v_end);
	check(map.max_mfn >= va_to_mfn(boot_info), "max_mfn %lx", map.max_mfn);
}

/* Gives the frame of @page back and takes another in its place. */
static void decrease_and_populate(char *page)
{
	uint64_t pfn = (ADDR(page) - VIRT_BASE) >> PAGE_SHIFT;
	domid_t self = DOMID_SELF;
	long before = hc_memory_op(XENMEM_current_reservation, &self);
	xen_pfn_t frame = pfn_to_mfn(pfn);
	struct xen_memory_reservation r = reservation(&frame, 1);

	check_rc(va_map(page, 0), 0, "unmap");
	check_rc(hc_memory_op(XENMEM_decrease_reservation, &r), 1, "decrease");
	check_rc(hc_memory_op(XENMEM_current_reservation, &self), before - 1,
	         "pages after decrease");
	check(va_map(page, pte_make(frame, PTE_KERNEL)) < 0,
	      "the frame given back can still be mapped");
	frame = pfn;
	check_rc(hc_memory_op(XENMEM_populate_physmap, &r), 1, "populate");
	check_eq(mfn_to_pfn(frame), pfn, "M2P of the new frame");
	((uint64_t *)boot_info->mfn_list)[pfn] = frame;
	check_rc(va_map(page, pte_make(frame, PTE_KERNEL)), 0, "map it");
	*(volatile char *)page = 1;
	check_rc(hc_memory_op(XENMEM_current_reservation, &self), before,
	         "pages after populate");
}

static void reservation_errors(void)
{
	xen_pfn_t frame = ~0UL >> 12;
	struct xen_memory_reservation r = reservation(&frame, 1);

	check_rc(hc_memory_op(XENMEM_decrease_reservation, &r), 0,
	         "decrease by no frame");
	set_xen_guest_handle(r.extent_start, (xen_pfn_t *)8);
	check_rc(hc_memory_op(XENMEM_decrease_reservation, &r), 0,
	         "decrease, unreadable list");
	check_rc(hc_memory_op(XENMEM_populate_physmap, &r), 0,
	         "populate, unreadable list");
	r.domid = 0x1234;
	check_rc(hc_memory_op(XENMEM_populate_physmap, &r), 0,
	         "populate of no domain");
	check_rc(hc_memory_op(XENMEM_populate_physmap, (void *)8), 0,
	         "unreadable");
	check_rc(hc_memory_op(63, &r), -ENOSYS, "unknown operation");
}

static void maps(void)
{
	static struct e820 {
		uint64_t addr, size;
		uint32_t type;
	} __attribute__((packed)) entries[128];
	struct xen_memory_map map = {.nr_entries = ARRAY_LEN(entries)};
	long rc;

	set_xen_guest_handle(map.buffer, entries);
	rc = hc_memory_op(XENMEM_memory_map, &map);
	check(rc == 0 || rc == -ENOSYS, "memory_map: %ld", rc);
	if (rc == 0) {
		check(map.nr_entries > 0 && map.nr_entries <= 128, "%u entries",
		      map.nr_entries);
		check(entries[0].size > 0, "first entry empty");
	}
	map.nr_entries = ARRAY_LEN(entries);
	check_rc(hc_memory_op(XENMEM_machine_memory_map, &map),
	         boot_is_initial() ? 0 : -EPERM, "machine_memory_map");
}

GUEST_TEST(memory_op)
{
	char *page = page_alloc();

	sizes();
	machphys();
	decrease_and_populate(page);
	decrease_and_populate(page);
	reservation_errors();
	maps();
	page_free(page);
}
