/* SPDX-License-Identifier: MIT */
/*
 * A trace in a window: whatever is behind its last chunk, and wherever the
 * writer was stopped, a scan ends after the last chunk that was committed. Also
 * sealing itself: order, fallbacks, resumption, and the index over the result.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "random_trace.h"

#define WINDOW (512u << 10)

static uint8_t window[WINDOW];
static uint8_t copy[WINDOW];
static uint8_t raw[TF_RAW_MAX];

static const struct trace_shape five_chunks = {
	.nr_chunks = 5, .max_records = 10, .compress = true, .end = false};

static void blank_tail_ends_the_scan(void **state)
{
	struct rng rng = {1};
	struct reading got;
	size_t len;

	(void)state;
	memset(window, 0, WINDOW);
	len = random_trace(&rng, &five_chunks, window, WINDOW);
	got = read_all(window, WINDOW);
	assert_int_equal(got.nr_chunks, 5);
	assert_int_equal(got.tail.why, TF_EBLANK);
	assert_int_equal(got.tail.offset, len);
	assert_false(got.tail.complete);
}

static void stale_tail_ends_the_scan(void **state)
{
	struct trace_shape longer = five_chunks;
	uint64_t seed;

	(void)state;
	longer.nr_chunks = 20;
	for (seed = 0; seed < 50; seed++) {
		struct rng rng = {seed};
		struct reading got;
		size_t len;

		memset(window, 0, WINDOW);
		random_trace(&rng, &longer, window, WINDOW);
		len = random_trace(&rng, &five_chunks, window, WINDOW);
		got = read_all(window, WINDOW);
		assert_int_equal(got.open_error, 0);
		assert_int_equal(got.nr_chunks, 5);
		assert_int_equal(got.tail.offset, len);
		assert_true(got.tail.why == TF_EUUID ||
		            got.tail.why == TF_EHEADCRC ||
		            got.tail.why == TF_EBLANK);
	}
}

/* A tail made of a whole chunk of another trace, aligned as ours are. */
static void foreign_chunk_ends_the_scan(void **state)
{
	struct rng rng = {2};
	struct reading got;
	size_t len;

	(void)state;
	memset(window, 0, WINDOW);
	random_trace(&rng, &five_chunks, copy, WINDOW);
	len = random_trace(&rng, &five_chunks, window, WINDOW);
	memcpy(window + len, copy + TF_SUPER_SIZE, 2048);
	got = read_all(window, WINDOW);
	assert_int_equal(got.tail.why, TF_EUUID);
	assert_int_equal(got.tail.offset, len);
}

/* ---- the order of a commit
 * ------------------------------------------------------- */

static struct tf_chain chain_of(const uint8_t *trace, size_t len,
                                uint64_t *offset)
{
	struct tf_source source = {&trace, read_memory, len};
	struct tf_chunk chunk;
	struct tf_super sb;
	struct tf_scan scan;

	assert_int_equal(tf_scan_open(&scan, &source, &sb, NULL, 0), 0);
	while (!tf_scan_next(&scan, &chunk)) {
	}
	*offset = scan.offset;
	return scan.chain;
}

static void mark_writer(struct tf_writer *w, uint64_t entry, uint32_t len)
{
	struct tf_mark mark = {.entry = entry, .text = {copy, len}};

	assert_int_equal(
		tf_writer_init(w, TF_STREAM_REPLAY, raw, sizeof(raw), NULL), 0);
	tf_writer_open(w, entry);
	assert_int_equal(tf_put_mark(w, &mark), 0);
}

