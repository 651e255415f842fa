/* SPDX-License-Identifier: MIT */
/*
 * Records through writer, seal, scan and reader: what comes out is what went
 * in, and what cannot go in leaves everything as it was.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "random_trace.h"

static struct tf_calls write_calls;
static struct tf_calls read_calls;
static uint8_t raw[64u << 10];

static struct tf_calls *calls_for(enum tf_stream stream, struct tf_calls *calls)
{
	return stream == TF_STREAM_HISTORY ? calls : NULL;
}

/* The header that seal would write, for reading a payload in place. */
static struct tf_chunk_header header_of(const struct tf_writer *w)
{
	return (struct tf_chunk_header){
		.stream = w->stream,
		.raw_len = w->len,
		.nr_records = w->nr_records,
		.first_entry = w->first_entry,
		.last_entry = w->last_entry,
		.flags = w->ended ? TF_CHUNK_END : 0,
	};
}

static void open_writer(struct tf_writer *w, enum tf_stream stream)
{
	assert_int_equal(tf_writer_init(w, stream, raw, sizeof(raw),
	                                calls_for(stream, &write_calls)),
	                 0);
}

static void open_reader(struct tf_reader *r, const struct tf_writer *w)
{
	struct tf_chunk_header h = header_of(w);

	assert_int_equal(tf_reader_init(r, &h, w->buf,
	                                calls_for(w->stream, &read_calls)),
	                 0);
}

static void round_trip(uint64_t seed, enum tf_stream stream)
{
	static struct tf_record in[400];
	struct rng rng = {seed};
	uint64_t entry = rng_sized(&rng) >> 1;
	struct tf_record out;
	struct tf_writer w;
	struct tf_reader r;
	unsigned int n;
	unsigned int i;

	open_writer(&w, stream);
	for (n = 0; n < 400; n++) {
		int error;

		random_record(&rng, stream, &entry, &in[n]);
		error = put_record(&w, &in[n]);
		if (error) {
			assert_int_equal(error, -TF_ENOSPC);
			break;
		}
	}
	assert_int_equal(w.nr_records, n);
	open_reader(&r, &w);
	for (i = 0; i < n; i++) {
		assert_int_equal(tf_read(&r, &out), 0);
		assert_int_equal(out.index, i);
		assert_true(same_record(&in[i], &out));
	}
	assert_int_equal(tf_read(&r, &out), -TF_EEND);
	assert_int_equal(tf_read(&r, &out), -TF_EEND);
}

static void records_round_trip_in_each_stream(void **state)
{
	unsigned int stream;
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 100; seed++) {
		for (stream = 0; stream < TF_NR_STREAMS; stream++) {
			round_trip(seed, (enum tf_stream)stream);
		}
	}
}

static void full_chunk_is_left_as_it_was(void **state)
{
	struct tf_console_in big = {.entry = 9, .data = {raw, 60}};
	struct tf_mark small = {.entry = 9};
	struct tf_writer w;
	struct tf_writer before;
	uint8_t buf[80];

	(void)state;
	memset(buf, 0xee, sizeof(buf));
	assert_int_equal(
		tf_writer_init(&w, TF_STREAM_REPLAY, buf, sizeof(buf), NULL),
		0);
	assert_int_equal(tf_put_console_in(&w, &big), 0);
	before = w;
	assert_int_equal(tf_put_console_in(&w, &big), -TF_ENOSPC);
	assert_memory_equal(&before, &w, sizeof(w));
	assert_int_equal(buf[w.len], 0xee);
	while (tf_put_mark(&w, &small) == 0) {
	}
	assert_in_range(w.len, sizeof(buf) - 3, sizeof(buf));
	big.data.len = 81;
	assert_int_equal(tf_put_console_in(&w, &big), -TF_ETOOBIG);
	big.data.len = UINT32_MAX;
	assert_int_equal(tf_put_console_in(&w, &big), -TF_ETOOBIG);
}

static void calls_that_do_not_fit_are_not_learnt(void **state)
{
	struct rng rng = {5};
	uint64_t entry = 0;
	struct tf_calls before;
	struct tf_record record;
	struct tf_writer w;
	uint8_t buf[200];
	int error;

	(void)state;
	assert_int_equal(tf_writer_init(&w, TF_STREAM_HISTORY, buf, sizeof(buf),
	                                &write_calls),
	                 0);
	do {
		do {
			random_record(&rng, TF_STREAM_HISTORY, &entry, &record);
		} while (record.id != TF_CALL);
		before = write_calls;
		error = put_record(&w, &record);
	} while (!error);
	assert_int_equal(error, -TF_ENOSPC);
	assert_memory_equal(&before, &write_calls, sizeof(before));
}

