/* SPDX-License-Identifier: MIT */
/*
 * The layout of a new domain's memory: Debian's kernel laid out as Xen's own
 * builder does it, and for random requests the promises of xen.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "boot_fake.h"
#include <arch/layout.h>
#include <hv/boot_layout.h>
#include <hv/lib.h>

#define MIB_PAGES 256UL

static const struct boot_layout_request debian = {
	.virt_base = 0xffffffff80000000,
	.kernel_end = 0x4a00000,
	.nr_pages = 256 * MIB_PAGES,
	.initrd_size = 5000000,
	.initrd_unmapped = true,
	.p2m_apart = true,
	.p2m_va = 0x8000000000,
	.console = true,
};

static void test_debian(void **state)
{
	struct boot_layout l;

	(void)state;
	assert_int_equal(boot_layout_plan(&l, &debian), 0);
	assert_int_equal(l.start_info_pfn, 0x4a00);
	assert_int_equal(l.console_pfn, 0x4a01);
	assert_int_equal(l.tables_pfn, 0x4a02);
	assert_int_equal(l.nr_tables, 41);
	assert_int_equal(l.stack_pfn, 0x4a02 + 41);
	assert_int_equal(l.end_pfn, 0x4c00);
	assert_int_equal(l.initrd_pfn, 0x4c00);
	assert_int_equal(l.nr_initrd, 1221);
	assert_int_equal(l.p2m_pfn, 0x4c00 + 1221);
	assert_int_equal(l.nr_p2m, 128);
	assert_int_equal(l.nr_p2m_tables, 3);
}

/* Without the two notes, both lie in the mapping, before start_info. */
static void test_all_mapped(void **state)
{
	struct boot_layout_request r = debian;
	struct boot_layout l;

	(void)state;
	r.initrd_unmapped = false;
	r.p2m_apart = false;
	r.console = false;
	assert_int_equal(boot_layout_plan(&l, &r), 0);
	assert_int_equal(l.initrd_pfn, 0x4a00);
	assert_int_equal(l.p2m_pfn, 0x4a00 + 1221);
	assert_int_equal(l.start_info_pfn, 0x4a00 + 1221 + 128);
	assert_int_equal(l.console_pfn, 0);
	assert_int_equal(l.tables_pfn, l.start_info_pfn + 1);
	assert_int_equal(l.nr_p2m_tables, 0);
}

/* A list that would share tables with the mapping goes into it. */
static void test_p2m_in_the_way(void **state)
{
	static const u64 addresses[] = {0xffffffff80000000, 0xffffff8000000000,
	                                HV_RANGE_START,     0x800000000000,
	                                0x8000000800,       ~0UL << 12};
	struct boot_layout l;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(addresses); i++) {
		struct boot_layout_request r = debian;

		r.p2m_va = addresses[i];
		assert_int_equal(boot_layout_plan(&l, &r), 0);
		assert_false(l.p2m_apart);
		assert_true(l.p2m_pfn < l.end_pfn);
	}
}

static void assert_refused(const struct boot_layout_request *r,
                           const char *because)
{
	struct boot_layout l;

	boot_fake_lines = 0;
	assert_int_not_equal(boot_layout_plan(&l, r), 0);
	assert_int_equal(boot_fake_lines, 1);
	if (!strstr(boot_fake_line, because)) {
		fail_msg("\"%s\" does not say \"%s\"", boot_fake_line, because);
	}
}

static void test_too_little_memory(void **state)
{
	struct boot_layout_request r = debian;

	(void)state;
	r.nr_pages = 64 * MIB_PAGES;
	assert_refused(&r, "kernel of 74 MiB");
	r.nr_pages = 74 * MIB_PAGES;
	assert_refused(&r, "page tables need 75");
	r.nr_pages = 76 * MIB_PAGES;
	assert_refused(&r, "initrd and frame list need 81");
	r = debian;
	r.initrd_size = ~0UL;
	assert_refused(&r, "do not fit");
	r = debian;
	r.kernel_end = ~0UL;
	assert_refused(&r, "do not fit");
	r = debian;
	r.nr_pages = ~0UL;
	assert_refused(&r, "do not fit");
}