static void chunk_exists_from_its_last_byte_on(void **state)
{
	struct rng rng = {3};
	struct tf_chain chain;
	struct tf_writer w;
	uint64_t at;
	size_t len;
	size_t i;

	(void)state;
	memset(window, 0, WINDOW);
	random_trace(&rng, &five_chunks, window, WINDOW);
	chain = chain_of(window, WINDOW, &at);
	mark_writer(&w, 1u << 30, 100);
	memcpy(copy, window, WINDOW);
	assert_int_equal(
		tf_seal(&chain, &w, NULL, copy + at, WINDOW - at, &len), 0);
	memcpy(window + at + TF_CHUNK_HEADER, copy + at + TF_CHUNK_HEADER,
	       len - TF_CHUNK_HEADER);
	for (i = 0; i < TF_CHUNK_HEADER; i++) {
		assert_int_equal(read_all(window, WINDOW).nr_chunks, 5);
		window[at + i] = copy[at + i];
	}
	assert_int_equal(read_all(window, WINDOW).nr_chunks, 6);
}

static void scan_follows_a_trace_that_grows(void **state)
{
	struct rng rng = {4};
	const uint8_t *data = window;
	struct tf_source source = {&data, read_memory, WINDOW};
	uint8_t scratch[64];
	struct tf_chunk chunk;
	struct tf_super sb;
	struct tf_scan scan;
	struct tf_writer w;
	size_t len;

	(void)state;
	memset(window, 0, WINDOW);
	random_trace(&rng, &five_chunks, window, WINDOW);
	assert_int_equal(
		tf_scan_open(&scan, &source, &sb, scratch, sizeof(scratch)), 0);
	while (!tf_scan_next(&scan, &chunk)) {
	}
	assert_int_equal(scan.tail.why, TF_EBLANK);
	mark_writer(&w, 1u << 30, 10);
	{
		struct tf_chain chain = scan.chain;

		assert_int_equal(tf_seal(&chain, &w, &zstd_codec,
		                         window + scan.offset,
		                         WINDOW - scan.offset, &len),
		                 0);
	}
	assert_int_equal(tf_scan_next(&scan, &chunk), 0);
	assert_int_equal(chunk.header.chunk_no, 5);
	assert_int_equal(tf_scan_next(&scan, &chunk), -TF_EEND);
}

/* ---- sealing
 * ------------------------------------------------------------------------ */

static int64_t fails(void *ctx, void *dst, size_t cap, const void *src,
                     size_t len)
{
	(void)ctx, (void)dst, (void)cap, (void)src, (void)len;
	return -1;
}

static int64_t lies(void *ctx, void *dst, size_t cap, const void *src,
                    size_t len)
{
	(void)ctx, (void)src;
	memset(dst, 0x55, cap);
	return (int64_t)len / 2;
}

static void seal_stores_raw_what_does_not_compress(void **state)
{
	const struct tf_codec failing = {NULL, fails, NULL};
	const struct tf_codec lying = {NULL, lies, NULL};
	const struct tf_codec *codecs[] = {NULL, &failing, &lying};
	struct tf_chunk_header h;
	size_t i;

	(void)state;
	memset(copy, 'x', WINDOW);
	for (i = 0; i < 4; i++) {
		struct tf_chain chain = {.next_chunk = 1};
		struct tf_writer w;
		size_t len;

		mark_writer(&w, 1, 5000);
		assert_int_equal(tf_seal(&chain, &w,
		                         i < 3 ? codecs[i] : &zstd_codec,
		                         window, WINDOW, &len),
		                 0);
		memcpy(&h, window, sizeof(h));
		assert_int_equal(h.encoding, i < 3 ? TF_ENC_RAW : TF_ENC_ZSTD);
		assert_int_equal(len % TF_CHUNK_ALIGN, 0);
		assert_true(len <= tf_seal_bound(w.len));
	}
}

static int64_t sees_no_header(void *ctx, void *dst, size_t cap, const void *src,
                              size_t len)
{
	static const uint8_t zeros[TF_CHUNK_HEADER];
	bool *seen = ctx;

	*seen = memcmp((uint8_t *)dst - TF_CHUNK_HEADER, zeros,
	               TF_CHUNK_HEADER) == 0;
	return zstd_codec.compress(NULL, dst, cap, src, len);
}

