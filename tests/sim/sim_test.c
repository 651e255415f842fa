/* SPDX-License-Identifier: MIT */
/*
 * Records random machines in a random world and replays them: whole, cut,
 * chunk by chunk, from snapshots, out of a window that was too small, and from
 * altered traces.
 *
 *	sim-test [SEED [COUNT]]		COUNT seeds from SEED on
 */
#include <sim/sim.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_SEEDS 100
#define ALTERATIONS   24
#define RAW_SIZE      (256u << 10)
#define RAW_LEAST     (237u << 10)
#define WINDOW        (32u << 20)

static uint64_t seed;
static struct {
	unsigned long runs, entries, landings, cuts, full, resumed, waits;
	unsigned long altered, reported, equal;
} count;

__attribute__((format(printf, 1, 2), noreturn)) static void
failed(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "sim-test: seed %lu: ", (unsigned long)seed);
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(1);
}

static void check(bool ok, const struct sim *m, const char *what)
{
	const struct rr_report *r = &m->session.report;

	if (!ok) {
		failed("%s; %s at entry %lu + %lu: %s, expected %lx, found "
		       "%lx, record %u",
		       what, rr_state_name(m->session.state),
		       (unsigned long)m->session.s.position.entry,
		       (unsigned long)m->session.s.position.offset,
		       r->what ? r->what : "no report",
		       (unsigned long)r->expected, (unsigned long)r->actual,
		       r->record);
	}
}

/* ---- a recording --------------------------------------------------------- */

struct recording {
	struct rr_config config;
	uint64_t fuel;
	struct sim sim;
	struct sim_trace trace;
	uint8_t *raw, *raw_history;
	struct tf_calls *calls;
};

static void choose_config(struct rr_config *c, struct sim_rng *r)
{
	*c = (struct rr_config){
		.time_step_ns = 1 + sim_below(r, 40),
		.rebase_bound_ns = 1 + sim_below(r, 2000),
		.hash_interval = 1 + sim_below(r, 200),
		.slice_interval = 1 + sim_below(r, 300),
		.slice_frames = 1 + sim_below(r, SIM_FRAMES + 4),
		.nr_frames = SIM_FRAMES,
		.history = sim_chance(r, 2),
	};
}

static void choose_world(struct sim_world *w, struct sim_rng *r, uint64_t fuel)
{
	*w = (struct sim_world){
		.rng = {sim_random(r)},
		.now_ns = sim_chance(r, 4) ? 0 : sim_below(r, 1000000),
		.calm = 2 + sim_below(r, 200),
		.flood_every = sim_chance(r, 3) ? 0 : 300 + sim_below(r, 9000),
		.seal_every = sim_chance(r, 4) ? 0 : 20 + sim_below(r, 500),
		.stop_at = sim_chance(r, 3) ? 1 + sim_below(r, fuel / 4) : 0,
		.exact = !sim_chance(r, 4),
		.clock_jumps = sim_chance(r, 3),
	};
	w->by_state = !w->exact && sim_chance(r, 2);
}

static void record(struct recording *rec, size_t window)
{
	struct sim_rng r = {seed};
	struct sim *m = &rec->sim;
	size_t raw_size;
	int err;

	rec->fuel = 200 + sim_below(&r, 6000);
	choose_config(&rec->config, &r);
	sim_init(m, seed, rec->fuel);
	choose_world(&m->world, &r, rec->fuel);
	sim_trace_init(&rec->trace, window);
	m->trace = &rec->trace;
	raw_size = sim_chance(&r, 2) ? RAW_SIZE : RAW_LEAST;
	rec->raw = malloc(raw_size);
	rec->raw_history = malloc(RAW_SIZE);
	rec->calls = malloc(sizeof(*rec->calls));
	err = rr_record_start(&m->session, &rec->config, &sim_machine, m,
	                      rec->raw, raw_size, rec->raw_history, RAW_SIZE,
	                      rec->calls);
	check(err == 0, m, "the recording does not start");
	check(sim_run(m), m, "the recording does not end");
	check(m->wrong == NULL, m, m->wrong);
	check(m->nr_slices * rec->config.slice_frames < 2 * SIM_FRAMES ||
	              m->digested == (1ull << SIM_FRAMES) - 1,
	      m, "some frames are in no slice");
	sim_trace_open(&rec->trace, window);
	count.entries += m->session.s.position.entry;
	for (size_t i = 0; i < m->journal.nr; i++) {
		count.landings += m->journal.note[i].offset != 0;
	}
}

static void recording_free(struct recording *rec)
{
	sim_free(&rec->sim);
	sim_trace_free(&rec->trace);
	free(rec->raw);
	free(rec->raw_history);
	free(rec->calls);
}

