/* SPDX-License-Identifier: MIT */
/*
 * Replaying: records become what happens at the taps. Mirror of record.c: the
 * same functions in the same order.
 *
 * The next record is always at hand when the domain runs: publish() sees to
 * it, and a chunk is asked for before the one in front of it is used up, so no
 * tap in the middle of an entry ever has to wait.
 */
#include "priv.h"

#include <tf/port.h>

void rr_diverge(struct rr_session *s, const char *what, uint64_t expected,
                uint64_t actual)
{
	if (s->state != RR_RUNNING) {
		return;
	}
	s->report = (struct rr_report){
		.position = s->s.position,
		.since_entry = s->s.last_checked,
		.expected = expected,
		.actual = actual,
		.what = what,
		.record = s->have_record ? (uint8_t)s->record.id : 0,
	};
	rr_stop(s, RR_DIVERGED);
}

static void unusable(struct rr_session *s, const char *what)
{
	s->report.what = what;
	s->report.position = s->s.position;
	rr_stop(s, RR_FAILED);
}

/* Asks for the chunk after the present one. False when the session had to
 * leave the running state. */
static bool load_next(struct rr_session *s)
{
	uint64_t index = s->have_chunk ? s->chunk_index + 1 : 0;

	if (s->have_next || s->last_chunk) {
		return true;
	}
	switch (s->machine->load(s->ctx, index, &s->next_chunk)) {
	case RR_LOAD_OK:
		s->have_next = true;
		return true;
	case RR_LOAD_END:
		s->last_chunk = true;
		return true;
	case RR_LOAD_WAIT:
		rr_stop(s, RR_WAITING);
		return false;
	case RR_LOAD_BAD:
		break;
	}
	unusable(s, "a chunk of the trace is unusable");
	return false;
}

/* Moves on to the next chunk. False at the end of the trace. */
static bool next_chunk(struct rr_session *s)
{
	if (!s->have_next) {
		return false;
	}
	s->chunk = s->next_chunk;
	s->chunk_index = s->have_chunk ? s->chunk_index + 1 : 0;
	s->have_chunk = true;
	s->have_next = false;
	return tf_reader_init(&s->reader, &s->chunk.header, s->chunk.payload,
	                      NULL) == 0;
}

/* Makes the next record available. False when there is none. */
static bool peek(struct rr_session *s)
{
	while (!s->have_record) {
		int err = s->have_chunk ? tf_read(&s->reader, &s->record)
		                        : -TF_EEND;

		if (err == 0) {
			s->have_record =
				s->record.known && s->record.id != TF_MARK;
			s->records_done += !s->have_record;
		} else if (err != -TF_EEND) {
			unusable(s, tf_strerror(err));
			return false;
		} else if (!next_chunk(s)) {
			return false;
		}
	}
	return true;
}

static void consume(struct rr_session *s)
{
	s->have_record = false;
	s->records_done++;
}

/* The record due now, if it is of kind @id; else what it should have been is a
 * divergence. */
static bool expect(struct rr_session *s, unsigned int id, const char *what)
{
	uint64_t entry = s->s.position.entry;

	if (!peek(s)) {
		if (s->state == RR_RUNNING) {
			rr_stop(s, RR_CUT);
		}
		return false;
	}
	if (s->record.id != id || s->record.entry != entry) {
		rr_diverge(s, what, s->record.entry, entry);
		return false;
	}
	return true;
}

static bool next_is(struct rr_session *s, unsigned int id)
{
	return peek(s) && s->record.id == id &&
	       s->record.entry == s->s.position.entry;
}

