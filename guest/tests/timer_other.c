/* SPDX-License-Identifier: MIT */
/*
 * set_timer_op (absolute deadline, 0 cancels) and the periodic timer
 * (repeats until stopped; periods below 1 ms are refused).
 *
 * ABI: xen.h HYPERVISOR_set_timer_op; vcpu.h VCPUOP_set_periodic_timer.
 */
#include <guest/event.h>
#include <guest/test.h>
#include <guest/time.h>

static void set_timer_op(long port)
{
	uint64_t deadline = time_now_ns() + 3 * MS;

	check_rc(hc_set_timer_op(deadline), 0, "set_timer_op");
	check(wait_for(&event_count[port], 1, 2000 * MS), "no timer event");
	check(time_now_ns() >= deadline, "early");
	check_rc(hc_set_timer_op(time_now_ns() + 20 * MS), 0, "set");
	check_rc(hc_set_timer_op(0), 0, "cancel");
	check(!wait_for(&event_count[port], 2, 60 * MS), "cancelled, fired");
}

static void periodic(long port)
{
	struct vcpu_set_periodic_timer op = {.period_ns = 2 * MS};
	unsigned int before = event_count[port];

	check_rc(hc_vcpu_op(VCPUOP_set_periodic_timer, 0, &op), 0, "set");
	check(wait_for(&event_count[port], before + 5, 5000 * MS),
	      "%u ticks of a periodic timer", event_count[port] - before);
	check_rc(timer_stop_periodic(), 0, "stop");
	before = event_count[port];
	check(!wait_for(&event_count[port], before + 2, 20 * MS),
	      "ticks after the stop");
	op.period_ns = MS / 2;
	check_rc(hc_vcpu_op(VCPUOP_set_periodic_timer, 0, &op), -EINVAL,
	         "too short a period");
}

GUEST_TEST(timer_other)
{
	long port = port_bind_virq(VIRQ_TIMER, 0);

	check(port > 0, "bind_virq: %ld", port);
	timer_stop_periodic();
	set_timer_op(port);
	periodic(port);
}
