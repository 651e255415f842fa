/* SPDX-License-Identifier: MIT */
/*
 * Output: through console_io, and through the console ring until it is full
 * and the guest has to wait. Results, the ring's indices and the number of
 * waits go into the checksum.
 */
#include <guest/event.h>
#include <guest/mm.h>
#include <guest/replay.h>
#include <guest/test.h>
#include <xen/io/console.h>

static volatile struct xencons_interface *ring;

static void push(const char *text, size_t len)
{
	struct evtchn_send send = {.port = boot_info->console.domU.evtchn};

	for (size_t i = 0; i < len; i++) {
		while (ring->out_prod - ring->out_cons == sizeof(ring->out)) {
			observe(ring->out_cons);
			observe((uint64_t)hc_event_channel_op(EVTCHNOP_send,
			                                      &send));
			hc_sched_op(SCHEDOP_yield, NULL);
		}
		ring->out[MASK_XENCONS_IDX(ring->out_prod, ring->out)] =
			text[i];
		barrier();
		ring->out_prod++;
	}
	if (len & 1) {
		observe((uint64_t)hc_event_channel_op(EVTCHNOP_send, &send));
	}
	observe(ring->out_cons);
}

GUEST_TEST(replay_console)
{
	uint64_t rounds = replay_rounds(80);
	static char line[80];
	int len;

	replay_begin();
	if (!boot_is_initial() && boot_info->console.domU.evtchn) {
		ring = mfn_to_va(boot_info->console.domU.mfn);
	}
	ticker_start(200000, NULL);
	for (uint64_t n = 0; n < rounds; n++) {
		len = format(line, sizeof(line), "line %lu %016lx\n", n,
		             random_next(&replay_random));
		if (ring && n % 4) {
			push(line, (size_t)len);
		} else {
			observe((uint64_t)hc_console_io(
				CONSOLEIO_write, (unsigned int)len, line));
		}
	}
	ticker_stop();
	replay_end("replay_console");
}
