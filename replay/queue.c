/* SPDX-License-Identifier: MIT */
/*
 * Events from outside that wait, while recording, for a position at which they
 * may become visible. The same event twice is one: that is what the guest's
 * pending bits would make of it.
 */
#include "priv.h"

#include <tf/port.h>

void rr_raise_port(struct rr_session *s, uint32_t port)
{
	if (s->mode != RR_RECORD || port >= RR_PORT_WORDS * 64) {
		return;
	}
	s->queue.ports[port / 64] |= 1ull << (port % 64);
	s->queue.any = true;
}

void rr_raise_timer(struct rr_session *s, enum tf_timer_source source,
                    uint64_t deadline_ns)
{
	if (s->mode != RR_RECORD) {
		return;
	}
	s->queue.timers |= (uint8_t)(1u << source);
	s->queue.timer_deadline_ns[source] = deadline_ns;
	s->queue.any = true;
}

size_t rr_raise_console(struct rr_session *s, const void *data, size_t len)
{
	struct rr_queue *q = &s->queue;
	size_t room = RR_CONSOLE_SIZE - q->console_len;

	if (s->mode != RR_RECORD) {
		return len;
	}
	if (len > room) {
		len = room;
	}
	tf_memcpy(q->console + q->console_len, data, len);
	q->console_len = (uint16_t)(q->console_len + len);
	q->any = q->any || len != 0;
	return len;
}

bool rr_event_waiting(const struct rr_session *s)
{
	return s->mode == RR_RECORD && (s->queue.any || s->stop_requested);
}
