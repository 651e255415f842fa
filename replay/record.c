/* SPDX-License-Identifier: MIT */
/*
 * Recording: what happens at the taps becomes records. Mirror of replay.c:
 * the same functions in the same order.
 *
 * A chunk is sealed only between entries, so that what one entry logs never
 * straddles two chunks; the room kept for it makes that so.
 */
#include "priv.h"

#include <tf/port.h>

/* The most that one entry may log: a multicall's batch of INPUT calls with all
 * that each may write. */
#define ENTRY_CALLS  64u
#define CALL_ROOM    64u
#define ENTRY_ROOM   (ENTRY_CALLS * (RR_OUTPUT_SIZE + CALL_ROOM))
/* The most that is logged between two entries: a place and an event on every
 * port. */
#define EVENT_ROOM   16u
#define PUBLISH_ROOM (RR_NR_PORTS * EVENT_ROOM + RR_PLACE_BYTES + 512u)
/* The least that a chunk gathers before it is sealed for want of room. */
#define RAW_USEFUL   4096u

/* What waits is no longer logged, and the domain runs on: it gets its events
 * now, or it might wait for them for ever. */
static void release_events(struct rr_session *s)
{
	struct rr_queue *q = &s->queue;

	for (uint32_t i = 0; i < RR_NR_TIMERS; i++) {
		struct rr_event e = {.kind = RR_EVENT_TIMER,
		                     .source = i,
		                     .deadline_ns = q->timer_deadline_ns[i]};

		if (q->timers >> i & 1) {
			s->machine->apply(s->ctx, &e);
		}
	}
	for (uint32_t port = 0; port < RR_NR_PORTS; port++) {
		struct rr_event e = {.kind = RR_EVENT_PORT, .port = port};

		if (q->ports[port / 64] >> (port % 64) & 1) {
			s->machine->apply(s->ctx, &e);
		}
	}
	if (q->console_len != 0) {
		struct rr_event e = {.kind = RR_EVENT_CONSOLE,
		                     .data = q->console,
		                     .len = q->console_len};

		s->machine->apply(s->ctx, &e);
	}
	tf_memset(q, 0, sizeof(*q));
}

/* Ends a recording whose domain lives on. */
static void stop_recording(struct rr_session *s, enum rr_state state)
{
	rr_stop(s, state);
	release_events(s);
}

static void fail(struct rr_session *s, const char *what)
{
	if (s->state == RR_RUNNING) {
		s->report.what = what;
		s->report.position = s->s.position;
		stop_recording(s, RR_FAILED);
	}
}

/* What was sealed stays a usable recording: it ends with END, for which the
 * store keeps room, at the last position that is in it. */
static void end_sealed(struct rr_session *s, enum tf_end_reason reason,
                       const char *text)
{
	uint64_t entry = s->sealed_entry;
	uint32_t len = 0;

	while (len < TF_END_TEXT_MAX && text[len] != '\0') {
		len++;
	}
	tf_writer_open(&s->writer, entry);
	(void)tf_put_end(
		&s->writer,
		&(struct tf_end){.entry = entry,
	                         .reason = (uint8_t)reason,
	                         .text = {(const uint8_t *)text, len}});
	(void)s->machine->seal(s->ctx, &s->writer);
	fail(s, text);
}

/* Puts a record. ENTRY_ROOM makes -TF_ENOSPC impossible here. */
static void put(struct rr_session *s, enum tf_id id, const void *record)
{
	int err = tf_put(&s->writer, id, record);

	if (err != 0) {
		fail(s, tf_strerror(err));
	}
}

static bool seal(struct rr_session *s, struct tf_writer *w)
{
	if (s->machine->seal(s->ctx, w) != 0) {
		end_sealed(s, TF_END_FULL, "the trace has no more room");
		return false;
	}
	if (w == &s->writer && w->nr_records != 0) {
		s->sealed_entry = w->last_entry;
	}
	tf_writer_open(w, s->s.position.entry);
	return true;
}

