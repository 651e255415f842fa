/* SPDX-License-Identifier: MIT */
/*
 * alloc_unbound and bind_interdomain within one domain: the pair's two ends,
 * send from either, status of each, close of one end leaves the other
 * unbound, and the errors of both operations.
 *
 * ABI: event_channel.h EVTCHNOP_alloc_unbound, bind_interdomain, status.
 */
#include <guest/event.h>
#include <guest/test.h>

static unsigned int state(long port)
{
	struct evtchn_status st;
	long rc = port_status((evtchn_port_t)port, &st);

	check_rc(rc, 0, "status of port %ld", port);
	return rc ? ~0U : st.status;
}

static void pair(long a, long b)
{
	struct evtchn_status st;

	check_rc(port_status((evtchn_port_t)a, &st), 0, "status");
	check_eq(st.status, EVTCHNSTAT_interdomain, "state");
	check_eq(st.u.interdomain.port, (uint64_t)b, "other end");
	check_rc(port_send((evtchn_port_t)a), 0, "send to b");
	check(port_is_pending((evtchn_port_t)b), "b is pending");
	check(!port_is_pending((evtchn_port_t)a), "a is not");
	check_rc(port_send((evtchn_port_t)b), 0, "send to a");
	check(port_is_pending((evtchn_port_t)a), "a is pending");
	check_rc(port_bind_interdomain(DOMID_SELF, (evtchn_port_t)a), -EINVAL,
	         "bind to an end in use");
}

static void errors(void)
{
	check_rc(port_alloc_unbound(0x1234, DOMID_SELF), -ESRCH,
	         "alloc for another");
	check_rc(port_bind_interdomain(DOMID_SELF, 4095), -EINVAL,
	         "bind to a closed port");
	check_rc(port_bind_interdomain(DOMID_SELF, 1U << 20), -EINVAL,
	         "bind to a port out of range");
	check_rc(port_bind_interdomain(DOMID_SELF, 0), -EINVAL,
	         "bind to port 0");
	check_rc(port_bind_interdomain(0x1234, 1), -ESRCH,
	         "bind to a domain that is not there");
}

GUEST_TEST(evtchn_interdomain)
{
	long a = port_alloc_unbound(DOMID_SELF, DOMID_SELF), b;

	if (!check(a > 0, "alloc_unbound: %ld", a)) {
		return;
	}
	check_eq(state(a), EVTCHNSTAT_unbound, "new port");
	check_rc(port_send((evtchn_port_t)a), 0, "send on an unbound port");
	check(!port_is_pending((evtchn_port_t)a), "goes nowhere");

	b = port_bind_interdomain(DOMID_SELF, (evtchn_port_t)a);
	if (check(b > 0 && b != a, "bind_interdomain: %ld", b)) {
		check(port_is_pending((evtchn_port_t)b),
		      "a bound port is pending once");
		port_clear_pending((evtchn_port_t)b);
		pair(a, b);
		check_rc(port_close((evtchn_port_t)b), 0, "close b");
		check_eq(state(b), EVTCHNSTAT_closed, "b");
		check_eq(state(a), EVTCHNSTAT_unbound, "a, its peer gone");
	}
	check_rc(port_close((evtchn_port_t)a), 0, "close a");
	errors();
}
