/* SPDX-License-Identifier: MIT */
/*
 * Ports run out at 4095 with -ENOSPC, each given out once and in rising
 * order; after closing them all they can be had again.
 *
 * ABI: event_channel.h, 2-level limit of 4096 ports, port 0 never used.
 */
#include <guest/event.h>
#include <guest/test.h>

static unsigned int take_all(long *last)
{
	unsigned int n = 0;
	long port, before = 0;

	while (n < 2 * EVENT_PORTS) {
		port = port_alloc_unbound(DOMID_SELF, DOMID_SELF);
		if (port < 0) {
			*last = port;
			break;
		}
		check(port > before, "port %ld after %ld", port, before);
		before = port;
		n++;
	}
	return n;
}

GUEST_TEST(evtchn_exhaust)
{
	long last = 0;
	unsigned int first = take_all(&last), again;

	print("%u ports, then %ld\n", first, last);
	check_rc(last, -ENOSPC, "the port after the last");
	check(first >= 1000, "only %u ports", first);
	event_reset();
	again = take_all(&last);
	check_eq(again, first, "ports the second time");
}