static void record_entry(struct rr_session *s)
{
	uint64_t words[RR_REG_WORDS];

	if (rr_sync_due(s)) {
		s->machine->registers(s->ctx, words);
		put(s, TF_ENTRY_SYNC,
		    &(struct tf_entry_sync){.entry = s->s.position.entry,
		                            .rip = words[0],
		                            .hash = s->s.hash});
		rr_sync_done(s);
	}
	if (rr_slice_due(s)) {
		struct tf_slice_digest d = {.entry = s->s.position.entry};

		rr_slice_range(s, &d.first_frame, &d.nr_frames);
		d.digest = s->machine->frames_digest(s->ctx, d.first_frame,
		                                     d.nr_frames);
		put(s, TF_SLICE_DIGEST, &d);
		rr_slice_done(s);
	}
}

static bool record_call_enter(struct rr_session *s, const struct rr_call *c,
                              int64_t *result, struct tf_bytes *output)
{
	(void)s;
	(void)c;
	(void)result;
	(void)output;
	return true;
}

static void record_history(struct rr_session *s, const struct rr_call *c,
                           int64_t result)
{
	struct tf_call call = {.entry = s->s.position.entry,
	                       .nr = c->nr,
	                       .subop = c->subop,
	                       .flags = c->multi ? TF_CALL_MULTI : 0,
	                       .result = result};

	for (unsigned int i = 0; i < TF_NR_ARGS; i++) {
		call.args[i] = c->args[i];
	}
	if (tf_put_call(&s->history, &call) == -TF_ENOSPC &&
	    seal(s, &s->history)) {
		(void)tf_put_call(&s->history, &call);
	}
}

static void record_call_exit(struct rr_session *s, const struct rr_call *c,
                             int64_t result)
{
	if (c->class == RR_INPUT) {
		put(s, TF_HC_RESULT,
		    &(struct tf_hc_result){
			    .entry = s->s.position.entry,
			    .nr = c->nr,
			    .subop = c->subop,
			    .result = result,
			    .output = {s->output, s->output_len}});
	}
	if (s->config.history) {
		record_history(s, c, result);
	}
}

static uint64_t record_read_time(struct rr_session *s)
{
	uint64_t now = s->machine->now_ns(s->ctx);
	uint64_t shown = rr_time(s);

	if (shown > now || now - shown > s->config.rebase_bound_ns) {
		/* Never before what the read before this one showed, even if
		 * the host's clock is. */
		if (now < shown - s->config.time_step_ns) {
			now = shown - s->config.time_step_ns;
		}
		rr_clock_set(&s->s.clock, now);
		put(s, TF_TIME,
		    &(struct tf_time){.entry = s->s.position.entry,
		                      .offset_kind = TF_OFFSET_EXIT,
		                      .base_ns = now});
		shown = now;
	}
	return shown;
}

static uint64_t record_trapped_value(struct rr_session *s, unsigned int kind,
                                     uint64_t selector, uint64_t value)
{
	put(s, TF_TRAP_VALUE,
	    &(struct tf_trap_value){.entry = s->s.position.entry,
	                            .kind = (uint8_t)kind,
	                            .selector = selector,
	                            .value = value});
	return value;
}

/*
 * Time at a delivery: not before the clock nor before @not_before, and one of
 * the two while native time is within the bound of it. A timer that fires at
 * its deadline costs few bytes.
 */
static uint64_t delivery_time(struct rr_session *s, uint64_t not_before)
{
	uint64_t now = s->machine->now_ns(s->ctx);
	uint64_t shown = rr_time(s);
	uint64_t least = shown > not_before ? shown : not_before;

	return now > least && now - least > s->config.rebase_bound_ns ? now
	                                                              : least;
}

/* What a record says of the present offset. */
static uint64_t logged_offset(const struct rr_session *s, uint8_t kind)
{
	return kind == TF_OFFSET_STATE ? 0 : s->s.position.offset;
}

