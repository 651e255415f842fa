/* SPDX-License-Identifier: MIT */
/*
 * The replaying side of the engine against traces written by hand: what each
 * kind of record does to the domain, and what ends a replay.
 */
#include <rr/session.h>

#include <string.h>

#include <trace-format/check.h>

#define RAW 4096

/* A machine that notes what it is told, and a trace of up to three chunks. */
struct fake {
	struct rr_session session;
	struct tf_chain chain;
	struct tf_writer writer;
	uint8_t raw[RAW];
	uint8_t chunk[3][2 * RAW];
	unsigned int nr_chunks;
	bool wait;
	unsigned int nr_stopped, nr_applied;
	struct rr_event last;
	uint8_t last_data[16];
};

static uint64_t now_ns(void *ctx)
{
	(void)ctx;
	return 1;
}

static void apply(void *ctx, const struct rr_event *e)
{
	struct fake *f = ctx;

	f->nr_applied++;
	f->last = *e;
	if (e->kind == RR_EVENT_CONSOLE) {
		memcpy(f->last_data, e->data, e->len);
	}
}

static unsigned int registers(void *ctx, uint64_t *words)
{
	(void)ctx;
	words[0] = 0x1234;
	return 1;
}

static uint64_t state_digest(void *ctx)
{
	(void)ctx;
	return 77;
}

static struct tf_hash128 frames_digest(void *ctx, uint64_t first,
                                       uint64_t count)
{
	(void)ctx;
	return (struct tf_hash128){first, count};
}

static int no_seal(void *ctx, struct tf_writer *w)
{
	(void)ctx;
	(void)w;
	return -TF_EINVAL;
}

static enum rr_load load(void *ctx, uint64_t index, struct rr_chunk_data *chunk)
{
	struct fake *f = ctx;

	if (f->wait) {
		return RR_LOAD_WAIT;
	}
	if (index >= f->nr_chunks) {
		return RR_LOAD_END;
	}
	memcpy(&chunk->header, f->chunk[index], sizeof(chunk->header));
	chunk->payload = f->chunk[index] + sizeof(chunk->header);
	return RR_LOAD_OK;
}

static void stopped(void *ctx)
{
	struct fake *f = ctx;

	f->nr_stopped++;
}

static const struct rr_machine machine = {
	.now_ns = now_ns,
	.apply = apply,
	.registers = registers,
	.state_digest = state_digest,
	.frames_digest = frames_digest,
	.seal = no_seal,
	.load = load,
	.stopped = stopped,
};

static const struct rr_config config = {
	.time_step_ns = 10,
	.rebase_bound_ns = 1000,
	.hash_interval = 1000000,
	.slice_interval = 1000000,
	.slice_frames = 4,
	.nr_frames = 8,
};

static void write_begin(struct fake *f)
{
	struct tf_super super;

	memset(f, 0, sizeof(*f));
	tf_super_init(&super);
	super.nr_frames = config.nr_frames;
	super.nr_vcpus = 1;
	tf_super_seal(&super);
	tf_chain_init(&f->chain, &super);
	assert_int_equal(tf_writer_init(&f->writer, TF_STREAM_REPLAY, f->raw,
	                                sizeof(f->raw), NULL),
	                 0);
	tf_writer_open(&f->writer, 0);
}

static void write_chunk(struct fake *f)
{
	uint64_t entry = f->writer.last_entry;
	size_t len;

	assert_int_equal(tf_seal(&f->chain, &f->writer, NULL,
	                         f->chunk[f->nr_chunks++], 2 * RAW, &len),
	                 0);
	tf_writer_open(&f->writer, entry);
}

static void write_event(struct fake *f, uint64_t entry, uint64_t offset,
                        uint32_t port, uint64_t base_ns)
{
	struct tf_event e = {.entry = entry,
	                     .offset_kind = offset != 0,
	                     .offset = offset,
	                     .port = port,
	                     .base_ns = base_ns};

	assert_int_equal(tf_put_event(&f->writer, &e), 0);
}

static void write_mark(struct fake *f, uint64_t entry)
{
	struct tf_mark m = {.entry = entry, .text = {"note", 4}};

	assert_int_equal(tf_put_mark(&f->writer, &m), 0);
}

