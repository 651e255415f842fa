/* SPDX-License-Identifier: MIT */
/*
 * Makes page tables of all frames that nothing maps. A hypervisor that keeps
 * something beside each table of a recorded domain runs out of memory with it;
 * then it is this guest that goes, and the recording up to there that stays.
 *
 * ABI: xen.h MMUEXT_PIN_L1_TABLE; an empty frame is a valid table.
 */
#include <guest/boot.h>
#include <guest/mm.h>
#include <guest/test.h>

GUEST_TEST(hoarder)
{
	uint64_t pinned = 0;

	for (uint64_t pfn = mm_mapped_pages(); pfn < boot_info->nr_pages;
	     pfn++) {
		struct mmuext_op op = {.cmd = MMUEXT_PIN_L1_TABLE,
		                       .arg1.mfn = pfn_to_mfn(pfn)};

		check_rc(hc_mmuext_op(&op, 1, NULL, DOMID_SELF), 0, "pin %lu",
		         pfn);
		if (++pinned % 1000 == 0) {
			print("hoarder: %lu tables\n", pinned);
		}
	}
}