static void test_addresses_not_the_guests(void **state)
{
	static const u64 bases[] = {
		HV_RANGE_START,           HV_RANGE_START - 0x400000 - PAGE_SIZE,
		0x7fffffff0000,           0x800000000000,
		0xfffffffffff00000,       0xffffffff80000010,
		HV_RANGE_END - PAGE_SIZE, ~0UL};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bases); i++) {
		struct boot_layout_request r = debian;

		r.virt_base = bases[i];
		assert_refused(&r, "not the guest's to use");
	}
}

/* Bytes of address space below one entry of a table of @level. */
static u64 span(unsigned int level)
{
	return 1UL << (12 + 9 * level);
}

/* Counts the tables of a range by visiting every page of it. */
static u64 count_tables(u64 va, u64 pages)
{
	u64 last[4] = {0}, n = 0;
	bool any = false;

	for (u64 i = 0; i < pages; i++, va += PAGE_SIZE) {
		for (unsigned int level = 1; level <= 3; level++) {
			u64 table = va / span(level);

			if (!any || table != last[level]) {
				n++;
			}
			last[level] = table;
		}
		any = true;
	}
	return n;
}

static void check_promises(const struct boot_layout_request *r,
                           const struct boot_layout *l)
{
	u64 next = l->kernel_end_pfn;

	assert_true(l->kernel_end_pfn << 12 >= r->kernel_end);
	if (l->nr_initrd && !l->initrd_unmapped) {
		assert_int_equal(l->initrd_pfn, next);
		next += l->nr_initrd;
	}
	if (!l->p2m_apart) {
		assert_int_equal(l->p2m_pfn, next);
		next += l->nr_p2m;
	}
	assert_int_equal(l->start_info_pfn, next++);
	if (r->console) {
		assert_int_equal(l->console_pfn, next++);
	}
	assert_int_equal(l->tables_pfn, next);
	assert_int_equal(l->nr_tables,
	                 1 + count_tables(l->virt_base, l->end_pfn));
	next += l->nr_tables;
	assert_int_equal(l->stack_pfn, next++);
	assert_true(l->end_pfn >= next + 128);
	assert_true(l->end_pfn == l->nr_pages ||
	            boot_layout_va(l, l->end_pfn) % 0x400000 == 0);
	next = l->end_pfn;
	if (l->initrd_unmapped) {
		assert_int_equal(l->initrd_pfn, next);
		next += l->nr_initrd;
	}
	if (l->p2m_apart) {
		assert_int_equal(l->p2m_pfn, next);
		next += l->nr_p2m;
		assert_int_equal(l->p2m_tables_pfn, next);
		assert_int_equal(l->nr_p2m_tables,
		                 count_tables(l->p2m_va, l->nr_p2m));
		next += l->nr_p2m_tables;
	}
	assert_true(next <= l->nr_pages);
	assert_true(l->nr_p2m * 512 >= l->nr_pages);
	assert_true(l->nr_initrd << 12 >= r->initrd_size);
}

static void test_promises(void **state)
{
	unsigned long seed = 4;
	unsigned int planned = 0;

	(void)state;
	for (unsigned int round = 0; round < 3000; round++) {
		struct boot_layout_request r = {
			.virt_base = boot_fake_random(&seed) % 2
		                             ? boot_fake_random(&seed) %
		                                               (1UL << 46) &
		                                       PAGE_MASK
		                             : 0xffffffff80000000,
			.kernel_end = boot_fake_random(&seed) % (32UL << 20),
			.nr_pages = boot_fake_random(&seed) % 20000,
			.initrd_size = boot_fake_random(&seed) % (16UL << 20),
			.initrd_unmapped = boot_fake_random(&seed) % 2,
			.p2m_apart = boot_fake_random(&seed) % 2,
			.p2m_va = boot_fake_random(&seed) % (1UL << 47) &
		                  PAGE_MASK,
			.console = boot_fake_random(&seed) % 2,
		};
		struct boot_layout l;

		if (boot_layout_plan(&l, &r) == 0) {
			check_promises(&r, &l);
			planned++;
		}
	}
	assert_true(planned > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_debian),
		cmocka_unit_test(test_all_mapped),
		cmocka_unit_test(test_p2m_in_the_way),
		cmocka_unit_test(test_too_little_memory),
		cmocka_unit_test(test_addresses_not_the_guests),
		cmocka_unit_test(test_promises),
	};

	return cmocka_run_group_tests_name("boot layout", tests, NULL, NULL);
}