static void writer_refuses_what_makes_no_sense(void **state)
{
	struct tf_snap_end wrong_stream = {0};
	struct tf_final odd_words = {.entry = 8, .calls = {raw, 12}};
	struct tf_landing odd_frames = {.entry = 8, .frames = {raw, 25}};
	struct tf_frame_data short_page = {.data = {raw, 4095}};
	struct tf_mark null_text = {.entry = 8, .text = {NULL, 1}};
	struct tf_mark early = {.entry = 6};
	struct tf_wake wake = {.entry = 7};
	struct tf_end end = {.entry = 7};
	struct tf_writer w;

	(void)state;
	open_writer(&w, TF_STREAM_REPLAY);
	tf_writer_open(&w, 7);
	assert_int_equal(tf_put_mark(&w, &early), -TF_EORDER);
	assert_int_equal(tf_put_snap_end(&w, &wrong_stream), -TF_ESTREAM);
	assert_int_equal(tf_put(&w, (enum tf_id)0x7f, &wake), -TF_ESTREAM);
	assert_int_equal(tf_put_final(&w, &odd_words), -TF_EINVAL);
	assert_int_equal(tf_put_landing(&w, &odd_frames), -TF_EINVAL);
	assert_int_equal(tf_put_mark(&w, &null_text), -TF_EINVAL);
	assert_int_equal(w.len, 0);
	assert_int_equal(tf_put_wake(&w, &wake), 0);
	assert_int_equal(tf_put_end(&w, &end), 0);
	assert_int_equal(tf_put_wake(&w, &wake), -TF_EINVAL);
	open_writer(&w, TF_STREAM_SNAPSHOT);
	assert_int_equal(tf_put_frame_data(&w, &short_page), -TF_EINVAL);
	assert_int_equal(
		tf_writer_init(&w, TF_STREAM_HISTORY, raw, sizeof(raw), NULL),
		-TF_EINVAL);
	assert_int_equal(tf_writer_init(&w, TF_STREAM_REPLAY, raw, 0, NULL),
	                 -TF_EINVAL);
}

/* A record of a later version, then one of ours: 5 entries on, 2 entries on. */
static void unknown_records_are_skipped_and_counted(void **state)
{
	static const uint8_t payload[] = {0x07, 3, 0, 1,    0,    0x2f, 4,
	                                  5,    1, 2, 0xff, 0x7f, 0,    0x07,
	                                  5,    2, 1, 9,    0xaa, 0xbb};
	struct tf_chunk_header h = {
		.raw_len = sizeof(payload),
		.nr_records = 4,
		.first_entry = 100,
		.last_entry = 107,
	};
	struct tf_record record;
	struct tf_reader r;

	(void)state;
	assert_int_equal(tf_reader_init(&r, &h, payload, NULL), 0);
	assert_int_equal(tf_read(&r, &record), 0);
	assert_int_equal(record.u.wake.entry, 100);
	assert_int_equal(tf_read(&r, &record), 0);
	assert_false(record.known);
	assert_int_equal(record.entry, 105);
	assert_int_equal(record.body.len, 4);
	assert_int_equal(tf_read(&r, &record), 0);
	assert_false(record.known);
	assert_int_equal(record.entry, 105);
	assert_int_equal(tf_read(&r, &record), 0);
	assert_int_equal(record.u.wake.entry, 107);
	assert_int_equal(record.u.wake.base_ns, 9);
	assert_int_equal(tf_read(&r, &record), -TF_EEND);
}

static void lists_are_read_element_by_element(void **state)
{
	struct tf_frame_hash pairs[2] = {{7, {1, 2}}, {8, {3, 4}}};
	uint64_t counts[3] = {10, 20, 30};
	struct tf_bytes frames = {pairs, sizeof(pairs)};
	struct tf_bytes words = {counts, sizeof(counts)};
	struct tf_frame_hash pair;

	(void)state;
	assert_true(tf_frame_pair(&frames, 1, &pair));
	assert_int_equal(pair.frame, 8);
	assert_int_equal(pair.hash.hi, 4);
	assert_false(tf_frame_pair(&frames, 2, &pair));
	assert_int_equal(tf_word(&words, 2), 30);
	assert_int_equal(tf_word(&words, 3), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_round_trip_in_each_stream),
		cmocka_unit_test(full_chunk_is_left_as_it_was),
		cmocka_unit_test(calls_that_do_not_fit_are_not_learnt),
		cmocka_unit_test(writer_refuses_what_makes_no_sense),
		cmocka_unit_test(unknown_records_are_skipped_and_counted),
		cmocka_unit_test(lists_are_read_element_by_element),
	};

	return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
