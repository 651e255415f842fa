/* SPDX-License-Identifier: MIT */
/*
 * Grant tables over real page tables: who may map and copy what, that every
 * reference taken is given back, and that the frames and grants of all domains
 * pass the recount after each test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake/fake_core.h"
#include <hv/grant.h>
#include <mm/table.h>
#include <xen/grant_table.h>

#define CALL(fn, arg) fake_call(fn, &(arg), sizeof(arg))
#define HOST_PTE      (GNTMAP_host_map | GNTMAP_contains_pte)

static struct domain *d0, *d1; /* d1 grants, d0 maps */
static struct page *l1;        /* of d0: host mappings go here */
static struct page *granted;

static struct page *nth_frame(struct domain *d, unsigned int n)
{
	struct page *pg = CONTAINER_OF(d->pages.next, struct page, link);

	while (n-- > 0) {
		pg = CONTAINER_OF(pg->link.next, struct page, link);
	}
	return pg;
}

static struct grant_entry_v1 *entry(u32 ref)
{
	struct grant_entry_v1 *e = page_va(grant_frame(d1, ref / 512));

	return &e[ref % 512];
}

static void grant(u32 ref, const struct page *pg, u16 flags)
{
	*entry(ref) = (struct grant_entry_v1){
		.flags = GTF_permit_access | flags,
		.domid = d0->id,
		.frame = (u32)page_gmfn(pg),
	};
}