static void replay_entry(struct rr_session *s)
{
	const struct tf_entry_sync *e = &s->record.u.entry_sync;
	uint64_t words[RR_REG_WORDS];

	if (s->have_record && s->record.id == TF_LANDING &&
	    s->record.entry < s->s.position.entry) {
		rr_diverge(s, "guest code did not come to where an event lands",
		           s->record.u.landing.rip, 0);
		return;
	}
	if (rr_sync_due(s)) {
		if (!expect(s, TF_ENTRY_SYNC,
		            "another record than the digest "
		            "of registers is due")) {
			return;
		}
		s->machine->registers(s->ctx, words);
		if (e->rip != words[0]) {
			rr_diverge(s, "the guest is elsewhere in its code",
			           e->rip, words[0]);
			return;
		}
		if (e->hash != s->s.hash) {
			rr_diverge(s, "registers at the entries so far differ",
			           e->hash, s->s.hash);
			return;
		}
		consume(s);
		rr_sync_done(s);
	}
	if (rr_slice_due(s)) {
		const struct tf_slice_digest *d = &s->record.u.slice_digest;
		struct tf_hash128 h;
		uint64_t first, count;

		if (!expect(s, TF_SLICE_DIGEST,
		            "another record than the "
		            "digest of memory is due")) {
			return;
		}
		rr_slice_range(s, &first, &count);
		if (d->first_frame != first || d->nr_frames != count) {
			rr_diverge(s, "the digest covers other frames",
			           d->first_frame, first);
			return;
		}
		h = s->machine->frames_digest(s->ctx, first, count);
		if (h.lo != d->digest.lo || h.hi != d->digest.hi) {
			rr_diverge(s, "memory differs in the frames of a slice",
			           d->digest.lo, h.lo);
			return;
		}
		consume(s);
		rr_slice_done(s);
	}
}

static bool replay_call_enter(struct rr_session *s, const struct rr_call *c,
                              int64_t *result, struct tf_bytes *output)
{
	const struct tf_hc_result *r = &s->record.u.hc_result;

	if (c->class != RR_INPUT) {
		return true;
	}
	if (!expect(s, TF_HC_RESULT,
	            "the result of this hypercall is not the "
	            "record that is due")) {
		*result = 0;
		*output = (struct tf_bytes){NULL, 0};
		return false;
	}
	if (r->nr != c->nr || r->subop != c->subop) {
		rr_diverge(s, "another hypercall was recorded here", r->nr,
		           c->nr);
	}
	*result = r->result;
	*output = r->output;
	consume(s);
	return false;
}

static void replay_call_exit(struct rr_session *s, const struct rr_call *c,
                             int64_t result)
{
	(void)s;
	(void)c;
	(void)result;
}

static uint64_t replay_read_time(struct rr_session *s)
{
	if (next_is(s, TF_TIME) &&
	    s->record.u.time.offset_kind == TF_OFFSET_EXIT) {
		rr_clock_set(&s->s.clock, s->record.u.time.base_ns);
		consume(s);
	}
	return rr_time(s);
}

static uint64_t replay_trapped_value(struct rr_session *s, unsigned int kind,
                                     uint64_t selector, uint64_t value)
{
	const struct tf_trap_value *r = &s->record.u.trap_value;

	if (!expect(s, TF_TRAP_VALUE,
	            "the value of this trapped instruction "
	            "is not the record that is due")) {
		return value;
	}
	if (r->kind != kind || r->selector != selector) {
		rr_diverge(s, "another trapped instruction was recorded here",
		           r->selector, selector);
		return value;
	}
	value = r->value;
	consume(s);
	return value;
}

/* True when what is logged for an offset is due at the present one. A place was
 * come to when the record before, which tells of it, was consumed. */
static bool due_here(const struct rr_session *s, uint8_t kind, uint64_t offset)
{
	return kind == TF_OFFSET_STATE ? s->s.position.offset != 0
	                               : offset == s->s.position.offset;
}

/* Applies the record at hand if it is an event at the present position. */
static bool publish_one(struct rr_session *s)
{
	const struct tf_record *r = &s->record;
	struct rr_event e = {0};

	switch (r->id) {
	case TF_TIMER:
		if (!due_here(s, r->u.timer.offset_kind, r->u.timer.offset)) {
			return false;
		}
		if (r->u.timer.source >= RR_NR_TIMERS) {
			unusable(s, "a timer of an unknown kind is recorded");
			return false;
		}
		rr_clock_set(&s->s.clock, r->u.timer.base_ns);
		e.kind = RR_EVENT_TIMER;
		e.source = r->u.timer.source;
		e.deadline_ns = r->u.timer.deadline_ns;
		break;
	case TF_EVENT:
		if (!due_here(s, r->u.event.offset_kind, r->u.event.offset)) {
			return false;
		}
		if (r->u.event.port >= RR_NR_PORTS) {
			unusable(s,
			         "an event on an impossible port is recorded");
			return false;
		}
		rr_clock_set(&s->s.clock, r->u.event.base_ns);
		e.kind = RR_EVENT_PORT;
		e.port = r->u.event.port;
		break;
	case TF_CONSOLE_IN:
		if (!due_here(s, r->u.console_in.offset_kind,
		              r->u.console_in.offset)) {
			return false;
		}
		e.kind = RR_EVENT_CONSOLE;
		e.data = r->u.console_in.data.data;
		e.len = r->u.console_in.data.len;
		break;
	default:
		return false;
	}
	s->machine->apply(s->ctx, &e);
	consume(s);
	return true;
}