static void publish_timers(struct rr_session *s, uint8_t kind)
{
	struct rr_queue *q = &s->queue;

	for (uint8_t i = 0; i < RR_NR_TIMERS; i++) {
		struct tf_timer r = {.entry = s->s.position.entry,
		                     .offset_kind = kind,
		                     .offset = logged_offset(s, kind),
		                     .source = i,
		                     .deadline_ns = q->timer_deadline_ns[i]};

		if (!(q->timers >> i & 1)) {
			continue;
		}
		r.base_ns = delivery_time(s, r.deadline_ns);
		put(s, TF_TIMER, &r);
		rr_clock_set(&s->s.clock, r.base_ns);
		s->machine->apply(
			s->ctx,
			&(struct rr_event){.kind = RR_EVENT_TIMER,
		                           .source = i,
		                           .deadline_ns = r.deadline_ns});
	}
	q->timers = 0;
}

static void publish_port(struct rr_session *s, uint8_t kind, uint32_t port)
{
	struct tf_event r = {.entry = s->s.position.entry,
	                     .offset_kind = kind,
	                     .offset = logged_offset(s, kind),
	                     .port = port,
	                     .base_ns = delivery_time(s, 0)};

	put(s, TF_EVENT, &r);
	rr_clock_set(&s->s.clock, r.base_ns);
	s->machine->apply(s->ctx, &(struct rr_event){.kind = RR_EVENT_PORT,
	                                             .port = port});
}

static void publish_console(struct rr_session *s, uint8_t kind)
{
	struct rr_queue *q = &s->queue;

	if (q->console_len == 0) {
		return;
	}
	put(s, TF_CONSOLE_IN,
	    &(struct tf_console_in){.entry = s->s.position.entry,
	                            .offset_kind = kind,
	                            .offset = logged_offset(s, kind),
	                            .data = {q->console, q->console_len}});
	s->machine->apply(s->ctx, &(struct rr_event){.kind = RR_EVENT_CONSOLE,
	                                             .data = q->console,
	                                             .len = q->console_len});
	q->console_len = 0;
}

static void publish_ports(struct rr_session *s, uint8_t kind)
{
	for (uint32_t w = 0; w < RR_PORT_WORDS; w++) {
		while (s->queue.ports[w] != 0) {
			uint32_t bit =
				(uint32_t)__builtin_ctzll(s->queue.ports[w]);

			s->queue.ports[w] &= s->queue.ports[w] - 1;
			publish_port(s, kind, w * 64 + bit);
		}
	}
}

/* Seals when the rest of the buffer might not do until the next time. False
 * when the recording ended with it. */
static bool make_room(struct rr_session *s)
{
	uint32_t left = s->writer.cap - s->writer.len;

	return left >= ENTRY_ROOM + PUBLISH_ROOM || seal(s, &s->writer);
}

void rr_seal(struct rr_session *s)
{
	if (s->mode == RR_RECORD && s->state == RR_RUNNING &&
	    (!s->config.history || seal(s, &s->history))) {
		(void)seal(s, &s->writer);
	}
}

static void publish_queue(struct rr_session *s, uint8_t kind)
{
	if (s->queue.any) {
		s->queue.any = false;
		publish_timers(s, kind);
		publish_ports(s, kind);
		publish_console(s, kind);
	}
}

static void record_publish(struct rr_session *s, uint8_t kind)
{
	if (!make_room(s)) {
		return;
	}
	publish_queue(s, kind);
	if (s->stop_requested && kind == TF_OFFSET_EXIT &&
	    s->state == RR_RUNNING) {
		rr_finish(s, TF_END_STOP, 0, "stopped on request");
	}
}

static void record_land(struct rr_session *s, const struct rr_place *place)
{
	if (!make_room(s)) {
		return;
	}
	put(s, TF_LANDING,
	    &(struct tf_landing){.entry = s->s.position.entry,
	                         .rip = place->rip,
	                         .regs_digest = place->regs_digest,
	                         .state_digest = place->state_digest,
	                         .frames = place->frames});
	if (place->whole) {
		put(s, TF_SLICE_DIGEST,
		    &(struct tf_slice_digest){.entry = s->s.position.entry,
		                              .first_frame = 0,
		                              .nr_frames = s->config.nr_frames,
		                              .digest = place->memory});
	}
	if (s->state == RR_RUNNING) {
		publish_queue(s, TF_OFFSET_STATE);
	}
}

