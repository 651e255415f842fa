/* SPDX-License-Identifier: MIT */
/*
 * A guest starts, has the start_info it should have, prints and powers off.
 *
 * ABI: xen.h start_info and "start of day" memory layout; sched.h shutdown.
 */
#include <guest/mm.h>
#include <guest/test.h>

GUEST_TEST(hello)
{
	struct start_info *si = boot_info;
	char *stack = (char *)si->pt_base + si->nr_pt_frames * PAGE_SIZE;

	print("%s: %lu pages, flags %x, command line '%s'\n", si->magic,
	      si->nr_pages, si->flags, si->cmd_line);
	check(strncmp(si->magic, "xen-3.0-x86_64", 14) == 0, "magic '%s'",
	      si->magic);
	check(!(si->shared_info & ~PAGE_MASK), "shared_info %lx not aligned",
	      si->shared_info);
	check(!(si->pt_base & ~PAGE_MASK), "pt_base %lx", si->pt_base);
	check((uint64_t)si > VIRT_BASE, "start_info at %p", (void *)si);
	check((uint64_t)si < si->pt_base, "start_info above page tables");
	check(pte_of(stack) & PTE_W, "the boot stack follows the page tables");
	check_eq(mm_mapped_pages() * PAGE_SIZE % (4 << 20), 0,
	         "bootstrap mapping ends at 4 MiB");
	for (uint64_t i = 0; i < si->nr_pt_frames; i++) {
		uint64_t pte = pte_of((char *)si->pt_base + i * PAGE_SIZE);

		check(!(pte & PTE_W), "page table %lu is mapped writable", i);
	}
}
