/* SPDX-License-Identifier: MIT */
/*
 * Damaged and forged traces. What a reader hands out is always a prefix of what
 * was written, or, where the forger fixed every checksum, at least ends with a
 * reason and without touching memory that is not its own.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "random_trace.h"

#define CAP (256u << 10)

static uint8_t trace[CAP];
static uint8_t mutant[CAP];

static size_t small_trace(uint64_t seed, bool compress)
{
	const struct trace_shape shape = {.nr_chunks = 4,
	                                  .max_records = 3,
	                                  .compress = compress,
	                                  .end = true};
	struct rng rng = {seed};

	return random_trace(&rng, &shape, trace, CAP);
}

/* A trace that is short, so that each of its bytes can be tried. */
static size_t shortest_trace(bool compress)
{
	size_t best = CAP;
	uint64_t best_seed = 0;
	uint64_t seed;

	for (seed = 0; seed < 200; seed++) {
		size_t len = small_trace(seed, compress);

		if (len < best) {
			best = len;
			best_seed = seed;
		}
	}
	return small_trace(best_seed, compress);
}

static void truncation_at_every_byte_leaves_a_prefix(void **state)
{
	unsigned int compress;

	(void)state;
	for (compress = 0; compress < 2; compress++) {
		size_t len = shortest_trace(compress);
		struct reading whole = read_all(trace, len);
		struct reading last = {0};
		size_t cut;

		assert_int_equal(whole.tail.why, TF_EEND);
		assert_true(whole.tail.complete);
		for (cut = 0; cut < len; cut++) {
			uint8_t *copy = malloc(cut ? cut : 1);
			struct reading got;

			memcpy(copy, trace, cut);
			got = read_all(copy, cut);
			free(copy);
			if (cut < TF_SUPER_SIZE) {
				assert_int_equal(got.open_error, -TF_ETRUNC);
				continue;
			}
			assert_int_equal(got.open_error, 0);
			assert_false(got.tail.complete);
			assert_true(got.tail.offset <= cut);
			assert_int_equal(got.tail.record, 0);
			assert_true(got.nr_records >= last.nr_records);
			assert_true(got.nr_chunks < whole.nr_chunks);
			assert_true(
				got.tail.why ==
				(got.tail.offset == cut ? TF_EEND : TF_ETRUNC));
			last = got;
		}
	}
}

static void every_flipped_bit_is_noticed(void **state)
{
	unsigned int compress;

	(void)state;
	for (compress = 0; compress < 2; compress++) {
		size_t len = shortest_trace(compress);
		struct reading whole = read_all(trace, len);
		size_t bit;

		memcpy(mutant, trace, len);
		/* A superblock's bits are all alike; one in five is enough. */
		for (bit = 0; bit < len * 8;
		     bit += bit < TF_SUPER_SIZE * 8 - 8 ? 5 : 1) {
			struct reading got;

			mutant[bit / 8] ^= (uint8_t)(1u << bit % 8);
			got = read_all(mutant, len);
			mutant[bit / 8] ^= (uint8_t)(1u << bit % 8);
			if (bit < TF_SUPER_SIZE * 8) {
				assert_true(got.open_error < 0);
				continue;
			}
			assert_true(got.tail.offset <= bit / 8);
			assert_true(got.tail.why != TF_EEND);
			assert_true(got.nr_chunks < whole.nr_chunks);
			assert_int_equal(got.tail.chunk, got.nr_chunks);
		}
	}
}

/* ---- forged headers
 * ------------------------------------------------------------ */

static void forge(const struct tf_chunk_header *h)
{
	struct tf_chunk_header forged = *h;

	forged.crc =
		tf_crc32c(0, &forged, offsetof(struct tf_chunk_header, crc));
	memcpy(mutant, trace, CAP);
	memcpy(mutant + TF_SUPER_SIZE, &forged, sizeof(forged));
}

