/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include <guest/boot.h>
#include <guest/hypercall.h>
#include <guest/mm.h>
#include <guest/string.h>

/*
 * The pool is mapped away from everything else, so that a list that runs
 * over its end meets nothing but holes.
 */
#define POOL_BASE (MM_WINDOW + (16UL << 20))

static char pages[FUZZ_PAGES][PAGE_SIZE] __page;
static uint64_t frames[FUZZ_PAGES];
static uint64_t window_l1, window_l2, window_l2e, pool_l2e;
static uint64_t max_mfn;

static bool is_pool_pfn(uint64_t pfn)
{
	uint64_t first = (ADDR(pages) - VIRT_BASE) >> PAGE_SHIFT;

	return pfn >= first && pfn < first + FUZZ_PAGES;
}

static void *page_at(uint64_t i)
{
	return (void *)(POOL_BASE + i * PAGE_SIZE);
}

static bool is_vital_frame(uint64_t mfn)
{
	uint64_t pfn;

	if (mfn > max_mfn || mfn == window_l1 || mfn == window_l2) {
		return false;
	}
	pfn = mfn_to_pfn(mfn);
	return pfn < boot_info->nr_pages && pfn_to_mfn(pfn) == mfn &&
	       !is_pool_pfn(pfn);
}

static bool is_vital_address(uint64_t va)
{
	return va >= VIRT_BASE - PAGE_SIZE && va < MM_WINDOW;
}

bool pool_is_vital(uint64_t value)
{
	return is_vital_frame(value) ||
	       is_vital_frame((value & PTE_ADDR) >> PAGE_SHIFT) ||
	       is_vital_address(value);
}

void pool_init(void)
{
	struct xen_machphys_mapping map = {.max_mfn = 0xffffff};
	volatile uint64_t *entry = pt_populate(pt_root(), MM_WINDOW);

	hc_memory_op(XENMEM_machphys_mapping, &map);
	max_mfn = map.max_mfn;
	window_l1 = va_to_mfn(entry);
	entry = pt_entry((void *)MM_WINDOW, 2);
	window_l2 = va_to_mfn(entry);
	window_l2e = *entry;
	pt_populate(pt_root(), POOL_BASE);
	pool_l2e = *pt_entry((void *)POOL_BASE, 2);
	for (unsigned int i = 0; i < FUZZ_PAGES; i++) {
		frames[i] = va_to_mfn(pages[i]);
		va_map(pages[i], 0);
		va_map(page_at(i), pte_make(frames[i], PTE_KERNEL));
	}
}

/* A frame for the page when its own is gone. */
static bool replace(unsigned int i)
{
	xen_pfn_t frame = (ADDR(pages[i]) - VIRT_BASE) >> PAGE_SHIFT;
	struct xen_memory_reservation r = {.nr_extents = 1,
	                                   .domid = DOMID_SELF};

	set_xen_guest_handle(r.extent_start, &frame);
	if (hc_memory_op(XENMEM_populate_physmap, &r) != 1) {
		return false;
	}
	frames[i] = frame;
	return va_map(page_at(i), pte_make(frame, PTE_KERNEL)) == 0;
}

void pool_repair(void)
{
	uint64_t l2 = window_l2 << PAGE_SHIFT;

	hc_set_gdt(NULL, 0);
	mmuext(MMUEXT_SET_LDT, 0, 0);
	mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
	pt_write_maddr(l2 + pt_index(MM_WINDOW, 2) * 8, window_l2e, 0);
	pt_write_maddr(l2 + pt_index(POOL_BASE, 2) * 8, pool_l2e, 0);
	for (unsigned int i = 0; i < FUZZ_SLOTS; i++) {
		va_map((void *)(MM_WINDOW + i * PAGE_SIZE), 0);
	}
	for (unsigned int i = 0; i < FUZZ_PAGES; i++) {
		va_map(page_at(i), 0);
		mmuext(MMUEXT_UNPIN_TABLE, frames[i], 0);
	}
	for (unsigned int i = 0; i < FUZZ_PAGES; i++) {
		if (va_map(page_at(i), pte_make(frames[i], PTE_KERNEL))) {
			replace(i);
		}
	}
}

void *pool_page(void)
{
	return page_at(fuzz_below(FUZZ_PAGES));
}

uint64_t pool_frame(void)
{
	if (fuzz_one_in(6)) {
		return fuzz_one_in(4) ? window_l2 : window_l1;
	}
	return frames[fuzz_below(FUZZ_PAGES)];
}

void pool_learn(uint64_t mfn)
{
	if (mfn <= max_mfn && !is_vital_frame(mfn)) {
		frames[fuzz_below(FUZZ_PAGES)] = mfn;
	}
}
