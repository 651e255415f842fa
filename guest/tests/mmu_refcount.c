/* SPDX-License-Identifier: MIT */
/*
 * References and types do not leak: a page goes through every use thousands
 * of times, good and refused, and at the end it can still be anything.
 *
 * ABI: xen.h mmu_update, mmuext_op. A frame's type changes only when no
 * reference of the old type is left.
 */
#include <guest/mm.h>
#include <guest/test.h>

#define ROUNDS 3000

static void as_table(void *page, unsigned int level)
{
	page_make_ro(page);
	check_rc(pin(level, page), 0, "pin L%u", level);
	pin(level, page);
	page_make_rw(page);
	check_rc(unpin(page), 0, "unpin L%u", level);
	check_rc(page_make_rw(page), 0, "writable after L%u", level);
	/* An L4 got the hypervisor's entries, which no other level admits. */
	memset(page, 0, PAGE_SIZE);
}

/* An L2 whose last entry is bad: all that was validated must be undone. */
static void refused_tree(uint64_t *l1, uint64_t *l2)
{
	page_make_ro(l1);
	for (unsigned int i = 0; i < 511; i++) {
		l2[i] = pte_make(va_to_mfn(l1), PTE_TABLE);
	}
	l2[511] = pte_make(~0UL >> 12, PTE_TABLE);
	page_make_ro(l2);
	check_rc(pin(2, l2), -EINVAL, "tree with a bad last entry");
	check_rc(page_make_rw(l2), 0, "the L2 is no table");
	check_rc(page_make_rw(l1), 0, "the L1 is no table");
}

/* The same frame mapped writable by many entries, and one read-only. */
static void many_mappings(char *page)
{
	uint64_t mfn = va_to_mfn(page);

	for (unsigned int i = 0; i < 64; i++) {
		window_map(i, pte_make(mfn, PTE_KERNEL));
	}
	page_make_ro(page);
	check_rc(pin(1, page), -EINVAL, "still writable elsewhere");
	for (unsigned int i = 0; i < 63; i++) {
		window_map(i, 0);
	}
	check_rc(pin(1, page), -EINVAL, "one writable mapping left");
	window_map(63, pte_make(mfn, PTE_KERNEL_R));
	check_rc(pin(1, page), 0, "none left");
	unpin(page);
	window_map(63, 0);
	check_rc(page_make_rw(page), 0, "writable again");
}

GUEST_TEST(mmu_refcount)
{
	char *page = page_alloc();
	uint64_t *l1 = page_alloc(), *l2 = page_alloc();

	for (unsigned int i = 0; i < ROUNDS; i++) {
		as_table(page, i % 4 + 1);
		if (i % 100 == 0) {
			refused_tree(l1, l2);
			many_mappings(page);
			memset(l2, 0, PAGE_SIZE);
		}
	}
	page_free(l2);
	page_free(l1);
	page_free(page);
}