static void forged_lengths_are_refused(void **state)
{
	static const uint64_t values[] = {
		0,          1,
		TF_RAW_MAX, TF_RAW_MAX + 1,
		1ull << 31, UINT32_MAX,
		1ull << 32, INT64_MAX,
		1ull << 63, UINT64_MAX - 64,
		UINT64_MAX,
	};
	size_t len = small_trace(1, false);
	struct tf_chunk_header good;
	struct tf_chunk_header h;
	struct reading got;
	size_t i;

	(void)state;
	memcpy(&good, trace + TF_SUPER_SIZE, sizeof(good));
#define FORGE(field)                                                           \
	do {                                                                   \
		h = good;                                                      \
		h.field = (__typeof__(h.field))values[i];                      \
		if (h.field == good.field) {                                   \
			break;                                                 \
		}                                                              \
		forge(&h);                                                     \
		got = read_all(mutant, len);                                   \
		assert_int_equal(got.open_error, 0);                           \
		assert_int_equal(got.tail.offset, TF_SUPER_SIZE);              \
		assert_true(got.tail.why > TF_EUUID);                          \
	} while (0)
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		FORGE(raw_len);
		FORGE(stored_len);
		FORGE(nr_records);
		FORGE(first_record);
		FORGE(chunk_no);
		FORGE(frame_len);
		FORGE(stream);
		FORGE(encoding);
		FORGE(flags);
		FORGE(prev_crc);
		FORGE(payload_crc);
		FORGE(first_entry);
		FORGE(last_entry);
		h = good;
		h.raw_len = h.stored_len = (uint32_t)values[i];
		h.frame_len = 120 + h.stored_len;
		forge(&h);
		got = read_all(mutant, len);
		assert_true(h.raw_len == good.raw_len ||
		            got.tail.offset == TF_SUPER_SIZE);
	}
#undef FORGE
}

/* ---- chunks moved about
 * ---------------------------------------------------------- */

struct place {
	size_t at;
	size_t len;
};

static unsigned int find_chunks(size_t len, struct place *place,
                                unsigned int max)
{
	const uint8_t *data = trace;
	struct tf_source source = {&data, read_memory, len};
	struct tf_chunk chunk;
	struct tf_super sb;
	struct tf_scan scan;
	unsigned int n = 0;

	assert_int_equal(tf_scan_open(&scan, &source, &sb, NULL, 0), 0);
	while (n < max && !tf_scan_next(&scan, &chunk)) {
		place[n].at = (size_t)chunk.offset;
		place[n++].len = (size_t)(chunk.next - chunk.offset);
	}
	return n;
}

static size_t append(size_t at, const struct place *place)
{
	memcpy(mutant + at, trace + place->at, place->len);
	return at + place->len;
}

static void moved_chunks_are_refused(void **state)
{
	struct place place[5];
	struct reading got;
	size_t len = small_trace(2, true);
	size_t at;

	(void)state;
	assert_int_equal(find_chunks(len, place, 5), 5);
	memcpy(mutant, trace, TF_SUPER_SIZE);

	at = append(TF_SUPER_SIZE, &place[1]);
	got = read_all(mutant, append(at, &place[0]));
	assert_int_equal(got.nr_chunks, 0);
	assert_int_equal(got.tail.why, TF_ECHAIN);

	at = append(TF_SUPER_SIZE, &place[0]);
	got = read_all(mutant, append(at, &place[0]));
	assert_int_equal(got.nr_chunks, 1);
	assert_int_equal(got.tail.why, TF_ECHAIN);

	at = append(TF_SUPER_SIZE, &place[0]);
	got = read_all(mutant, append(at, &place[2]));
	assert_int_equal(got.nr_chunks, 1);
	assert_int_equal(got.tail.why, TF_ECHAIN);

	memcpy(mutant, trace, len);
	small_trace(3, true);
	assert_int_equal(find_chunks(CAP, place, 1), 1);
	append(TF_SUPER_SIZE, &place[0]);
	got = read_all(mutant, len);
	assert_int_equal(got.nr_chunks, 0);
	assert_int_equal(got.tail.why, TF_EUUID);
}

/* ---- payloads with every checksum made right
 * ------------------------------------- */

/* Change a raw payload, then make its CRC, its header's and the chain right. */
static void fix_checksums(const struct place *place, unsigned int nr)
{
	uint32_t prev = 0;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct tf_chunk_header h;

		memcpy(&h, mutant + place[i].at, sizeof(h));
		if (i) {
			h.prev_crc = prev;
		}
		h.payload_crc =
			tf_crc32c(0, mutant + place[i].at + sizeof(h),
		                  place[i].len - sizeof(h) < h.stored_len
		                          ? place[i].len - sizeof(h)
		                          : h.stored_len);
		h.crc = tf_crc32c(0, &h, offsetof(struct tf_chunk_header, crc));
		memcpy(mutant + place[i].at, &h, sizeof(h));
		prev = h.crc;
	}
}

static const uint8_t tempting[] = {0x00, 0x01, 0x7f, 0x80, 0x81,
                                   0xfe, 0xff, 0x10, 0x40, 0xc0};