/* ---- replays ------------------------------------------------------------- */

static void replay_begin(const struct recording *rec, struct sim_trace *trace,
                         struct sim *m)
{
	sim_init(m, seed, rec->fuel);
	m->trace = trace;
	rr_replay_start(&m->session, &rec->config, &sim_machine, m);
}

/* The journal of @m is the recording's from note @first on. */
static void check_journal(const struct recording *rec, const struct sim *m,
                          size_t first)
{
	const struct sim_journal *a = &rec->sim.journal, *b = &m->journal;

	check(first + b->nr <= a->nr, m, "the replay goes on for longer");
	for (size_t i = 0; i < b->nr; i++) {
		const struct sim_note *x = &a->note[first + i];
		const struct sim_note *y = &b->note[i];

		if (x->entry != y->entry || x->offset != y->offset ||
		    x->digest != y->digest) {
			failed("replay differs at entry %lu + %lu, recorded "
			       "%lu + %lu",
			       (unsigned long)y->entry,
			       (unsigned long)y->offset,
			       (unsigned long)x->entry,
			       (unsigned long)x->offset);
		}
	}
}

static void check_finished(const struct recording *rec, const struct sim *m)
{
	const struct rr_session *a = &rec->sim.session, *b = &m->session;

	check(b->state == RR_FINISHED, m, "a whole replay does not finish");
	check(m->end_digest == rec->sim.end_digest, m,
	      "the final states differ");
	check(a->s.hash == b->s.hash, m, "the rolling hashes differ");
	check(memcmp(a->s.nr_calls, b->s.nr_calls, sizeof(a->s.nr_calls)) == 0,
	      m, "the counts of calls differ");
	check(m->wrong == NULL, m, m->wrong);
	check(m->nr_stopped == 1 + m->lost_loads, m,
	      "the machine was told of the end another time than once");
}

static void replay_whole(struct recording *rec, bool late)
{
	struct sim m;

	replay_begin(rec, &rec->trace, &m);
	m.may_wait = late;
	m.late.state = seed;
	m.max_steps *= 2;
	rr_exit(&m.session);
	check(sim_run(&m), &m, "a replay does not end");
	check_journal(rec, &m, 0);
	check(m.journal.nr == rec->sim.journal.nr, &m,
	      "the replay ends before the recording");
	check_finished(rec, &m);
	count.runs++;
	count.waits += m.lost_loads;
	sim_free(&m);
}

/* Cut behind its first @len bytes, the trace replays to that end. */
static void replay_cut(struct recording *rec, size_t len)
{
	const struct tf_index_entry *last;
	struct sim_trace *t = &rec->trace;
	uint64_t reached = 0;
	struct sim m;

	sim_trace_open(t, len);
	for (size_t i = 0; i < t->index.nr; i++) {
		last = &t->index.entry[i];
		if (last->stream == TF_STREAM_REPLAY) {
			reached = last->last_entry;
		}
	}
	replay_begin(rec, t, &m);
	rr_exit(&m.session);
	check(sim_run(&m), &m, "the replay of a cut trace does not end");
	check(m.session.state == RR_CUT, &m, "a cut trace replays otherwise");
	check(m.session.s.position.entry == reached, &m,
	      "a cut trace replays to somewhere else than its end");
	check_journal(rec, &m, 0);
	count.cuts++;
	sim_free(&m);
}

static void replay_cuts(struct recording *rec, struct sim_rng *r)
{
	struct sim_trace *t = &rec->trace;
	size_t nr = t->index.nr;
	size_t *end = malloc((nr + 1) * sizeof(*end));

	for (size_t i = 0; i < nr; i++) {
		end[i] = t->index.entry[i].offset;
	}
	for (size_t i = 0; i < nr; i += 1 + nr / 16) {
		replay_cut(rec, end[i]);
		replay_cut(rec, end[i] + sim_below(r, 200) % (t->len - end[i]));
	}
	sim_trace_open(t, t->size);
	free(end);
}

/* A snapshot of a replay at some entry, continued by another one. */
static void replay_resumed(struct recording *rec, struct sim_rng *r)
{
	uint64_t end = rec->sim.session.s.position.entry;
	struct rr_shared_state shared;
	struct sim m, n;
	uint64_t cursor;

	replay_begin(rec, &rec->trace, &m);
	rr_exit(&m.session);
	check(sim_run_to(&m, sim_below(r, end + 1)), &m,
	      "no way to the snapshot");
	if (m.session.state != RR_RUNNING) {
		sim_free(&m);
		return;
	}
	shared = m.session.s;
	cursor = m.session.records_done;
	replay_begin(rec, &rec->trace, &n);
	n.s = m.s;
	n.may_wait = sim_chance(r, 2);
	n.late.state = seed;
	n.max_steps *= 2;
	rr_replay_resume(&n.session, &shared, cursor);
	check(sim_run(&n), &n, "a resumed replay does not end");
	check_journal(rec, &n, m.journal.nr);
	check_finished(rec, &n);
	count.resumed++;
	sim_free(&m);
	sim_free(&n);
}

