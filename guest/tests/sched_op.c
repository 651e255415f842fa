/* SPDX-License-Identifier: MIT */
/*
 * sched_op: yield returns 0; block clears the event mask, returns with a
 * pending event at once, and sleeps until a timer otherwise; poll returns
 * for a pending port even when masked, and at its timeout; errors.
 *
 * ABI: sched.h.
 */
#include <guest/event.h>
#include <guest/test.h>
#include <guest/time.h>

static void block(long timer, long ipi)
{
	uint64_t deadline;

	events_mask();
	port_send((evtchn_port_t)ipi);
	check_rc(hc_sched_op(SCHEDOP_block, NULL), 0, "block, event pending");
	check_eq(event_count[ipi], 1, "taken by block");
	check_eq(boot_vcpu_info->evtchn_upcall_mask, 0, "block unmasks");

	events_mask();
	deadline = time_now_ns() + 5 * MS;
	timer_set(deadline, 0);
	while (!event_count[timer]) {
		check_rc(hc_sched_op(SCHEDOP_block, NULL), 0, "block");
	}
	check(time_now_ns() >= deadline, "woke before the deadline");
	events_mask();
}

static void poll(long ipi)
{
	evtchn_port_t port = (evtchn_port_t)ipi, bad = 1U << 20;
	struct sched_poll op = {.nr_ports = 1};
	uint64_t deadline;

	set_xen_guest_handle(op.ports, &port);
	port_mask(port);
	port_send(port);
	check_rc(hc_sched_op(SCHEDOP_poll, &op), 0, "poll a pending port");
	port_clear_pending(port);
	deadline = op.timeout = time_now_ns() + 5 * MS;
	check_rc(hc_sched_op(SCHEDOP_poll, &op), 0, "poll to the timeout");
	check(time_now_ns() >= deadline, "poll returned early");
	op.timeout = time_now_ns() - MS;
	check_rc(hc_sched_op(SCHEDOP_poll, &op), 0, "timeout in the past");
	set_xen_guest_handle(op.ports, &bad);
	check_rc(hc_sched_op(SCHEDOP_poll, &op), -EINVAL, "bad port");
	op.nr_ports = 129;
	check_rc(hc_sched_op(SCHEDOP_poll, &op), -EINVAL, "129 ports");
	set_xen_guest_handle(op.ports, (evtchn_port_t *)8);
	op.nr_ports = 2;
	check_rc(hc_sched_op(SCHEDOP_poll, &op), -EFAULT, "bad list");
}

GUEST_TEST(sched_op)
{
	long timer = port_bind_virq(VIRQ_TIMER, 0), ipi = port_bind_ipi(0);

	if (timer < 0 || ipi < 0) {
		test_error("no ports: %ld %ld", timer, ipi);
	}
	timer_stop_periodic();
	check_rc(hc_sched_op(SCHEDOP_yield, NULL), 0, "yield");
	block(timer, ipi);
	poll(ipi);
	check_rc(hc_sched_op(SCHEDOP_shutdown, (void *)8), -EFAULT,
	         "shutdown, unreadable argument");
	check_rc(hc_sched_op(77, NULL), -ENOSYS, "unknown operation");
}
