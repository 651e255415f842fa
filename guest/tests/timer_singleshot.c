/* SPDX-License-Identifier: MIT */
/*
 * One-shot timers: VIRQ_TIMER comes once, not before the deadline by the
 * clock that the handler reads; a deadline in the past fires at once, also
 * with VCPU_SSHOTTMR_future, which Xen 4.17 ignores; stop prevents it; a new
 * deadline replaces the old; other vCPUs are refused.
 *
 * ABI: vcpu.h VCPUOP_set_singleshot_timer.
 */
#include <guest/event.h>
#include <guest/test.h>
#include <guest/time.h>

static uint64_t fired_ns;

static void on_timer(evtchn_port_t port)
{
	(void)port;
	fired_ns = time_now_ns();
}

static void future(long port)
{
	uint64_t deadline = time_now_ns() + 5 * MS;

	check_rc(timer_set(deadline, 0), 0, "set");
	check(wait_for(&event_count[port], 1, 2000 * MS), "no timer event");
	check(fired_ns >= deadline, "fired %lu ns early", deadline - fired_ns);
	check(!wait_for(&event_count[port], 2, 30 * MS), "fired twice");
}

static void past(long port)
{
	unsigned int before = event_count[port];

	check_rc(timer_set(time_now_ns() - MS, 0), 0, "set in the past");
	check(wait_for(&event_count[port], before + 1, 2000 * MS),
	      "a deadline in the past does not fire");
	before = event_count[port];
	check_rc(timer_set(time_now_ns() - MS, VCPU_SSHOTTMR_future), 0,
	         "set in the past with the flag");
	check(wait_for(&event_count[port], before + 1, 2000 * MS),
	      "a deadline in the past with the flag does not fire");
}

static void stopped(long port)
{
	unsigned int before = event_count[port];

	check_rc(timer_set(time_now_ns() + 20 * MS, 0), 0, "set");
	check_rc(timer_stop(), 0, "stop");
	check(!wait_for(&event_count[port], before + 1, 60 * MS),
	      "a stopped timer fires");
	timer_set(time_now_ns() + 100000 * MS, 0);
	timer_set(time_now_ns() + 2 * MS, 0);
	check(wait_for(&event_count[port], before + 1, 2000 * MS),
	      "the nearer deadline does not replace the farther");
	timer_stop();
}

GUEST_TEST(timer_singleshot)
{
	struct vcpu_set_singleshot_timer op = {0};
	long port = port_bind_virq(VIRQ_TIMER, 0);

	check(port > 0, "bind_virq: %ld", port);
	event_hook_set((evtchn_port_t)port, on_timer);
	check_rc(timer_stop_periodic(), 0, "stop_periodic_timer");
	check(!wait_for(&event_count[port], 2, 30 * MS),
	      "ticks after stop_periodic_timer");
	event_count[port] = 0;
	future(port);
	past(port);
	stopped(port);
	check_rc(hc_vcpu_op(VCPUOP_set_singleshot_timer, 63, &op), -ENOENT,
	         "on a vCPU that is not there");
	check_rc(hc_vcpu_op(VCPUOP_set_singleshot_timer, 0, (void *)16),
	         -EFAULT, "unreadable argument");
}
