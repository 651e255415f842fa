/* SPDX-License-Identifier: MIT */
/*
 * Grants of the domain to itself, version 1: query_size, setup_table, map
 * read-write and read-only, unmap, copy; and the status of each misuse.
 *
 * ABI: grant_table.h.
 */
#include <guest/event.h>
#include <guest/grant.h>
#include <guest/mm.h>
#include <guest/test.h>

#define REF 20

static char shared[PAGE_SIZE] __page;

static void setup(void)
{
	struct gnttab_query_size size = {.dom = DOMID_SELF};
	struct gnttab_get_version version = {.dom = DOMID_SELF};

	check_rc(hc_grant_table_op(GNTTABOP_query_size, &size, 1), 0, "query");
	check_rc(size.status, GNTST_okay, "status of query_size");
	check_rc(hc_grant_table_op(GNTTABOP_get_version, &version, 1), 0,
	         "get_version");
	check_eq(version.version, 1, "version");
	check(size.max_nr_frames >= 1, "%u frames", size.max_nr_frames);
	check(size.nr_frames <= size.max_nr_frames, "%u of %u frames",
	      size.nr_frames, size.max_nr_frames);
}

static void map_and_unmap(void)
{
	volatile char *at = window_map(3, 0);
	struct gnttab_map_grant_ref map = grant_map_op((uint64_t)at, REF, 0);

	shared[7] = 42;
	grant_entry(REF, va_to_mfn(shared), 0);
	check_rc(hc_grant_table_op(GNTTABOP_map_grant_ref, &map, 1), 0, "map");
	if (!check_rc(map.status, GNTST_okay, "status of map")) {
		return;
	}
	check_eq((uint64_t)at[7], 42, "the granted page at its new place");
	at[8] = 43;
	check_eq((uint64_t)shared[8], 43, "written through the mapping");
	check_eq(map.dev_bus_addr, va_to_mfn(shared) << PAGE_SHIFT,
	         "machine address");
	check_eq(grant_flags(REF) & (GTF_reading | GTF_writing),
	         GTF_reading | GTF_writing, "in-use flags");
	check_rc(grant_unmap(map.handle, (uint64_t)at), GNTST_okay, "unmap");
	check_eq(grant_flags(REF) & (GTF_reading | GTF_writing), 0,
	         "in-use flags after unmap");
	check_eq(PROBE("movb (%0), %%al", ::"r"(at)
	               : "rax"),
	         EXC(VEC_PF, 0), "the place after unmap");
	check_rc(grant_unmap(map.handle, (uint64_t)at), GNTST_bad_handle,
	         "unmap again");
}

static void read_only(void)
{
	volatile char *at = window_map(3, 0);
	struct gnttab_map_grant_ref map = grant_map_op((uint64_t)at, REF, 0);

	grant_entry(REF, va_to_mfn(shared), GTF_readonly);
	hc_grant_table_op(GNTTABOP_map_grant_ref, &map, 1);
	check_rc(map.status, GNTST_general_error, "writable map of read-only");
	map = grant_map_op((uint64_t)at, REF, GNTMAP_readonly);
	hc_grant_table_op(GNTTABOP_map_grant_ref, &map, 1);
	check_rc(map.status, GNTST_okay, "read-only map");
	check_eq(PROBE("movb $1, (%0)", ::"r"(at)
	               : "memory"),
	         EXC(VEC_PF, PF_WRITE | PF_PRESENT), "write to it");
	check_eq(grant_flags(REF) & (GTF_reading | GTF_writing), GTF_reading,
	         "in-use flags");
	check_rc(grant_unmap(map.handle, (uint64_t)at), GNTST_okay, "unmap");
}

static void map_errors(void)
{
	uint64_t at = (uint64_t)window_map(3, 0);
	struct gnttab_map_grant_ref map = grant_map_op(at, 1U << 20, 0);

	hc_grant_table_op(GNTTABOP_map_grant_ref, &map, 1);
	check_rc(map.status, GNTST_bad_gntref, "reference out of range");
	map = grant_map_op(at, REF + 1, 0);
	hc_grant_table_op(GNTTABOP_map_grant_ref, &map, 1);
	check_rc(map.status, GNTST_general_error, "an empty entry");
	map = grant_map_op(at, REF, 0);
	map.dom = 0x1234;
	hc_grant_table_op(GNTTABOP_map_grant_ref, &map, 1);
	check_rc(map.status, GNTST_bad_domain, "a domain that is not there");
	grant_entry(REF, ~0U, 0);
	map = grant_map_op(at, REF, 0);
	hc_grant_table_op(GNTTABOP_map_grant_ref, &map, 1);
	check(map.status < 0, "a frame that is not there: %d", map.status);
	check_eq(grant_flags(REF) & (GTF_reading | GTF_writing), 0,
	         "in-use flags after a refused map");
	check_rc(grant_unmap(12345, at), GNTST_bad_handle, "unmap of nothing");
	check_rc(hc_grant_table_op(GNTTABOP_map_grant_ref, (void *)8, 1),
	         -EFAULT, "unreadable");
	check_rc(hc_grant_table_op(77, &map, 1), -ENOSYS, "unknown operation");
}

GUEST_TEST(grants)
{
	setup();
	if (!grant_init()) {
		test_skip("no grant table");
		return;
	}
	map_and_unmap();
	read_only();
	map_errors();
}