/* What the machine's registers hash to after @entries entries. */
static uint64_t hash_after(uint64_t entries)
{
	uint64_t h = 0;

	while (entries-- != 0) {
		h = tf_hash_step(h, 0x1234);
	}
	return h;
}

static void write_end(struct fake *f, uint64_t entry, enum tf_end_reason reason)
{
	struct tf_final final = {.entry = entry,
	                         .regs_digest =
	                                 tf_hash_step(hash_after(entry), 77),
	                         .frames_digest = {0, 8}};
	struct tf_end end = {.entry = entry, .reason = (uint8_t)reason};

	assert_int_equal(tf_put_final(&f->writer, &final), 0);
	assert_int_equal(tf_put_end(&f->writer, &end), 0);
	write_chunk(f);
}

static void start(struct fake *f)
{
	rr_replay_start(&f->session, &config, &machine, f);
	rr_exit(&f->session);
}

static void enter(struct fake *f)
{
	rr_entry(&f->session);
	rr_exit(&f->session);
}

/* -------------------------------------------------------------------------- */

static void events_come_at_their_positions(void **state)
{
	struct fake f;
	uint64_t due;

	(void)state;
	write_begin(&f);
	write_event(&f, 1, 0, 5, 100);
	write_event(&f, 1, 42, 6, 0);
	write_end(&f, 2, TF_END_STOP);
	start(&f);
	assert_int_equal(f.nr_applied, 0);
	enter(&f);
	assert_int_equal(f.last.port, 5);
	assert_int_equal(rr_time(&f.session), 100);
	assert_true(rr_landing_due(&f.session, &due));
	assert_int_equal(due, 42);
	rr_landing(&f.session, 42);
	assert_int_equal(f.last.port, 6);
	/* A base of 0 leaves the clock alone. */
	assert_int_equal(rr_time(&f.session), 100);
	enter(&f);
	assert_int_equal(f.session.state, RR_FINISHED);
	assert_int_equal(f.nr_stopped, 1);
}

static void clock_steps_and_rebases(void **state)
{
	struct fake f;
	struct tf_time t = {.entry = 2, .base_ns = 5000};

	(void)state;
	write_begin(&f);
	assert_int_equal(tf_put_time(&f.writer, &t), 0);
	write_end(&f, 3, TF_END_STOP);
	start(&f);
	rr_entry(&f.session);
	assert_int_equal(rr_read_time(&f.session), 10);
	rr_exit(&f.session);
	rr_entry(&f.session);
	assert_int_equal(rr_read_time(&f.session), 5000);
	assert_int_equal(rr_read_time(&f.session), 5010);
	rr_exit(&f.session);
	assert_int_equal(f.session.state, RR_RUNNING);
}

/* The digests of entry 2, as they should be or with one bit wrong. */
static enum rr_state replay_digests(uint64_t rip, uint64_t hash, uint64_t lo)
{
	struct tf_entry_sync sync = {.entry = 2, .rip = rip, .hash = hash};
	struct tf_slice_digest slice = {
		.entry = 2, .nr_frames = 4, .digest = {lo, 4}};
	struct rr_config c = config;
	struct fake f;

	c.hash_interval = 2;
	c.slice_interval = 2;
	write_begin(&f);
	assert_int_equal(tf_put_entry_sync(&f.writer, &sync), 0);
	assert_int_equal(tf_put_slice_digest(&f.writer, &slice), 0);
	write_end(&f, 3, TF_END_STOP);
	rr_replay_start(&f.session, &c, &machine, &f);
	rr_exit(&f.session);
	enter(&f);
	assert_int_equal(f.session.state, RR_RUNNING);
	enter(&f);
	return f.session.state;
}

static void digests_are_compared_at_once(void **state)
{
	uint64_t hash = hash_after(2);

	(void)state;
	assert_int_equal(replay_digests(0x1234, hash, 0), RR_RUNNING);
	assert_int_equal(replay_digests(0x1235, hash, 0), RR_DIVERGED);
	assert_int_equal(replay_digests(0x1234, hash ^ 1, 0), RR_DIVERGED);
	assert_int_equal(replay_digests(0x1234, hash, 1), RR_DIVERGED);
}

