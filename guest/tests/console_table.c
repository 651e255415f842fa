/* SPDX-License-Identifier: MIT */
/*
 * The frame of the console ring as a page table: the backend leaves it alone.
 * What lies where the ring's indices were is an absent entry, which may hold
 * anything; writing an index there would make it a present one.
 */
#include <guest/boot.h>
#include <guest/hypercall.h>
#include <guest/mm.h>
#include <guest/string.h>
#include <guest/test.h>
#include <xen/io/console.h>

GUEST_TEST(console_table)
{
	struct evtchn_send send = {.port = boot_info->console.domU.evtchn};
	volatile struct xencons_interface *ring;

	if (boot_is_initial() || !send.port) {
		test_skip("the initial domain has no console ring");
		return;
	}
	ring = mfn_to_va(boot_info->console.domU.mfn);
	/* All bytes are even, so that every entry is an absent one. */
	memset((void *)ring, 0, PAGE_SIZE);
	memset((void *)ring->out, '\n', 0x67);
	ring->out_prod = 0x67;
	check_rc(page_make_ro(ring), 0, "the ring read-only");
	check_rc(pin(1, (const void *)ring), 0, "the ring as an L1 table");
	check_rc(hc_event_channel_op(EVTCHNOP_send, &send), 0, "notify");
	check_eq(ring->out_cons, 0, "entry of the table, low half");
	check_eq(ring->out_prod, 0x67, "entry of the table, high half");
	check_rc(unpin((const void *)ring), 0, "a table no more");
	check_rc(page_make_rw(ring), 0, "the ring writable");
	check_rc(hc_event_channel_op(EVTCHNOP_send, &send), 0, "notify");
	check_eq(ring->out_cons, 0x67, "the ring is drained again");
	memset((void *)ring, 0, PAGE_SIZE);
}