static void record_finish(struct rr_session *s, enum tf_end_reason reason,
                          uint64_t code, const char *text)
{
	struct tf_final f = {
		.entry = s->s.position.entry,
		.offset_kind = TF_OFFSET_EXIT,
		.regs_digest = rr_final_digest(s),
		.frames_digest = s->machine->frames_digest(s->ctx, 0,
	                                                   s->config.nr_frames),
		.calls = {(const uint8_t *)s->s.nr_calls,
	                  sizeof(s->s.nr_calls)},
	};
	uint32_t len = 0;

	while (len < TF_END_TEXT_MAX && text[len] != '\0') {
		len++;
	}
	put(s, TF_FINAL, &f);
	put(s, TF_END,
	    &(struct tf_end){.entry = s->s.position.entry,
	                     .reason = (uint8_t)reason,
	                     .code = code,
	                     .text = {(const uint8_t *)text, len}});
	if (s->config.history && s->history.nr_records != 0 &&
	    !seal(s, &s->history)) {
		return;
	}
	if (s->state != RR_RUNNING || !seal(s, &s->writer)) {
		return;
	}
	if (reason == TF_END_SHUTDOWN) {
		rr_stop(s, RR_FINISHED);
	} else {
		stop_recording(s, RR_FINISHED);
	}
}

static void record_give_up(struct rr_session *s, const char *why)
{
	end_sealed(s, TF_END_ERROR, why);
}

void rr_output(struct rr_session *s, uint64_t va, const void *data, size_t len)
{
	uint8_t *p = s->output + s->output_len;
	uint64_t head[2] = {va, len};

	if (s->mode != RR_RECORD || s->state != RR_RUNNING) {
		return;
	}
	if (len > sizeof(s->output) - sizeof(head) ||
	    s->output_len > sizeof(s->output) - sizeof(head) - len) {
		fail(s, "a hypercall wrote more than can be logged");
		return;
	}
	tf_memcpy(p, head, sizeof(head));
	tf_memcpy(p + sizeof(head), data, len);
	s->output_len += (uint32_t)(sizeof(head) + len);
}

const struct rr_ops rr_record_ops = {
	.entry = record_entry,
	.call_enter = record_call_enter,
	.call_exit = record_call_exit,
	.read_time = record_read_time,
	.trapped_value = record_trapped_value,
	.publish = record_publish,
	.land = record_land,
	.finish = record_finish,
	.give_up = record_give_up,
};

int rr_record_start(struct rr_session *s, const struct rr_config *config,
                    const struct rr_machine *machine, void *ctx, void *raw,
                    size_t raw_size, void *raw_history, size_t history_size,
                    struct tf_calls *calls)
{
	int err;

	if (raw_size < ENTRY_ROOM + PUBLISH_ROOM + RAW_USEFUL) {
		return -TF_EINVAL;
	}
	tf_memset(s, 0, sizeof(*s));
	s->ops = &rr_record_ops;
	s->mode = RR_RECORD;
	s->config = *config;
	s->machine = machine;
	s->ctx = ctx;
	s->s.next_sync = config->hash_interval;
	s->s.next_slice = config->slice_interval;
	err = tf_writer_init(&s->writer, TF_STREAM_REPLAY, raw, raw_size, NULL);
	if (err != 0) {
		return err;
	}
	tf_writer_open(&s->writer, 0);
	if (!config->history) {
		return 0;
	}
	err = tf_writer_init(&s->history, TF_STREAM_HISTORY, raw_history,
	                     history_size, calls);
	if (err == 0) {
		tf_writer_open(&s->history, 0);
	}
	return err;
}