static int setup(void **state)
{
	(void)state;
	fake_core_reset();
	d0 = fake_domain(0, 1);
	d1 = fake_domain(1, 1);
	l1 = fake_tables(d0);
	granted = nth_frame(d1, 3);
	fake_enter(d0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return mm_audit() == 0 ? 0 : -1;
}

static void kill_domain(struct domain *d)
{
	int err;

	do {
		err = domain_kill(d);
	} while (err == -XEN_ERESTART);
	assert_int_equal(err, 0);
}

static u64 pte_addr(unsigned int n)
{
	return page_pa(l1) + n * sizeof(u64);
}

static u64 pte(unsigned int n)
{
	return ((const u64 *)page_va(l1))[n];
}

static struct gnttab_map_grant_ref map(u32 ref, u32 flags, u64 addr)
{
	struct gnttab_map_grant_ref op = {
		.host_addr = addr, .flags = flags, .ref = ref, .dom = 1};

	assert_int_equal(fake_call_args(hc_grant_map, 0, (u64)&op, 1), 0);
	return op;
}

static s16 map_status(u32 ref, u32 flags, u64 addr)
{
	return map(ref, flags, addr).status;
}

static s16 unmap(u32 handle, u64 addr, u64 dev)
{
	struct gnttab_unmap_grant_ref op = {
		.host_addr = addr, .dev_bus_addr = dev, .handle = handle};

	assert_int_equal(fake_call_args(hc_grant_unmap, 0, (u64)&op, 1), 0);
	return op.status;
}

static void a_map_and_its_end(void **state)
{
	u32 refs = granted->refs;
	struct gnttab_map_grant_ref m;

	(void)state;
	grant(8, granted, 0);
	m = map(8, HOST_PTE | GNTMAP_application_map | 1U << 16, pte_addr(9));
	assert_int_equal(m.status, GNTST_okay);
	assert_true(m.dev_bus_addr == page_pa(granted));
	assert_true((pte(9) & PTE_FRAME) == page_pa(granted));
	assert_true((pte(9) & (PTE_P | PTE_RW | PTE_U | 0xe00)) ==
	            (PTE_P | PTE_RW | PTE_U | 0x200));
	assert_int_equal(granted->type, PGT_WRITABLE);
	assert_int_equal(entry(8)->flags,
	                 GTF_permit_access | GTF_reading | GTF_writing);
	assert_int_equal(mm_audit(), 0);
	assert_int_equal(unmap(m.handle, pte_addr(9), 0), GNTST_okay);
	assert_true(pte(9) == 0);
	assert_int_equal(entry(8)->flags, GTF_permit_access);
	assert_int_equal(granted->refs, refs);
	assert_int_equal(unmap(m.handle, pte_addr(9), 0), GNTST_bad_handle);
}

static void a_map_by_address(void **state)
{
	struct gnttab_map_grant_ref m;

	(void)state;
	grant(8, granted, GTF_readonly);
	m = map(8, GNTMAP_host_map | GNTMAP_readonly, FAKE_VA + 5 * PAGE_SIZE);
	assert_int_equal(m.status, GNTST_okay);
	assert_true((pte(5) & PTE_FRAME) == page_pa(granted));
	assert_false(pte(5) & PTE_RW);
	assert_true(pte(5) & PTE_GUEST_KERNEL);
	assert_int_equal(entry(8)->flags,
	                 GTF_permit_access | GTF_readonly | GTF_reading);
	assert_int_equal(unmap(m.handle, FAKE_VA + 6 * PAGE_SIZE, 0),
	                 GNTST_general_error);
	assert_int_equal(unmap(m.handle, FAKE_VA + 5 * PAGE_SIZE, 0),
	                 GNTST_okay);
}

static void what_is_not_granted(void **state)
{
	(void)state;
	grant(8, granted, GTF_readonly);
	assert_int_equal(map_status(8, HOST_PTE, pte_addr(9)),
	                 GNTST_general_error);
	assert_int_equal(map_status(9, HOST_PTE, pte_addr(9)),
	                 GNTST_general_error);
	assert_int_equal(map_status(512, HOST_PTE, pte_addr(9)),
	                 GNTST_bad_gntref);
	assert_int_equal(map_status(~0U, HOST_PTE, pte_addr(9)),
	                 GNTST_bad_gntref);
	assert_int_equal(map_status(8, GNTMAP_readonly, pte_addr(9)),
	                 GNTST_bad_gntref);
	entry(8)->domid = 7;
	assert_int_equal(map_status(8, HOST_PTE | GNTMAP_readonly, pte_addr(9)),
	                 GNTST_general_error);
	grant(8, nth_frame(d0, 2), 0); /* not d1's to grant */
	assert_int_equal(map_status(8, HOST_PTE, pte_addr(9)), GNTST_bad_page);
	entry(8)->frame = ~0U;
	assert_int_equal(map_status(8, HOST_PTE, pte_addr(9)), GNTST_bad_page);
	assert_int_equal(entry(8)->flags, GTF_permit_access);
	assert_true(pte(9) == 0);
}

static void where_no_mapping_goes(void **state)
{
	(void)state;
	grant(8, granted, 0);
	assert_int_equal(map_status(8, HOST_PTE, pte_addr(9) + 4),
	                 GNTST_general_error);
	assert_int_equal(map_status(8, HOST_PTE, page_pa(nth_frame(d0, 1))),
	                 GNTST_general_error);
	assert_int_equal(map_status(8, HOST_PTE, page_pa(nth_frame(d1, 1))),
	                 GNTST_general_error);
	assert_int_equal(map_status(8, HOST_PTE, ~7UL), GNTST_general_error);
	assert_int_equal(map_status(8, GNTMAP_host_map, 0x123456789000),
	                 GNTST_general_error);
	assert_int_equal(map_status(8, GNTMAP_host_map, HV_RANGE_START),
	                 GNTST_general_error);
	assert_int_equal(entry(8)->flags, GTF_permit_access);
}

static void page_tables_are_not_writable(void **state)
{
	struct page *table = fake_tables(d1);
	struct gnttab_map_grant_ref m;

	(void)state;
	grant(8, table, 0);
	assert_int_equal(map_status(8, HOST_PTE, pte_addr(9)),
	                 GNTST_general_error);
	assert_int_equal(entry(8)->flags, GTF_permit_access);
	m = map(8, HOST_PTE | GNTMAP_readonly, pte_addr(9));
	assert_int_equal(m.status, GNTST_okay);
	assert_int_equal(unmap(m.handle, pte_addr(9), 0), GNTST_okay);
}

static void halves_go_one_by_one(void **state)
{
	struct gnttab_map_grant_ref m;

	(void)state;
	grant(8, granted, 0);
	m = map(8, HOST_PTE | GNTMAP_device_map, pte_addr(9));
	assert_int_equal(m.status, GNTST_okay);
	assert_int_equal(unmap(m.handle, 0, 0), GNTST_okay);
	assert_int_equal(unmap(m.handle, 0, page_pa(granted) + 4096),
	                 GNTST_general_error);
	assert_int_equal(unmap(m.handle, 0, page_pa(granted)), GNTST_okay);
	assert_int_equal(unmap(m.handle, 0, page_pa(granted)), GNTST_okay);
	assert_int_equal(mm_audit(), 0);
	assert_int_equal(entry(8)->flags,
	                 GTF_permit_access | GTF_reading | GTF_writing);
	assert_int_equal(unmap(m.handle, pte_addr(9), 0), GNTST_okay);
	assert_int_equal(entry(8)->flags, GTF_permit_access);
}

static void an_entry_may_change_under_a_map(void **state)
{
	struct gnttab_map_grant_ref m;

	(void)state;
	grant(8, granted, 0);
	m = map(8, HOST_PTE, pte_addr(9));
	/* The next map gets the frame of the first, whatever it says now. */
	entry(8)->frame = (u32)page_gmfn(nth_frame(d1, 20));
	assert_int_equal(map_status(8, HOST_PTE, pte_addr(10)), GNTST_okay);
	assert_true((pte(10) & PTE_FRAME) == page_pa(granted));
	entry(8)->domid = 5;
	assert_int_equal(map_status(8, HOST_PTE, pte_addr(11)),
	                 GNTST_general_error);
	entry(8)->flags = 0;
	assert_int_equal(unmap(m.handle, pte_addr(9), 0), GNTST_okay);
	assert_int_equal(unmap(m.handle + 1, pte_addr(10), 0), GNTST_okay);
	assert_int_equal(mm_audit(), 0);
}

static void a_lost_entry_keeps_its_handle(void **state)
{
	struct gnttab_map_grant_ref m;

	(void)state;
	grant(8, granted, 0);
	m = map(8, HOST_PTE, pte_addr(9));
	assert_int_equal(table_update(l1, 9, 0, d0, false), 0);
	assert_int_equal(unmap(m.handle, pte_addr(9), 0), GNTST_general_error);
	assert_int_equal(mm_audit(), 0);
	kill_domain(d0);
	assert_int_equal(entry(8)->flags, GTF_permit_access);
}

static void a_mapper_dies(void **state)
{
	(void)state;
	grant(8, granted, 0);
	for (unsigned int i = 0; i < 300; i++) {
		assert_int_equal(map_status(8, HOST_PTE | GNTMAP_device_map,
		                            pte_addr(1 + i)),
		                 GNTST_okay);
	}
	assert_int_equal(mm_audit(), 0);
	kill_domain(d0);
	assert_null(domain_find(0));
	assert_int_equal(entry(8)->flags, GTF_permit_access);
	assert_int_equal(granted->refs, 1);
}

static void a_granter_dies(void **state)
{
	struct gnttab_map_grant_ref m;

	(void)state;
	grant(8, granted, 0);
	m = map(8, HOST_PTE, pte_addr(9));
	kill_domain(d1);
	assert_ptr_equal(domain_find(1), d1);
	assert_int_equal(map_status(8, HOST_PTE, pte_addr(10)),
	                 GNTST_bad_domain);
	assert_int_equal(mm_audit(), 0);
	assert_true((pte(9) & PTE_FRAME) == page_pa(granted));
	assert_int_equal(unmap(m.handle, pte_addr(9), 0), GNTST_okay);
	assert_null(domain_find(1));
}

static void a_domain_maps_its_own(void **state)
{
	struct gnttab_map_grant_ref op = {
		.host_addr = pte_addr(9), .flags = HOST_PTE, .ref = 3};
	struct grant_entry_v1 *e = page_va(grant_frame(d0, 0));

	(void)state;
	e[3] = (struct grant_entry_v1){GTF_permit_access, 0,
	                               (u32)page_gmfn(nth_frame(d0, 5))};
	assert_int_equal(fake_call_args(hc_grant_map, 0, (u64)&op, 1), 0);
	assert_int_equal(op.status, GNTST_okay);
	assert_int_equal(unmap(op.handle, pte_addr(9), 0), GNTST_okay);
}

static void handles_run_out(void **state)
{
	u32 last = 0;
	s16 status;

	(void)state;
	grant(8, granted, 0);
	do {
		struct gnttab_map_grant_ref m = map(8, GNTMAP_device_map, 0);

		status = m.status;
		last = status == GNTST_okay ? m.handle : last;
	} while (status == GNTST_okay);
	assert_int_equal(status, GNTST_no_space);
	assert_int_equal(last, 65535);
	assert_int_equal(unmap(last, 0, page_pa(granted)), GNTST_okay);
	assert_int_equal(map(8, GNTMAP_device_map, 0).handle, last);
	assert_int_equal(unmap(65536, 0, 1), GNTST_bad_handle);
	assert_int_equal(mm_audit(), 0);
}

static void long_arrays_are_cut(void **state)
{
	static struct gnttab_map_grant_ref op[200];
	unsigned int calls = 0;
	struct hc_frame f = {.args = {0, (u64)op, ARRAY_SIZE(op)}};

	(void)state;
	grant(8, granted, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(op); i++) {
		op[i] = (struct gnttab_map_grant_ref){.host_addr =
		                                              pte_addr(i + 1),
		                                      .flags = HOST_PTE,
		                                      .ref = 8 + i % 2,
		                                      .dom = 1};
	}
	while (hc_grant_map(fake.loaded, &f) == HC_RESTART) {
		calls++;
		assert_int_equal(f.args[2], ARRAY_SIZE(op) - 64 * calls);
	}
	assert_int_equal(calls, 3);
	for (unsigned int i = 0; i < ARRAY_SIZE(op); i++) {
		assert_int_equal(op[i].status,
		                 i % 2 ? GNTST_general_error : GNTST_okay);
	}
}

static struct gnttab_copy copy(void)
{
	return (struct gnttab_copy){
		.source = {.u.ref = 8, .domid = 1, .offset = 100},
		.dest = {.u.gmfn = page_gmfn(nth_frame(d0, 2)),
	                 .domid = DOMID_SELF,
	                 .offset = 4000},
		.len = 96,
		.flags = GNTCOPY_source_gref};
}

static s16 run_copy(struct gnttab_copy op)
{
	assert_int_equal(fake_call_args(hc_grant_copy, 0, (u64)&op, 1), 0);
	return op.status;
}

static void copies(void **state)
{
	struct gnttab_copy op = copy();
	u8 *src = page_va(granted), *dst = page_va(nth_frame(d0, 2));

	(void)state;
	grant(8, granted, GTF_readonly);
	memset(src + 100, 0x5a, 96);
	assert_int_equal(run_copy(op), GNTST_okay);
	assert_memory_equal(dst + 4000, src + 100, 96);
	assert_int_equal(entry(8)->flags, GTF_permit_access | GTF_readonly);
	op.len = 97;
	assert_int_equal(run_copy(op), GNTST_bad_copy_arg);
	op = copy();
	op.source.offset = 0xffff;
	op.len = 0xffff;
	assert_int_equal(run_copy(op), GNTST_bad_copy_arg);
	op = copy();
	op.source.u.ref = 4444;
	assert_int_equal(run_copy(op), GNTST_bad_gntref);
	op = copy();
	op.dest.domid = 1;
	assert_int_equal(run_copy(op), GNTST_permission_denied);
	op = copy();
	op.dest.u.gmfn = page_gmfn(l1);
	assert_int_equal(run_copy(op), GNTST_bad_page);
	op.dest.u.gmfn = page_gmfn(granted);
	assert_int_equal(run_copy(op), GNTST_bad_page);
	/* Writing to what is granted for reading. */
	op = copy();
	op.dest = op.source;
	op.flags |= GNTCOPY_dest_gref;
	op.dest.offset = 0;
	assert_int_equal(run_copy(op), GNTST_general_error);
	grant(8, granted, 0);
	assert_int_equal(run_copy(op), GNTST_okay);
	assert_memory_equal(src, src + 100, 96);
}

static void the_table_grows(void **state)
{
	u64 list[4] = {0};
	struct gnttab_setup_table a = {.dom = DOMID_SELF, .nr_frames = 3};
	struct gnttab_query_size q = {.dom = DOMID_SELF};

	(void)state;
	a.frame_list.p = (void *)list;
	fake_enter(d1);
	assert_int_equal(CALL(hc_grant_setup_table, a), 0);
	assert_int_equal(a.status, GNTST_okay);
	assert_true(list[2] != 0 && list[3] == 0);
	assert_ptr_equal(domain_frame(d1, list[2])->owner, d1);
	assert_int_equal(CALL(hc_grant_query_size, q), 0);
	assert_int_equal(q.nr_frames, 3);
	assert_int_equal(q.max_nr_frames, 4);
	a.nr_frames = 5;
	assert_int_equal(CALL(hc_grant_setup_table, a), 0);
	assert_int_equal(a.status, GNTST_general_error);
	a.dom = 0;
	assert_int_equal(CALL(hc_grant_setup_table, a), 0);
	assert_int_equal(a.status, GNTST_permission_denied);
	assert_null(grant_frame(d1, 4));
	assert_int_equal(d1->s.grant_frames, 3);
}

static void random_op(u32 *handles, u64 *addrs)
{
	unsigned int slot = (unsigned int)rand() % 32;
	u32 ref = (u32)(rand() % 10);
	u32 flags = (u32)rand() & 7;
	struct gnttab_map_grant_ref m;

	switch (rand() % 4) {
	case 0:
		grant(ref, nth_frame(d1, (unsigned int)rand() % 8),
		      rand() % 2 ? GTF_readonly : 0);
		break;
	case 1:
		m = map(ref, flags | GNTMAP_contains_pte, pte_addr(1 + slot));
		if (m.status == GNTST_okay) {
			handles[slot] = m.handle;
			addrs[slot] = m.dev_bus_addr;
		}
		break;
	case 2:
		unmap(handles[slot], pte_addr(1 + slot), addrs[slot]);
		break;
	default:
		mm_refill();
		(void)!table_update(l1, 1 + slot, 0, d0, false);
		break;
	}
}

static void any_sequence_passes_the_recount(void **state)
{
	u32 handles[32] = {0};
	u64 addrs[32] = {0};

	(void)state;
	srand(2);
	for (unsigned int i = 0; i < 6000; i++) {
		random_op(handles, addrs);
		if (i % 200 == 0) {
			assert_int_equal(mm_audit(), 0);
		}
	}
	kill_domain(rand() % 2 ? d0 : d1);
	assert_int_equal(mm_audit(), 0);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_map_and_its_end),
		TEST(a_map_by_address),
		TEST(what_is_not_granted),
		TEST(where_no_mapping_goes),
		TEST(page_tables_are_not_writable),
		TEST(halves_go_one_by_one),
		TEST(an_entry_may_change_under_a_map),
		TEST(a_lost_entry_keeps_its_handle),
		TEST(a_mapper_dies),
		TEST(a_granter_dies),
		TEST(a_domain_maps_its_own),
		TEST(handles_run_out),
		TEST(long_arrays_are_cut),
		TEST(copies),
		TEST(the_table_grows),
		TEST(any_sequence_passes_the_recount),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
