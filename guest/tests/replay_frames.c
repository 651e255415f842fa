/* SPDX-License-Identifier: MIT */
/*
 * Every number the hypervisor picks or that names a machine frame: the M2P
 * inside and outside the domain, frames that populate and exchange hand
 * out and what is in them, ports, grant frames, cr3, start_info.
 */
#include <guest/event.h>
#include <guest/grant.h>
#include <guest/mm.h>
#include <guest/replay.h>
#include <guest/test.h>

static void m2p(void)
{
	struct xen_machphys_mapping map = {0};
	uint64_t cr3 = 0;

	hc_memory_op(XENMEM_machphys_mapping, &map);
	observe(map.max_mfn);
	for (uint64_t mfn = 0; mfn < 0x10000; mfn += 7) {
		uint64_t pfn = 0;

		observe(PROBE("movq (%1), %0",
		              : "+r"(pfn)
		              : "r"(M2P_BASE + mfn * 8)));
		observe(pfn);
	}
	for (uint64_t pfn = 0; pfn < boot_info->nr_pages; pfn++) {
		observe(pfn_to_mfn(pfn));
	}
	asm volatile("mov %%cr3, %0" : "=r"(cr3));
	observe(cr3);
}

/* Gives @page's frame back, takes one, looks at its number and contents. */
static void recycle(char *page)
{
	uint64_t pfn = (ADDR(page) - VIRT_BASE) >> PAGE_SHIFT;
	xen_pfn_t frame = pfn_to_mfn(pfn);
	struct xen_memory_reservation r = {.nr_extents = 1,
	                                   .domid = DOMID_SELF};

	memset(page, 0x5a, PAGE_SIZE);
	set_xen_guest_handle(r.extent_start, &frame);
	va_map(page, 0);
	observe((uint64_t)hc_memory_op(XENMEM_decrease_reservation, &r));
	frame = pfn;
	observe((uint64_t)hc_memory_op(XENMEM_populate_physmap, &r));
	observe(frame);
	observe(mfn_to_pfn(frame));
	((uint64_t *)boot_info->mfn_list)[pfn] = frame;
	page_make_rw(page);
	observe_bytes(page, PAGE_SIZE);
}

static void ports(void)
{
	long port[20];

	for (unsigned int i = 0; i < ARRAY_LEN(port); i++) {
		port[i] = port_alloc_unbound(DOMID_SELF, DOMID_SELF);
		observe((uint64_t)port[i]);
	}
	for (unsigned int i = 0; i < ARRAY_LEN(port); i += 2) {
		port_close((evtchn_port_t)port[i]);
	}
	for (unsigned int i = 0; i < ARRAY_LEN(port); i += 2) {
		port[i] = port_bind_ipi(0);
		observe((uint64_t)port[i]);
	}
	for (unsigned int i = 0; i < ARRAY_LEN(port); i++) {
		observe((uint64_t)port_close((evtchn_port_t)port[i]));
	}
}

GUEST_TEST(replay_frames)
{
	uint64_t rounds = replay_rounds(20);
	char *pages[8];

	replay_begin();
	observe_bytes(boot_info, sizeof(*boot_info));
	observe(grant_init() ? pte_of((void *)(MM_WINDOW + 200 * PAGE_SIZE))
	                     : 0);
	for (unsigned int i = 0; i < ARRAY_LEN(pages); i++) {
		pages[i] = page_alloc();
	}
	ticker_start(200000, NULL);
	for (uint64_t n = 0; n < rounds; n++) {
		recycle(pages[random_below(&replay_random, 8)]);
		ports();
	}
	m2p();
	ticker_stop();
	for (unsigned int i = 0; i < ARRAY_LEN(pages); i++) {
		page_free(pages[i]);
	}
	replay_end("replay_frames");
}