/* ---- windows too small --------------------------------------------------- */

/* END lies at the last position that the trace reaches. */
static void check_full_end(const struct recording *rec)
{
	const struct tf_index *index = &rec->trace.index;
	uint64_t reached = 0;

	for (size_t i = 0; i + 1 < index->nr; i++) {
		if (index->entry[i].stream == TF_STREAM_REPLAY) {
			reached = index->entry[i].last_entry;
		}
	}
	check(index->nr != 0 &&
	              index->entry[index->nr - 1].last_entry == reached,
	      &rec->sim, "the END of a full trace is elsewhere");
}

static void record_full(size_t window)
{
	struct recording rec;
	struct sim m;
	static const char what[] = "the trace has no more room";

	record(&rec, window);
	check(!sim_owes(&rec.sim) || rec.sim.s.over, &rec.sim,
	      "an event was lost with the end of a recording");
	if (rec.sim.session.state == RR_FINISHED) {
		recording_free(&rec);
		return;
	}
	check(rec.sim.session.state == RR_FAILED &&
	              strcmp(rec.sim.session.report.what, what) == 0,
	      &rec.sim, "a full trace ends the recording otherwise");
	check_full_end(&rec);
	replay_begin(&rec, &rec.trace, &m);
	rr_exit(&m.session);
	check(sim_run(&m), &m, "the replay of a full trace does not end");
	check(m.session.state == RR_CUT, &m, "a full trace replays otherwise");
	check_journal(&rec, &m, 0);
	count.full++;
	sim_free(&m);
	recording_free(&rec);
}

/* ---- altered traces ------------------------------------------------------ */

static void replay_altered(struct recording *rec, struct sim_rng *r)
{
	struct sim_alteration a = {
		.record = sim_below(r, sim_trace_records(&rec->trace)),
		.what = sim_random(r),
	};
	struct sim_trace altered;
	struct sim m;

	sim_trace_init(&altered, rec->trace.len + (1u << 20));
	if (!sim_trace_alter(&rec->trace, &altered, &a)) {
		sim_trace_free(&altered);
		return;
	}
	replay_begin(rec, &altered, &m);
	rr_exit(&m.session);
	if (!sim_run(&m)) {
		failed("record %lu: %s: the replay does not end",
		       (unsigned long)a.record, a.text);
	}
	count.altered++;
	if (m.session.state != RR_FINISHED) {
		count.reported++;
	} else if (m.end_digest == rec->sim.end_digest &&
	           m.session.s.hash == rec->sim.session.s.hash) {
		count.equal++;
	} else {
		failed("record %lu: %s: finished with another state",
		       (unsigned long)a.record, a.text);
	}
	sim_free(&m);
	sim_trace_free(&altered);
}

/* -------------------------------------------------------------------------- */

static void one_seed(void)
{
	struct sim_rng r = {~seed};
	struct recording rec;

	record(&rec, WINDOW);
	check(rec.sim.session.state == RR_FINISHED, &rec.sim,
	      "a recording does not finish");
	check(!sim_owes(&rec.sim) || rec.sim.s.over, &rec.sim,
	      "an event was lost with the end of a recording");
	replay_whole(&rec, false);
	replay_whole(&rec, true);
	replay_cuts(&rec, &r);
	for (unsigned int i = 0; i < 4; i++) {
		replay_resumed(&rec, &r);
	}
	for (unsigned int i = 0; i < ALTERATIONS; i++) {
		replay_altered(&rec, &r);
	}
	for (unsigned int i = 0; i < 3; i++) {
		record_full(TF_SUPER_SIZE + TF_END_ROOM +
		            sim_below(&r, rec.trace.len - TF_SUPER_SIZE));
	}
	recording_free(&rec);
}

int main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	uint64_t seeds = argc > 2   ? strtoull(argv[2], NULL, 0)
	                 : argc > 1 ? 1
	                            : DEFAULT_SEEDS;

	for (seed = first; seed < first + seeds; seed++) {
		one_seed();
	}
	printf("sim-test: %lu seeds, %lu entries, %lu landings; replays: %lu "
	       "whole (%lu waits), %lu cut, %lu full, %lu resumed; "
	       "%lu altered: %lu reported, %lu equal\n",
	       (unsigned long)seeds, count.entries, count.landings, count.runs,
	       count.waits, count.cuts, count.full, count.resumed,
	       count.altered, count.reported, count.equal);
	return 0;
}
