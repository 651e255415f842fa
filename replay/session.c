/* SPDX-License-Identifier: MIT */
/*
 * What record and replay have in common: the position, the rolling hash, the
 * schedule of digests, the virtual clock, and the dispatch to either table.
 */
#include "priv.h"

static const char *const state_names[] = {
	[RR_RUNNING] = "running",   [RR_WAITING] = "waiting for trace data",
	[RR_FINISHED] = "finished", [RR_CUT] = "at the end of a cut trace",
	[RR_DIVERGED] = "diverged", [RR_FAILED] = "failed",
};

const char *rr_state_name(enum rr_state state)
{
	return state_names[state];
}

void rr_stop(struct rr_session *s, enum rr_state state)
{
	s->state = state;
	s->machine->stopped(s->ctx);
}

void rr_clock_set(struct rr_clock *c, uint64_t base_ns)
{
	if (base_ns != 0) {
		c->base_ns = base_ns;
		c->reads = 0;
	}
}

uint64_t rr_final_digest(struct rr_session *s)
{
	return tf_hash_step(s->s.hash, s->machine->state_digest(s->ctx));
}

uint64_t rr_time(const struct rr_session *s)
{
	const struct rr_clock *c = &s->s.clock;

	return c->base_ns + c->reads * s->config.time_step_ns;
}

void rr_hash_words(struct rr_session *s, const uint64_t *words, unsigned int nr)
{
	uint64_t h = s->s.hash;

	/* At each entry: what a loop adds to it is a third. */
#pragma GCC unroll 8
	for (unsigned int i = 0; i < nr; i++) {
		h = tf_hash_step(h, words[i]);
	}
	s->s.hash = h;
}

bool rr_sync_due(const struct rr_session *s)
{
	return s->s.position.entry >= s->s.next_sync;
}

bool rr_slice_due(const struct rr_session *s)
{
	return s->s.position.entry >= s->s.next_slice;
}

void rr_sync_done(struct rr_session *s)
{
	s->s.next_sync = s->s.position.entry + s->config.hash_interval;
	s->s.last_checked = s->s.position.entry;
}

void rr_slice_done(struct rr_session *s)
{
	uint64_t first, count;

	rr_slice_range(s, &first, &count);
	s->s.slice_frame =
		first + count == s->config.nr_frames ? 0 : first + count;
	s->s.next_slice = s->s.position.entry + s->config.slice_interval;
}

void rr_slice_range(const struct rr_session *s, uint64_t *first,
                    uint64_t *count)
{
	uint64_t left = s->config.nr_frames - s->s.slice_frame;

	*first = s->s.slice_frame;
	*count = left < s->config.slice_frames ? left : s->config.slice_frames;
}

void rr_entry(struct rr_session *s)
{
	uint64_t words[RR_REG_WORDS];

	if (s->state != RR_RUNNING) {
		return;
	}
	s->s.position.entry++;
	s->s.position.offset = 0;
	rr_hash_words(s, words, s->machine->registers(s->ctx, words));
	s->ops->entry(s);
}

bool rr_call_enter(struct rr_session *s, const struct rr_call *c,
                   int64_t *result, struct tf_bytes *output)
{
	s->output_len = 0;
	return s->state != RR_RUNNING ||
	       s->ops->call_enter(s, c, result, output);
}

void rr_call_exit(struct rr_session *s, const struct rr_call *c, int64_t result)
{
	uint64_t word = (uint64_t)result;

	if (s->state != RR_RUNNING) {
		return;
	}
	if (c->nr < 64) {
		s->s.nr_calls[c->nr]++;
	}
	rr_hash_words(s, &word, 1);
	s->ops->call_exit(s, c, result);
}

void rr_effect(struct rr_session *s, const void *data, size_t len)
{
	struct tf_hash128 zero = {0, 0};
	struct tf_hash128 h = tf_hash(zero, data, len);

	if (s->state != RR_RUNNING) {
		return;
	}
	rr_hash_words(s, &h.lo, 1);
}

uint64_t rr_read_time(struct rr_session *s)
{
	s->s.clock.reads++;
	return s->state == RR_RUNNING ? s->ops->read_time(s) : rr_time(s);
}

uint64_t rr_trapped_value(struct rr_session *s, unsigned int kind,
                          uint64_t selector, uint64_t value)
{
	return s->state == RR_RUNNING
	               ? s->ops->trapped_value(s, kind, selector, value)
	               : value;
}

void rr_exit(struct rr_session *s)
{
	if (s->state == RR_RUNNING) {
		s->ops->publish(s, TF_OFFSET_EXIT);
	}
}

void rr_landing(struct rr_session *s, uint64_t offset)
{
	if (s->state == RR_RUNNING) {
		s->s.position.offset = offset;
		s->ops->publish(s, offset == 0 ? TF_OFFSET_EXIT
		                               : TF_OFFSET_ICOUNT);
	}
}

void rr_landing_at(struct rr_session *s, const struct rr_place *place,
                   uint64_t offset)
{
	if (s->state == RR_RUNNING) {
		s->s.position.offset = offset;
		s->ops->land(s, place);
	}
}

void rr_finish(struct rr_session *s, enum tf_end_reason reason, uint64_t code,
               const char *text)
{
	if (s->state == RR_RUNNING) {
		s->ops->finish(s, reason, code, text);
	}
}

void rr_give_up(struct rr_session *s, const char *why)
{
	if (s->state == RR_RUNNING) {
		s->ops->give_up(s, why);
	}
}