/* True when the recording was stopped at this exit; otherwise the domain
 * itself comes to its end. END follows FINAL in the same chunk. */
static bool stopped_here(struct rr_session *s)
{
	struct tf_reader ahead = s->reader;
	struct tf_record end;

	return next_is(s, TF_FINAL) && tf_read(&ahead, &end) == 0 &&
	       end.known && end.id == TF_END &&
	       end.u.end.reason != TF_END_SHUTDOWN;
}

/* After an exit, what is still due at this entry can only lie further on in
 * the code, or be the domain's own end; everything else was missed. */
static void check_missed(struct rr_session *s)
{
	uint64_t due = 0;

	if (s->state != RR_RUNNING || !peek(s) ||
	    s->record.entry > s->s.position.entry) {
		return;
	}
	if (s->record.entry == s->s.position.entry &&
	    (s->record.id == TF_FINAL || s->record.id == TF_LANDING ||
	     rr_landing_due(s, &due))) {
		return;
	}
	rr_diverge(s, "what was recorded here did not happen", s->record.entry,
	           s->s.position.entry);
}

/* Comes to the record that was next when the snapshot was taken. False when the
 * session had to leave the running state. */
static bool skip_done(struct rr_session *s)
{
	while (s->records_done < s->resume_at) {
		if (!load_next(s)) {
			return false;
		}
		if (!peek(s)) {
			unusable(s, "the trace ends before the snapshot's "
			            "position");
			return false;
		}
		/* Marks on the way to this record count as well. */
		if (s->records_done < s->resume_at) {
			consume(s);
		}
	}
	return load_next(s);
}

static void replay_publish(struct rr_session *s, uint8_t kind)
{
	if (!skip_done(s)) {
		return;
	}
	while (s->state == RR_RUNNING && peek(s) &&
	       s->record.entry == s->s.position.entry && publish_one(s)) {
		if (!load_next(s)) {
			return;
		}
	}
	if (s->state != RR_RUNNING) {
		return;
	}
	if (!peek(s) || s->record.id == TF_END) {
		if (s->state == RR_RUNNING) {
			rr_stop(s, RR_CUT);
		}
		return;
	}
	if (kind == TF_OFFSET_EXIT && stopped_here(s)) {
		rr_finish(s, TF_END_STOP, 0, "");
		return;
	}
	check_missed(s);
}

/* What is logged behind a LANDING, in the same chunk: the digest of all memory
 * where its frames are not all that matters, then what lands. */
void rr_place_rest(const struct rr_session *s, struct rr_place *place)
{
	struct tf_reader ahead = s->reader;
	struct tf_record r = {.known = false};
	uint64_t base_ns = 0, now = rr_time(s);

	place->whole = false;
	while (tf_read(&ahead, &r) == 0 && r.known &&
	       r.entry == s->record.entry && r.id == TF_SLICE_DIGEST) {
		place->whole = true;
		place->memory = r.u.slice_digest.digest;
	}
	if (r.known && r.id == TF_TIMER) {
		base_ns = r.u.timer.base_ns;
	} else if (r.known && r.id == TF_EVENT) {
		base_ns = r.u.event.base_ns;
	}
	place->waited_ns = base_ns > now ? base_ns - now : 0;
}

static void replay_land(struct rr_session *s, const struct rr_place *place)
{
	struct rr_place here = *place;

	rr_place_rest(s, &here);
	consume(s);
	if (here.whole && peek(s)) {
		consume(s);
	}
	replay_publish(s, TF_OFFSET_STATE);
}