/* A header left over is gone before the payload behind it changes. */
static void seal_clears_the_old_header_first(void **state)
{
	bool seen = false;
	const struct tf_codec codec = {&seen, sees_no_header, NULL};
	struct tf_chain chain = {0};
	struct tf_writer w;
	size_t len;

	(void)state;
	memset(copy, 'x', WINDOW);
	memset(window, 0xaa, WINDOW);
	mark_writer(&w, 1, 3000);
	assert_int_equal(tf_seal(&chain, &w, &codec, window, WINDOW, &len), 0);
	assert_true(seen);
}

static void seal_takes_exactly_the_room_it_names(void **state)
{
	uint32_t text;

	(void)state;
	for (text = 0; text < 200; text++) {
		struct tf_chain chain = {0};
		struct tf_chain before = chain;
		struct tf_writer w;
		size_t bound;
		size_t len;

		mark_writer(&w, 1, text);
		bound = tf_seal_bound(w.len);
		window[bound] = 0xee;
		assert_int_equal(
			tf_seal(&chain, &w, NULL, window, bound - 1, &len),
			-TF_ENOSPC);
		assert_memory_equal(&before, &chain, sizeof(chain));
		assert_int_equal(tf_seal(&chain, &w, NULL, window, bound, &len),
		                 0);
		assert_int_equal(len, bound);
		assert_int_equal(window[bound], 0xee);
	}
}

static void seal_compresses_into_the_room_that_is_left(void **state)
{
	size_t cap;

	(void)state;
	memset(copy, 'x', WINDOW);
	for (cap = 0; cap < 400; cap++) {
		uint8_t *room = malloc(cap ? cap : 1);
		struct tf_chain chain = {0};
		struct tf_writer w;
		size_t len;
		int error;

		mark_writer(&w, 1, 3000);
		error = tf_seal(&chain, &w, &zstd_codec, room, cap, &len);
		assert_true(error == 0 || error == -TF_ENOSPC);
		assert_true(len <= cap);
		assert_true(error || cap >= TF_CHUNK_HEADER);
		free(room);
	}
}

static void end_fits_the_room_that_is_kept_for_it(void **state)
{
	struct tf_end end = {
		.entry = UINT64_MAX,
		.reason = TF_END_ERROR,
		.code = UINT64_MAX,
		.text = {copy, TF_END_TEXT_MAX},
	};
	struct tf_chain chain = {0};
	struct tf_writer w;
	size_t len;

	(void)state;
	assert_int_equal(
		tf_writer_init(&w, TF_STREAM_REPLAY, raw, sizeof(raw), NULL),
		0);
	assert_int_equal(tf_put_end(&w, &end), 0);
	assert_int_equal(tf_seal(&chain, &w, NULL, window, TF_END_ROOM, &len),
	                 0);
}

static void nothing_but_notes_may_follow_end(void **state)
{
	struct tf_end end = {.entry = 5};
	struct tf_mark mark = {.entry = 4};
	struct tf_chain chain = {0};
	struct tf_writer w;
	size_t len;

	(void)state;
	mark_writer(&w, 5, 0);
	assert_int_equal(tf_put_end(&w, &end), 0);
	assert_int_equal(tf_seal(&chain, &w, NULL, window, WINDOW, &len), 0);
	mark_writer(&w, 6, 0);
	assert_int_equal(tf_seal(&chain, &w, NULL, window, WINDOW, &len),
	                 -TF_EAFTEREND);
	assert_int_equal(tf_writer_init(&w, TF_STREAM_CHECKPOINT, raw,
	                                sizeof(raw), NULL),
	                 0);
	assert_int_equal(tf_put_mark(&w, &mark), 0);
	assert_int_equal(tf_seal(&chain, &w, NULL, window, WINDOW, &len), 0);
}

