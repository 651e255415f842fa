/* SPDX-License-Identifier: MIT */
/*
 * Time and events inside hypercalls: poll with timeouts, block, yield, and
 * one-shot timers in the past, with the clock before and after each, and the
 * runstate times.
 */
#include <guest/event.h>
#include <guest/replay.h>
#include <guest/test.h>
#include <guest/time.h>

static volatile struct vcpu_runstate_info area __page;
static evtchn_port_t ipi;

static void do_poll(void)
{
	struct sched_poll poll = {
		.nr_ports = random_one_in(&replay_random, 2),
		.timeout = time_now_ns() + random_below(&replay_random, 300000),
	};

	set_xen_guest_handle(poll.ports, &ipi);
	if (random_one_in(&replay_random, 3)) {
		port_send(ipi);
	}
	observe((uint64_t)hc_sched_op(SCHEDOP_poll, &poll));
	observe(port_is_pending(ipi));
	port_clear_pending(ipi);
}

static void step(uint64_t n)
{
	switch (n % 4) {
	case 0:
		do_poll();
		break;
	case 1:
		hc_sched_op(SCHEDOP_block, NULL);
		break;
	case 2:
		hc_sched_op(SCHEDOP_yield, NULL);
		break;
	default:
		hc_set_timer_op(time_now_ns() - 1000);
		break;
	}
}

GUEST_TEST(replay_sleep)
{
	struct vcpu_register_runstate_memory_area reg = {0};
	uint64_t rounds = replay_rounds(800), last = 0;

	replay_begin();
	reg.addr.v = (struct vcpu_runstate_info *)&area;
	hc_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg);
	ipi = (evtchn_port_t)port_bind_ipi(0);
	port_mask(ipi);
	ticker_start(200000, NULL);
	for (uint64_t n = 0; n < rounds; n++) {
		uint64_t now = time_now_ns();

		check(now >= last, "time went back");
		last = now;
		observe(now);
		step(n);
		observe(area.time[RUNSTATE_blocked]);
		observe(area.time[RUNSTATE_runnable]);
	}
	ticker_stop();
	reg.addr.v = NULL;
	hc_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg);
	replay_end("replay_sleep");
}
