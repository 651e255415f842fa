/* SPDX-License-Identifier: MIT */
/*
 * Leaf codecs of the trace format against published vectors and their limits:
 * varint, crc32c, digest, zstd frame walk, superblock, names.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "random_trace.h"

static void varint_round_trips_at_each_length(void **state)
{
	unsigned int bits;

	(void)state;
	for (bits = 0; bits <= 64; bits++) {
		uint64_t top = bits == 64 ? UINT64_MAX : (1ull << bits) - 1;
		uint64_t values[2] = {top, top ? top - 1 : 0};
		unsigned int i;

		for (i = 0; i < 2; i++) {
			uint8_t bytes[10];
			const uint8_t *p = bytes;
			uint8_t *end = tf_varint_put(bytes, values[i]);
			uint64_t back;

			assert_int_equal(end - bytes,
			                 tf_varint_size(values[i]));
			assert_int_equal(tf_varint_get(&p, end, &back), 0);
			assert_ptr_equal(p, end);
			assert_int_equal(back, values[i]);
			p = bytes;
			assert_int_equal(tf_varint_get(&p, end - 1, &back),
			                 -TF_EVARINT);
			assert_ptr_equal(p, bytes);
		}
	}
}

static void varint_rejects_what_is_not_shortest(void **state)
{
	static const uint8_t bad[][12] = {
		{0x80, 0x00},
		{0xff, 0x80, 0x00},
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02},
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81, 1},
		{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const uint8_t *p = bad[i];
		uint64_t value;

		assert_int_equal(tf_varint_get(&p, p + sizeof(bad[i]), &value),
		                 -TF_EVARINT);
	}
}

static void crc32c_agrees_with_published_vectors(void **state)
{
	uint8_t bytes[32];
	unsigned int cut;

	(void)state;
	assert_int_equal(tf_crc32c(0, "123456789", 9), 0xe3069283);
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(tf_crc32c(0, bytes, 32), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(tf_crc32c(0, bytes, 32), 0x62a8ab43);
	for (cut = 0; cut <= 32; cut++) {
		uint32_t crc = tf_crc32c(0, bytes, cut);

		crc = tf_crc32c(crc, bytes + cut, 32 - cut);
		assert_int_equal(crc, 0x62a8ab43);
	}
}

static void digest_agrees_with_published_vectors(void **state)
{
	static const char fox[] = "The quick brown fox jumps over the lazy dog";
	const struct tf_hash128 zero = {0, 0};
	struct tf_hash128 hash = tf_hash(zero, fox, sizeof(fox) - 1);
	struct tf_hash128 chained;

	(void)state;
	assert_int_equal(hash.lo, 0xe34bbc7bbc071b6cull);
	assert_int_equal(hash.hi, 0x7a433ca9c49a9347ull);
	hash = tf_hash(zero, "", 0);
	assert_int_equal(hash.lo | hash.hi, 0);
	hash = tf_hash(zero, "a", 1);
	chained = tf_hash(hash, "a", 1);
	assert_int_not_equal(hash.lo, chained.lo);
	assert_int_not_equal(hash.hi, chained.hi);
}

static size_t make_frame(uint8_t *dst, size_t cap, const uint8_t *src,
                         size_t len)
{
	int64_t result = zstd_codec.compress(NULL, dst, cap, src, len);

	assert_true(result > 0);
	return (size_t)result;
}

static void frame_check_takes_what_zstd_writes(void **state)
{
	size_t sizes[] = {1, 255, 256, 65791, 65792, 300000, TF_RAW_MAX};
	uint8_t *src = malloc(TF_RAW_MAX);
	uint8_t *dst = malloc(ZSTD_compressBound(TF_RAW_MAX));
	struct rng rng = {7};
	unsigned int noisy;
	size_t i;

	(void)state;
	for (noisy = 0; noisy < 2; noisy++) {
		for (i = 0; i < TF_RAW_MAX; i++) {
			src[i] = noisy ? (uint8_t)rng_next(&rng) : (uint8_t)i;
		}
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			uint32_t size = (uint32_t)sizes[i];
			size_t len = make_frame(
				dst, ZSTD_compressBound(TF_RAW_MAX), src, size);

			assert_int_equal(tf_frame_check(dst, len, size), 0);
			assert_int_equal(tf_frame_check(dst, len, size + 1),
			                 -TF_EFRAME);
			assert_int_equal(tf_frame_check(dst, len - 1, size),
			                 -TF_EFRAME);
		}
	}
	free(src);
	free(dst);
}

/* Cut anywhere, the frame is refused and nothing behind the cut is read. */
static void frame_check_stays_inside_of_a_cut_frame(void **state)
{
	const uint32_t size = 400000;
	uint8_t *src = malloc(size);
	uint8_t *dst = malloc(ZSTD_compressBound(size));
	struct rng rng = {8};
	size_t len;
	size_t cut;
	size_t i;

	(void)state;
	for (i = 0; i < size; i++) {
		src[i] = (uint8_t)rng_next(&rng);
	}
	len = make_frame(dst, ZSTD_compressBound(size), src, size);
	for (cut = 0; cut < len; cut += 9973) {
		uint8_t *copy = malloc(cut ? cut : 1);

		memcpy(copy, dst, cut);
		assert_int_equal(tf_frame_check(copy, cut, size), -TF_EFRAME);
		free(copy);
	}
	free(src);
	free(dst);
}

