/* SPDX-License-Identifier: MIT */
/*
 * GNTTABOP_copy between own frames and own grants: parts of pages, both
 * directions, and the errors for spans that leave the page, for writes to
 * a read-only grant and for entries that grant nothing.
 *
 * ABI: grant_table.h gnttab_copy.
 */
#include <guest/event.h>
#include <guest/grant.h>
#include <guest/mm.h>
#include <guest/test.h>

#define REF 24

static char from[PAGE_SIZE] __page, to[PAGE_SIZE] __page;

/* Copies to (or out of) the grant REF, the other side being a frame. */
static int copy(bool to_grant, void *frame, unsigned int frame_off,
                unsigned int grant_off, unsigned int len)
{
	struct gnttab_copy op = {.len = (uint16_t)len};
	uint64_t mfn = va_to_mfn(frame);

	if (to_grant) {
		op.source.u.gmfn = mfn;
		op.source.domid = DOMID_SELF;
		op.source.offset = (uint16_t)frame_off;
		op.dest.u.ref = REF;
		op.dest.domid = grant_own_domid();
		op.dest.offset = (uint16_t)grant_off;
		op.flags = GNTCOPY_dest_gref;
	} else {
		op.dest.u.gmfn = mfn;
		op.dest.domid = DOMID_SELF;
		op.dest.offset = (uint16_t)frame_off;
		op.source.u.ref = REF;
		op.source.domid = grant_own_domid();
		op.source.offset = (uint16_t)grant_off;
		op.flags = GNTCOPY_source_gref;
	}
	check_rc(hc_grant_table_op(GNTTABOP_copy, &op, 1), 0, "copy");
	return op.status;
}

GUEST_TEST(grant_copy)
{
	if (!grant_init()) {
		test_skip("no grant table");
		return;
	}
	for (unsigned int i = 0; i < PAGE_SIZE; i++) {
		from[i] = (char)i;
	}
	grant_entry(REF, va_to_mfn(to), 0);
	check_rc(copy(true, from, 16, 100, 200), GNTST_okay, "to the grant");
	check_eq((uint64_t)memcmp(to + 100, from + 16, 200), 0, "bytes");
	check_eq((uint64_t)to[99] | (uint64_t)to[300], 0, "bytes around");
	memset(from, 0, PAGE_SIZE);
	check_rc(copy(false, from, 0, 100, 200), GNTST_okay, "from the grant");
	check_eq((uint64_t)memcmp(to + 100, from, 200), 0, "bytes back");
	check_rc(copy(true, from, 4000, 0, 200), GNTST_bad_copy_arg,
	         "source leaves its page");
	check_rc(copy(true, from, 0, 4000, 200), GNTST_bad_copy_arg,
	         "destination leaves its page");
	check_rc(copy(true, from, 0, 0, 0), GNTST_okay, "nothing");
	grant_entry(REF, va_to_mfn(to), GTF_readonly);
	check_rc(copy(true, from, 0, 0, 8), GNTST_general_error,
	         "to a read-only grant");
	check_rc(copy(false, from, 0, 0, 8), GNTST_okay,
	         "from a read-only grant");
	grant_clear(REF);
	check_rc(copy(false, from, 0, 0, 8), GNTST_general_error,
	         "from an empty entry");
}