bool rr_place_due(const struct rr_session *s, struct rr_place *place)
{
	const struct tf_landing *l = &s->record.u.landing;

	if (s->mode != RR_REPLAY || s->state != RR_RUNNING || !s->have_record ||
	    s->record.id != TF_LANDING ||
	    s->record.entry != s->s.position.entry) {
		return false;
	}
	*place = (struct rr_place){.rip = l->rip,
	                           .regs_digest = l->regs_digest,
	                           .state_digest = l->state_digest,
	                           .frames = l->frames};
	return true;
}

void rr_place_missed(struct rr_session *s)
{
	rr_diverge(s, "guest code did not come to where an event lands",
	           s->record.u.landing.rip, 0);
}

static void replay_finish(struct rr_session *s, enum tf_end_reason reason,
                          uint64_t code, const char *text)
{
	const struct tf_final *f = &s->record.u.final;
	struct tf_hash128 h;
	uint64_t regs;

	(void)reason;
	(void)code;
	(void)text;
	if (!expect(s, TF_FINAL, "the recording does not end here")) {
		return;
	}
	regs = rr_final_digest(s);
	if (regs != f->regs_digest) {
		rr_diverge(s, "the final registers differ", f->regs_digest,
		           regs);
		return;
	}
	h = s->machine->frames_digest(s->ctx, 0, s->config.nr_frames);
	if (h.lo != f->frames_digest.lo || h.hi != f->frames_digest.hi) {
		rr_diverge(s, "the final memory differs", f->frames_digest.lo,
		           h.lo);
		return;
	}
	consume(s);
	rr_stop(s, RR_FINISHED);
}

static void replay_give_up(struct rr_session *s, const char *why)
{
	unusable(s, why);
}

bool rr_landing_due(const struct rr_session *s, uint64_t *offset)
{
	const struct tf_record *r = &s->record;

	if (s->mode != RR_REPLAY || !s->have_record ||
	    r->entry != s->s.position.entry) {
		return false;
	}
	switch (r->id) {
	case TF_TIMER:
		*offset = r->u.timer.offset;
		break;
	case TF_EVENT:
		*offset = r->u.event.offset;
		break;
	case TF_CONSOLE_IN:
		*offset = r->u.console_in.offset;
		break;
	default:
		return false;
	}
	return *offset > s->s.position.offset;
}

void rr_overshot(struct rr_session *s, uint64_t due, uint64_t at)
{
	rr_diverge(s, "guest code ran beyond where an event lands", due, at);
}

void rr_blocked(struct rr_session *s)
{
	if (s->mode == RR_REPLAY) {
		rr_diverge(s,
		           "the vCPU blocks and nothing recorded here wakes "
		           "it",
		           0, 0);
	}
}

const struct rr_ops rr_replay_ops = {
	.entry = replay_entry,
	.call_enter = replay_call_enter,
	.call_exit = replay_call_exit,
	.read_time = replay_read_time,
	.trapped_value = replay_trapped_value,
	.publish = replay_publish,
	.land = replay_land,
	.finish = replay_finish,
	.give_up = replay_give_up,
};

void rr_replay_start(struct rr_session *s, const struct rr_config *config,
                     const struct rr_machine *machine, void *ctx)
{
	tf_memset(s, 0, sizeof(*s));
	s->ops = &rr_replay_ops;
	s->mode = RR_REPLAY;
	s->config = *config;
	s->machine = machine;
	s->ctx = ctx;
	s->s.next_sync = config->hash_interval;
	s->s.next_slice = config->slice_interval;
}

void rr_replay_resume(struct rr_session *s, const struct rr_shared_state *from,
                      uint64_t records_done)
{
	s->s = *from;
	s->state = RR_RUNNING;
	s->have_chunk = false;
	s->have_next = false;
	s->last_chunk = false;
	s->have_record = false;
	s->records_done = 0;
	s->resume_at = records_done;
	rr_landing(s, s->s.position.offset);
}

void rr_retry(struct rr_session *s)
{
	if (s->state == RR_WAITING) {
		s->state = RR_RUNNING;
		rr_landing(s, s->s.position.offset);
	}
}
