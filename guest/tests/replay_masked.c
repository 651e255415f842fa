/* SPDX-License-Identifier: MIT */
/*
 * Events polled while they are masked: how many turns of a loop pass until
 * the pending bit, the selector and the upcall flag of a timer show, and in
 * which order.
 */
#include <guest/event.h>
#include <guest/replay.h>
#include <guest/test.h>
#include <guest/time.h>

static unsigned int disorder;

/* Turns until the event shows in the word that @which names. */
static uint64_t spin(unsigned int which, evtchn_port_t port)
{
	for (uint64_t turns = 0; turns < 1UL << 32; turns++) {
		/* Last written first, so that none can be seen early. */
		bool flag = boot_vcpu_info->evtchn_upcall_pending;
		bool sel = boot_vcpu_info->evtchn_pending_sel != 0;
		bool bit = port_is_pending(port);

		disorder += (flag && !sel) || (sel && !bit);
		if ((which == 0 && bit) || (which == 1 && sel) ||
		    (which == 2 && flag)) {
			return turns;
		}
	}
	return ~0UL;
}

static void once(uint64_t n, evtchn_port_t port)
{
	uint64_t turns;

	timer_set(time_now_ns() + 50000 + random_below(&replay_random, 400000),
	          0);
	turns = spin(n % 3, port);
	check(turns != ~0UL, "the event does not show");
	observe(turns);
	observe(time_now_ns());
	if (n % 2) {
		events_unmask();
		events_mask();
		return;
	}
	/* Taken by hand: nothing may come of it later. */
	spin(2, port);
	event_dispatch();
}

GUEST_TEST(replay_masked)
{
	uint64_t rounds = replay_rounds(500);
	long port = port_bind_virq(VIRQ_TIMER, 0);

	replay_begin();
	timer_stop_periodic();
	events_mask();
	for (uint64_t n = 0; n < rounds; n++) {
		once(n, (evtchn_port_t)port);
		observe(event_count[port]);
	}
	check_eq(event_count[port], rounds, "events");
	check_eq(disorder, 0, "flag before selector before bit");
	replay_end("replay_masked");
}
