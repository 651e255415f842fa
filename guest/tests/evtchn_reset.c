/* SPDX-License-Identifier: MIT */
/*
 * EVTCHNOP_reset closes every port of the domain, and its numbers can be had
 * again; another domain's ports are not the guest's to reset.
 *
 * ABI: event_channel.h EVTCHNOP_reset. The ports a domain was born with go
 * too, so the console ring is silent from here on.
 */
#include <guest/event.h>
#include <guest/test.h>

GUEST_TEST(evtchn_reset)
{
	struct evtchn_reset op = {.dom = DOMID_SELF};
	long a = port_alloc_unbound(DOMID_SELF, DOMID_SELF);
	long b = port_bind_interdomain(DOMID_SELF, (evtchn_port_t)a);
	long c = port_bind_ipi(0), d = port_bind_virq(VIRQ_TIMER, 0);
	struct evtchn_status st;

	check(a > 0 && b > 0 && c > 0 && d > 0, "ports %ld %ld %ld %ld", a, b,
	      c, d);
	check_rc(hc_event_channel_op(EVTCHNOP_reset, &op), 0, "reset");
	for (long port = 1; port < 64; port++) {
		long rc = port_status((evtchn_port_t)port, &st);

		check(rc < 0 || st.status == EVTCHNSTAT_closed,
		      "port %ld is in state %u", port, st.status);
	}
	check_rc(port_send((evtchn_port_t)c), -EINVAL, "send after reset");
	d = port_bind_virq(VIRQ_TIMER, 0);
	check(d > 0, "the VIRQ is free again");
	check_rc(port_close((evtchn_port_t)d), 0, "close");
	op.dom = 0x1234;
	check_rc(hc_event_channel_op(EVTCHNOP_reset, &op), -ESRCH,
	         "no such domain");
}
