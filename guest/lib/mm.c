/* SPDX-License-Identifier: MIT */
#include <guest/boot.h>
#include <guest/hypercall.h>
#include <guest/mm.h>
#include <guest/string.h>
#include <guest/test.h>

#define POOL_PAGES 1024

static char shared_info_page[PAGE_SIZE] __page;
static char pool[POOL_PAGES][PAGE_SIZE] __page;
static void *pool_free[POOL_PAGES];
static unsigned int pool_left;

volatile struct shared_info *const boot_shared_info =
	(volatile struct shared_info *)shared_info_page;

uint64_t pfn_to_mfn(uint64_t pfn)
{
	return ((uint64_t *)boot_info->mfn_list)[pfn];
}

uint64_t mfn_to_pfn(uint64_t mfn)
{
	return ((volatile uint64_t *)M2P_BASE)[mfn];
}

uint64_t va_to_mfn(const volatile void *va)
{
	return pfn_to_mfn(((uint64_t)va - VIRT_BASE) >> PAGE_SHIFT);
}

void *mfn_to_va(uint64_t mfn)
{
	return (void *)(VIRT_BASE + (mfn_to_pfn(mfn) << PAGE_SHIFT));
}

uint64_t mm_mapped_pages(void)
{
	uint64_t pages = (boot_info->nr_pt_frames - 3) * 512;

	return pages < boot_info->nr_pages ? pages : boot_info->nr_pages;
}

void mm_init(void)
{
	hc_update_va_mapping((uint64_t)shared_info_page,
	                     boot_info->shared_info | PTE_KERNEL, UVMF_INVLPG);
	for (unsigned int i = 0; i < POOL_PAGES; i++) {
		pool_free[pool_left++] = pool[POOL_PAGES - 1 - i];
	}
}

void *page_alloc(void)
{
	void *page;

	if (!pool_left) {
		test_error("out of pages");
	}
	page = pool_free[--pool_left];
	memset(page, 0, PAGE_SIZE);
	return page;
}

void page_free(void *page)
{
	pool_free[pool_left++] = page;
}