static void missed_records_are_reported(void **state)
{
	struct tf_time t = {.entry = 1, .base_ns = 5000};
	struct fake f;

	(void)state;
	write_begin(&f);
	assert_int_equal(tf_put_time(&f.writer, &t), 0);
	write_end(&f, 3, TF_END_STOP);
	start(&f);
	enter(&f); /* without the clock read */
	assert_int_equal(f.session.state, RR_DIVERGED);
	assert_int_equal(f.session.report.record, TF_TIME);
	assert_int_equal(f.session.report.position.entry, 1);
}

static void landing_beyond_the_code_is_reported(void **state)
{
	struct fake f;

	(void)state;
	write_begin(&f);
	write_event(&f, 1, 42, 6, 0);
	write_end(&f, 3, TF_END_STOP);
	start(&f);
	enter(&f);
	assert_int_equal(f.session.state, RR_RUNNING);
	enter(&f);
	assert_int_equal(f.session.state, RR_DIVERGED);
}

static void other_calls_are_reported(void **state)
{
	struct tf_hc_result r = {.entry = 1, .nr = 7, .subop = 3, .result = -4};
	struct rr_call c = {.nr = 7, .subop = 3, .class = RR_INPUT};
	struct tf_bytes output;
	struct fake f;
	int64_t result = 0;

	(void)state;
	write_begin(&f);
	assert_int_equal(tf_put_hc_result(&f.writer, &r), 0);
	r.entry = 2;
	assert_int_equal(tf_put_hc_result(&f.writer, &r), 0);
	write_end(&f, 3, TF_END_STOP);
	start(&f);
	rr_entry(&f.session);
	assert_false(rr_call_enter(&f.session, &c, &result, &output));
	assert_int_equal(result, -4);
	rr_call_exit(&f.session, &c, result);
	rr_exit(&f.session);
	assert_int_equal(f.session.state, RR_RUNNING);
	c.subop = 4;
	rr_entry(&f.session);
	assert_false(rr_call_enter(&f.session, &c, &result, &output));
	assert_int_equal(f.session.state, RR_DIVERGED);
}

static void impossible_events_are_not_applied(void **state)
{
	struct tf_timer t = {.entry = 1, .source = 200};
	struct fake f;

	(void)state;
	write_begin(&f);
	assert_int_equal(tf_put_timer(&f.writer, &t), 0);
	write_end(&f, 2, TF_END_STOP);
	start(&f);
	enter(&f);
	assert_int_equal(f.session.state, RR_FAILED);
	write_begin(&f);
	write_event(&f, 1, 0, RR_NR_PORTS, 0);
	write_end(&f, 2, TF_END_STOP);
	start(&f);
	enter(&f);
	assert_int_equal(f.session.state, RR_FAILED);
	assert_int_equal(f.nr_applied, 0);
}

static void blocking_for_ever_is_reported(void **state)
{
	struct fake f;

	(void)state;
	write_begin(&f);
	write_end(&f, 3, TF_END_STOP);
	start(&f);
	enter(&f);
	rr_blocked(&f.session);
	assert_int_equal(f.session.state, RR_DIVERGED);
}

/* A domain that shuts down does so itself, in the entry; it may also crash
 * there without an exit of its own. */
static void shutdown_is_the_domains_own(void **state)
{
	struct fake f;

	(void)state;
	write_begin(&f);
	write_end(&f, 1, TF_END_SHUTDOWN);
	start(&f);
	enter(&f);
	assert_int_equal(f.session.state, RR_RUNNING);
	rr_finish(&f.session, TF_END_SHUTDOWN, 0, "");
	assert_int_equal(f.session.state, RR_FINISHED);

	start(&f);
	enter(&f);
	enter(&f);
	assert_int_equal(f.session.state, RR_DIVERGED);
}

static void early_end_is_reported(void **state)
{
	struct fake f;

	(void)state;
	write_begin(&f);
	write_end(&f, 5, TF_END_SHUTDOWN);
	start(&f);
	rr_entry(&f.session);
	rr_finish(&f.session, TF_END_SHUTDOWN, 0, "");
	assert_int_equal(f.session.state, RR_DIVERGED);
}

static void full_trace_ends_cut(void **state)
{
	struct tf_end end = {.entry = 1, .reason = TF_END_FULL};
	struct fake f;

	(void)state;
	write_begin(&f);
	write_event(&f, 1, 0, 5, 0);
	write_chunk(&f);
	assert_int_equal(tf_put_end(&f.writer, &end), 0);
	write_chunk(&f);
	start(&f);
	enter(&f);
	assert_int_equal(f.nr_applied, 1);
	assert_int_equal(f.session.state, RR_CUT);
}