/* One raw block; its size is right, and right up to the limit is taken. */
static void frame_check_limits_a_block(void **state)
{
	const uint32_t limit = 128u << 10;
	uint8_t *frame = calloc(1, limit + 64);
	uint32_t size;

	(void)state;
	for (size = limit; size <= limit + 1; size++) {
		static const uint8_t head[] = {0x28, 0xb5, 0x2f, 0xfd, 0xa4};
		uint32_t block = size << 3 | 1;

		memcpy(frame, head, sizeof(head));
		memcpy(frame + 5, &size, 4);
		memcpy(frame + 9, &block, 3);
		assert_int_equal(tf_frame_check(frame, 12 + size + 4, size),
		                 size == limit ? 0 : -TF_EFRAME);
	}
	free(frame);
}

static void frame_check_rejects_other_frames(void **state)
{
	/* No checksum; unknown size; a dictionary; 512 MiB asked for. */
	static const uint8_t no_checksum[] = {0x28, 0xb5, 0x2f, 0xfd, 0x20,
	                                      0x01, 0x09, 0x00, 0x00, 'x'};
	static const uint8_t no_size[] = {0x28, 0xb5, 0x2f, 0xfd, 0x04,
	                                  0x00, 0x09, 0x00, 0x00, 'x',
	                                  0,    0,    0,    0};
	static const uint8_t dictionary[] = {0x28, 0xb5, 0x2f, 0xfd, 0x25,
	                                     0x01, 0x01, 0x09, 0x00, 0x00,
	                                     'x',  0,    0,    0,    0};
	static const uint8_t window[] = {0x28, 0xb5, 0x2f, 0xfd, 0x44,
	                                 0x98, 0x00, 0x00, 0x01, 0x00,
	                                 0x00, 0,    0,    0,    0};
	static const uint8_t good[] = {0x28, 0xb5, 0x2f, 0xfd, 0x24, 0x01, 0x09,
	                               0x00, 0x00, 'x',  0,    0,    0,    0};
	size_t len;

	(void)state;
	assert_int_equal(tf_frame_check(no_checksum, sizeof(no_checksum), 1),
	                 -TF_EFRAME);
	assert_int_equal(tf_frame_check(no_size, sizeof(no_size), 1),
	                 -TF_EFRAME);
	assert_int_equal(tf_frame_check(dictionary, sizeof(dictionary), 1),
	                 -TF_EFRAME);
	assert_int_equal(tf_frame_check(window, sizeof(window), 256),
	                 -TF_EFRAME);
	assert_int_equal(tf_frame_check(good, sizeof(good), 1), 0);
	for (len = 0; len < sizeof(good); len++) {
		assert_int_equal(tf_frame_check(good, len, 1), -TF_EFRAME);
	}
}