static void seal_keeps_the_order_of_a_stream(void **state)
{
	struct tf_chain chain = {0};
	struct tf_writer w;
	size_t len;

	(void)state;
	mark_writer(&w, 6, 0);
	assert_int_equal(tf_seal(&chain, &w, NULL, window, WINDOW, &len), 0);
	mark_writer(&w, 5, 0);
	assert_int_equal(tf_seal(&chain, &w, NULL, window, WINDOW, &len),
	                 -TF_EORDER);
	tf_writer_open(&w, 7);
	assert_int_equal(tf_seal(&chain, &w, NULL, window, WINDOW, &len), 0);
	assert_int_equal(len, 0);
}

/* ---- index
 * ----------------------------------------------------------------------------
 */

static void index_finds_chunks_by_position_and_number(void **state)
{
	struct rng rng = {6};
	struct tf_index_entry entries[8];
	struct tf_index index = {entries, 8, 0};
	const struct tf_index_entry *found;
	const uint8_t *data = window;
	struct tf_source source = {&data, read_memory, WINDOW};
	struct tf_chunk chunk;
	struct tf_super sb;
	struct tf_scan scan;
	struct tf_writer w;
	unsigned int i;
	size_t at;
	size_t len;

	(void)state;
	memset(window, 0, WINDOW);
	random_super(&rng, &sb);
	memcpy(window, &sb, sizeof(sb));
	tf_chain_init(&scan.chain, &sb);
	at = sizeof(sb);
	for (i = 0; i < 9; i++) {
		struct tf_mark mark = {.entry = 10 * i + 5};

		mark_writer(&w, 10 * i, 0);
		assert_int_equal(tf_put_mark(&w, &mark), 0);
		assert_int_equal(tf_seal(&scan.chain, &w, NULL, window + at,
		                         WINDOW - at, &len),
		                 0);
		at += len;
	}
	assert_int_equal(tf_scan_open(&scan, &source, &sb, NULL, 0), 0);
	for (i = 0; i < 9; i++) {
		assert_int_equal(tf_scan_next(&scan, &chunk), 0);
		assert_int_equal(tf_index_add(&index, &chunk),
		                 i < 8 ? 0 : -TF_ENOSPC);
	}
	found = tf_index_find(&index, TF_STREAM_REPLAY, 26);
	assert_int_equal(found->chunk_no, 3);
	found = tf_index_find(&index, TF_STREAM_REPLAY, 25);
	assert_int_equal(found->chunk_no, 2);
	assert_null(tf_index_find(&index, TF_STREAM_REPLAY, 76));
	assert_null(tf_index_find(&index, TF_STREAM_HISTORY, 0));
	found = tf_index_record(&index, TF_STREAM_REPLAY, 9);
	assert_int_equal(found->chunk_no, 4);
	assert_null(tf_index_record(&index, TF_STREAM_REPLAY, 16));
	assert_int_equal(tf_chunk_at(&source, sb.uuid, found, &chunk), 0);
	assert_int_equal(chunk.header.chunk_no, 4);
	entries[4].chunk_no = 5;
	assert_int_equal(tf_chunk_at(&source, sb.uuid, found, &chunk),
	                 -TF_ECHAIN);
	entries[4].offset = UINT64_MAX - 5;
	assert_int_equal(tf_chunk_at(&source, sb.uuid, found, &chunk),
	                 -TF_ETRUNC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blank_tail_ends_the_scan),
		cmocka_unit_test(stale_tail_ends_the_scan),
		cmocka_unit_test(foreign_chunk_ends_the_scan),
		cmocka_unit_test(chunk_exists_from_its_last_byte_on),
		cmocka_unit_test(scan_follows_a_trace_that_grows),
		cmocka_unit_test(seal_stores_raw_what_does_not_compress),
		cmocka_unit_test(seal_clears_the_old_header_first),
		cmocka_unit_test(seal_takes_exactly_the_room_it_names),
		cmocka_unit_test(seal_compresses_into_the_room_that_is_left),
		cmocka_unit_test(end_fits_the_room_that_is_kept_for_it),
		cmocka_unit_test(nothing_but_notes_may_follow_end),
		cmocka_unit_test(seal_keeps_the_order_of_a_stream),
		cmocka_unit_test(index_finds_chunks_by_position_and_number),
	};

	return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