static void mutate(struct rng *rng, const struct place *place)
{
	const size_t room = place->len - TF_CHUNK_HEADER;
	uint8_t *payload = mutant + place->at + TF_CHUNK_HEADER;
	uint64_t changes = 1 + rng_below(rng, 4);

	while (changes--) {
		uint8_t *at = payload + rng_below(rng, room);
		size_t left = (size_t)(payload + room - at);

		switch (rng_below(rng, 4)) {
		case 0:
			*at ^= (uint8_t)(1u << rng_below(rng, 8));
			break;
		case 1:
			*at = tempting[rng_below(rng, sizeof(tempting))];
			break;
		case 2:
			memset(at, 0xff, left < 10 ? left : 10);
			break;
		default:
			memmove(at, at + 1, left - 1);
		}
	}
}

static void mutants_with_right_checksums_end_with_a_reason(void **state)
{
	unsigned int refused = 0;
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 40; seed++) {
		const struct trace_shape shape = {
			.nr_chunks = 5,
			.max_records = 12,
			.compress = seed % 4 == 3,
			.end = true,
		};
		struct rng rng = {1000 + seed};
		size_t len = random_trace(&rng, &shape, trace, CAP);
		struct place place[6];
		unsigned int nr = find_chunks(len, place, 6);
		unsigned int i;

		for (i = 0; i < 150; i++) {
			struct reading got;

			memcpy(mutant, trace, len);
			mutate(&rng, &place[rng_below(&rng, nr)]);
			fix_checksums(place, nr);
			got = read_all(mutant, len);
			assert_int_equal(got.open_error, 0);
			assert_true(got.tail.why >= TF_EEND);
			refused += got.tail.why != TF_EEND;
		}
	}
	assert_true(refused > 1000);
}

static void random_bytes_as_calls_end_with_a_reason(void **state)
{
	static struct tf_calls calls;
	uint8_t payload[256];
	struct rng rng = {9};
	unsigned int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		struct tf_chunk_header h = {
			.stream = TF_STREAM_HISTORY,
			.raw_len = 1 + (uint32_t)rng_below(&rng, 255),
			.nr_records = 255,
			.last_entry = UINT64_MAX,
		};
		struct tf_record record;
		struct tf_reader r;
		unsigned int j;

		for (j = 0; j < h.raw_len; j++) {
			payload[j] = (uint8_t)rng_next(&rng);
			payload[j] |= j < 3 ? 0x80 : 0;
		}
		assert_int_equal(tf_reader_init(&r, &h, payload, &calls), 0);
		while (!tf_read(&r, &record)) {
			assert_true(r.pos <= r.len);
		}
	}
}

/* ---- sources that fail
 * ------------------------------------------------------------- */

struct flaky {
	const uint8_t *data;
	unsigned int good_reads;
};

static int read_flaky(void *ctx, uint64_t offset, void *buf, size_t len)
{
	struct flaky *flaky = ctx;

	if (flaky->good_reads == 0) {
		return -1;
	}
	flaky->good_reads--;
	memcpy(buf, flaky->data + offset, len);
	return 0;
}

static void read_errors_end_the_trace(void **state)
{
	size_t len = small_trace(4, false);
	unsigned int good;
	bool done = false;

	(void)state;
	for (good = 0; !done; good++) {
		struct flaky flaky = {trace, good};
		struct tf_source source = {&flaky, read_flaky, len};
		uint8_t scratch[4096];
		struct tf_chunk chunk;
		struct tf_super sb;
		struct tf_scan scan;
		int error = tf_scan_open(&scan, &source, &sb, scratch,
		                         sizeof(scratch));

		if (good == 0) {
			assert_int_equal(error, -TF_EIO);
			continue;
		}
		while (!tf_scan_next(&scan, &chunk)) {
		}
		done = scan.tail.why == TF_EEND;
		assert_true(done || scan.tail.why == TF_EIO);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truncation_at_every_byte_leaves_a_prefix),
		cmocka_unit_test(every_flipped_bit_is_noticed),
		cmocka_unit_test(forged_lengths_are_refused),
		cmocka_unit_test(moved_chunks_are_refused),
		cmocka_unit_test(
			mutants_with_right_checksums_end_with_a_reason),
		cmocka_unit_test(random_bytes_as_calls_end_with_a_reason),
		cmocka_unit_test(read_errors_end_the_trace),
	};

	return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