static void superblock_is_checked_field_by_field(void **state)
{
	struct rng rng = {3};
	struct tf_super good;
	struct tf_super sb;

	(void)state;
	random_super(&rng, &good);
	assert_int_equal(tf_super_check(&good), 0);
#define BAD(change, error)                                                     \
	do {                                                                   \
		sb = good;                                                     \
		change;                                                        \
		tf_super_seal(&sb);                                            \
		assert_int_equal(tf_super_check(&sb), -(error));               \
	} while (0)
	BAD(sb.frame_magic++, TF_EMAGIC);
	BAD(sb.magic[7] = 'x', TF_EMAGIC);
	BAD(sb.major++, TF_EVERSION);
	BAD(sb.frame_len++, TF_EHEADER);
	BAD(sb.nr_cpuid = TF_CPUID_MAX + 1, TF_EHEADER);
	BAD(sb.nr_vcpus = 0, TF_EHEADER);
	BAD(sb.nr_vcpus = TF_MAX_VCPUS + 1, TF_EHEADER);
	BAD(sb.nr_frames = 0, TF_EHEADER);
	BAD(sb.nr_frames = UINT64_MAX, TF_EHEADER);
	BAD(sb.hv_version[63] = 'x', TF_EHEADER);
	BAD(sb.clock[15] = 'x', TF_EHEADER);
	BAD(sb.minor = 9, 0);
	BAD(sb.reserved2[2043] = 1, 0);
#undef BAD
	sb = good;
	sb.seed ^= 1;
	assert_int_equal(tf_super_check(&sb), -TF_ECRC);
}

static void super_text_is_cut_and_closed(void **state)
{
	char field[4];

	(void)state;
	tf_super_text(field, sizeof(field), "abcdef");
	assert_string_equal(field, "abc");
	tf_super_text(field, sizeof(field), "");
	assert_string_equal(field, "");
}

static void names_cover_known_numbers_alone(void **state)
{
	char line[24];
	struct tf_tail tail = {.why = TF_EIO, .chunk = UINT64_MAX};

	(void)state;
	assert_string_equal(tf_strerror(-TF_EHEADCRC),
	                    "chunk header checksum mismatch");
	assert_string_equal(tf_strerror(INT32_MIN), "unknown error");
	assert_string_equal(tf_record_name(TF_LANDING), "LANDING");
	assert_null(tf_record_name(0x7f));
	assert_null(tf_stream_name(4));
	assert_string_equal(tf_end_reason_name(TF_END_FULL), "full");
	assert_null(tf_end_reason_name(5));
	tf_tail_line(&tail, line, sizeof(line));
	assert_string_equal(line, "trace ends at record 0 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(varint_round_trips_at_each_length),
		cmocka_unit_test(varint_rejects_what_is_not_shortest),
		cmocka_unit_test(crc32c_agrees_with_published_vectors),
		cmocka_unit_test(digest_agrees_with_published_vectors),
		cmocka_unit_test(frame_check_takes_what_zstd_writes),
		cmocka_unit_test(frame_check_stays_inside_of_a_cut_frame),
		cmocka_unit_test(frame_check_limits_a_block),
		cmocka_unit_test(frame_check_rejects_other_frames),
		cmocka_unit_test(superblock_is_checked_field_by_field),
		cmocka_unit_test(super_text_is_cut_and_closed),
		cmocka_unit_test(names_cover_known_numbers_alone),
	};

	return cmocka_run_group_tests_name("codec", tests, NULL, NULL);
}