static void console_input_outlives_its_chunk(void **state)
{
	struct tf_console_in in = {.entry = 1, .data = {"hello", 5}};
	struct fake f;

	(void)state;
	write_begin(&f);
	assert_int_equal(tf_put_console_in(&f.writer, &in), 0);
	write_chunk(&f);
	write_end(&f, 2, TF_END_STOP);
	start(&f);
	enter(&f);
	assert_memory_equal(f.last_data, "hello", 5);
}

static void waits_for_chunks(void **state)
{
	struct fake f;

	(void)state;
	write_begin(&f);
	write_event(&f, 1, 0, 5, 0);
	write_chunk(&f);
	write_event(&f, 1, 0, 6, 0);
	write_end(&f, 2, TF_END_STOP);
	f.wait = true;
	start(&f);
	assert_int_equal(f.session.state, RR_WAITING);
	rr_retry(&f.session);
	assert_int_equal(f.session.state, RR_WAITING);
	f.wait = false;
	rr_retry(&f.session);
	assert_int_equal(f.session.state, RR_RUNNING);
	enter(&f);
	assert_int_equal(f.nr_applied, 2);
	enter(&f);
	assert_int_equal(f.session.state, RR_FINISHED);
}

/* Marks count in the cursor, wherever they lie. */
static void resumes_among_marks(void **state)
{
	struct rr_shared_state at;
	struct fake f;
	uint64_t cursor;

	(void)state;
	write_begin(&f);
	write_mark(&f, 0);
	write_event(&f, 1, 0, 5, 0);
	write_mark(&f, 1);
	write_mark(&f, 1);
	write_chunk(&f);
	write_mark(&f, 2);
	write_event(&f, 2, 0, 6, 0);
	write_mark(&f, 2);
	write_end(&f, 3, TF_END_STOP);
	start(&f);
	enter(&f);
	assert_int_equal(f.last.port, 5);
	at = f.session.s;
	cursor = f.session.records_done;

	for (unsigned int late = 0; late < 2; late++) {
		rr_replay_start(&f.session, &config, &machine, &f);
		f.wait = late != 0;
		rr_replay_resume(&f.session, &at, cursor);
		if (late) {
			assert_int_equal(f.session.state, RR_WAITING);
			f.wait = false;
			rr_retry(&f.session);
		}
		f.nr_applied = 0;
		assert_int_equal(f.session.state, RR_RUNNING);
		assert_int_equal(f.session.records_done, cursor);
		enter(&f);
		assert_int_equal(f.nr_applied, 1);
		assert_int_equal(f.last.port, 6);
		enter(&f);
		assert_int_equal(f.session.state, RR_FINISHED);
	}
}

static void resuming_beyond_the_trace_fails(void **state)
{
	struct rr_shared_state at;
	struct fake f;

	(void)state;
	write_begin(&f);
	write_event(&f, 1, 0, 5, 0);
	write_end(&f, 3, TF_END_STOP);
	start(&f);
	enter(&f);
	at = f.session.s;
	rr_replay_start(&f.session, &config, &machine, &f);
	rr_replay_resume(&f.session, &at, 100);
	assert_int_equal(f.session.state, RR_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_come_at_their_positions),
		cmocka_unit_test(clock_steps_and_rebases),
		cmocka_unit_test(digests_are_compared_at_once),
		cmocka_unit_test(missed_records_are_reported),
		cmocka_unit_test(landing_beyond_the_code_is_reported),
		cmocka_unit_test(other_calls_are_reported),
		cmocka_unit_test(impossible_events_are_not_applied),
		cmocka_unit_test(blocking_for_ever_is_reported),
		cmocka_unit_test(shutdown_is_the_domains_own),
		cmocka_unit_test(early_end_is_reported),
		cmocka_unit_test(full_trace_ends_cut),
		cmocka_unit_test(console_input_outlives_its_chunk),
		cmocka_unit_test(waits_for_chunks),
		cmocka_unit_test(resumes_among_marks),
		cmocka_unit_test(resuming_beyond_the_trace_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
