/* SPDX-License-Identifier: MIT */
/*
 * Pinning: a page becomes a table of the level named when all it holds is
 * valid and nothing maps it writable; pinned once only; unpinned it can be
 * written again; L2 to L4 validate their subtrees.
 *
 * ABI: xen.h MMUEXT_PIN_L1_TABLE to UNPIN_TABLE.
 */
#include <guest/mm.h>
#include <guest/test.h>

static void empty_tables(void)
{
	for (unsigned int level = 1; level <= 4; level++) {
		void *table = page_alloc();

		check_rc(pin(level, table), -EINVAL, "L%u, mapped writable",
		         level);
		check_rc(page_make_ro(table), 0, "read-only");
		check_rc(unpin(table), -EINVAL, "unpin what is not pinned");
		check_rc(pin(level, table), 0, "pin L%u", level);
		check_rc(pin(level, table), -EINVAL, "pin L%u twice", level);
		check_rc(pin(level % 4 + 1, table), -EINVAL,
		         "pin L%u as another level", level);
		check_rc(page_make_rw(table), -EBUSY, "pinned L%u writable",
		         level);
		check_rc(unpin(table), 0, "unpin L%u", level);
		check_rc(page_make_rw(table), 0, "L%u writable again", level);
		page_free(table);
	}
}

static void contents(void)
{
	uint64_t *l1 = page_alloc(), *l2 = page_alloc();

	l1[5] = pte_make(va_to_mfn(l1), PTE_KERNEL);
	page_make_ro(l1);
	check_rc(pin(1, l1), -EBUSY, "an L1 that maps itself writable");
	page_make_rw(l1);
	l1[5] = pte_make(va_to_mfn(l2), PTE_KERNEL_R);
	l1[6] = pte_make(~0UL >> 12, PTE_KERNEL);
	page_make_ro(l1);
	check_rc(pin(1, l1), -EINVAL, "an L1 that maps no frame");
	page_make_rw(l1);
	l1[6] = 0xdeadbeef000;
	page_make_ro(l1);
	check_rc(pin(1, l1), 0, "an absent entry may hold anything");

	l2[9] = pte_make(va_to_mfn(l1), PTE_TABLE);
	page_make_ro(l2);
	check_rc(pin(2, l2), 0, "an L2 over a pinned L1");
	check_rc(unpin(l1), 0, "unpin the L1");
	check_rc(page_make_rw(l1), -EBUSY, "the L2 still holds it");
	check_rc(unpin(l2), 0, "unpin the L2");
	check_rc(page_make_rw(l1), 0, "now it is free");
	check_rc(page_make_rw(l2), 0, "and the L2");
	page_free(l1);
	page_free(l2);
}

static void errors(void)
{
	unsigned int done = 9;
	struct mmuext_op ops[2] = {{.cmd = MMUEXT_TLB_FLUSH_LOCAL},
	                           {.cmd = MMUEXT_UNPIN_TABLE}};

	ops[1].arg1.mfn = ~0UL >> 12;
	check_rc(hc_mmuext_op(ops, 2, &done, DOMID_SELF), -EINVAL,
	         "unpin no frame");
	check_eq(done, 1, "operations done");
	check_rc(mmuext(MMUEXT_PIN_L4_TABLE, ~0UL >> 12, 0), -EINVAL,
	         "pin no frame");
	check_rc(mmuext(MMUEXT_PIN_L1_TABLE, boot_info->shared_info >> 12, 0),
	         -EINVAL, "pin the shared info page");
	check_rc(mmuext(99, 0, 0), -ENOSYS, "unknown operation");
	check_rc(mmuext(MMUEXT_MARK_SUPER, 0, 0), -EOPNOTSUPP, "MARK_SUPER");
	check_rc(hc_mmuext_op((void *)8, 1, NULL, DOMID_SELF), -EFAULT,
	         "unreadable");
	check_rc(hc_mmuext_op(ops, 1, NULL, 0x1234), -ESRCH, "no such domain");
}

GUEST_TEST(mmuext_pin)
{
	empty_tables();
	contents();
	errors();
}
