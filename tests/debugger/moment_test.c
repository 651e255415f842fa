/* SPDX-License-Identifier: MIT */
/*
 * Moments: what people write is understood, what is printed parses back, and
 * text from strangers comes out harmless.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <chv/moment.h>
#include <chv/text.h>

static void check(const char *text, enum chv_moment_kind kind, uint64_t value,
                  uint64_t offset, int relative)
{
	struct chv_moment m;

	assert_int_equal(chv_moment_parse(text, &m), 0);
	assert_int_equal(m.kind, kind);
	assert_int_equal(m.value, value);
	assert_int_equal(m.offset, offset);
	assert_int_equal(m.relative, relative);
}

static void every_documented_form_is_understood(void **state)
{
	(void)state;
	check("4711", CHV_MOMENT_EVENT, 4711, 0, 0);
	check("e4,711+82,311", CHV_MOMENT_EVENT, 4711, 82311, 0);
	check("n90122", CHV_MOMENT_POSITION, 90122, 0, 0);
	check("n90122+7", CHV_MOMENT_POSITION, 90122, 7, 0);
	check("t12", CHV_MOMENT_TIME, 12000000000, 0, 0);
	check("t1.5", CHV_MOMENT_TIME, 1500000000, 0, 0);
	check("1.5s", CHV_MOMENT_TIME, 1500000000, 0, 0);
	check("20ms", CHV_MOMENT_TIME, 20000000, 0, 0);
	check("7us", CHV_MOMENT_TIME, 7000, 0, 0);
	check("9ns", CHV_MOMENT_TIME, 9, 0, 0);
	check("+3ms", CHV_MOMENT_TIME, 3000000, 0, 1);
	check("-10", CHV_MOMENT_EVENT, 10, 0, -1);
	check("50%", CHV_MOMENT_PERCENT, 50000, 0, 0);
	check("99.995%", CHV_MOMENT_PERCENT, 99995, 0, 0);
	check("start", CHV_MOMENT_START, 0, 0, 0);
	check("end", CHV_MOMENT_END, 0, 0, 0);
}

static void everything_else_is_refused(void **state)
{
	static const char *const bad[] = {
		"",    "e",   "n",      "t",   "+",   "-",   "x1",   "1x",
		"e1x", "n1+", "1.2.3s", "1,",  ",1",  "1 2", "50%%", "starts",
		"e-1", "++1", "%",      "1e3", ".5s", "nn1", "n1++2"};
	struct chv_moment m;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (chv_moment_parse(bad[i], &m) == 0) {
			fail_msg("accepted '%s'", bad[i]);
		}
	}
	assert_int_equal(chv_moment_parse("18446744073709551616", &m), -ERANGE);
	assert_int_equal(chv_moment_parse("18446744073709551615", &m), 0);
	assert_int_equal(chv_moment_parse("18446744074s", &m), -ERANGE);
	assert_int_equal(chv_moment_parse("100.001%", &m), -ERANGE);
}

static void printed_moments_parse_back(void **state)
{
	const struct chv_position positions[] = {
		{.entry = 0, .offset = 0},
		{.entry = 5, .offset = 0},
		{.entry = UINT64_MAX, .offset = UINT64_MAX}};

	(void)state;
	for (size_t i = 0; i < sizeof(positions) / sizeof(positions[0]); i++) {
		char text[64];

		chv_moment_format(&positions[i], text, sizeof(text));
		check(text, CHV_MOMENT_POSITION, positions[i].entry,
		      positions[i].offset, 0);
	}
}

static void relative_moments_stop_at_the_ends(void **state)
{
	const struct chv_position here = {.event = 100, .time_ns = 1000};
	struct chv_moment m = {
		.kind = CHV_MOMENT_EVENT, .value = 200, .relative = -1};

	(void)state;
	assert_int_equal(chv_moment_resolve(&m, &here).value, 0);
	m.relative = 1;
	assert_int_equal(chv_moment_resolve(&m, &here).value, 300);
	m.value = UINT64_MAX;
	assert_int_equal(chv_moment_resolve(&m, &here).value, UINT64_MAX);
	m.kind = CHV_MOMENT_TIME;
	m.value = 1;
	assert_int_equal(chv_moment_resolve(&m, &here).value, 1001);
}

static void share_is_bounded(void **state)
{
	const struct chv_position a = {.entry = 10}, b = {.entry = 20};
	const struct chv_position mid = {.entry = 15}, out = {.entry = 99};

	(void)state;
	assert_int_equal(chv_position_share(&a, &a, &b), 0);
	assert_int_equal(chv_position_share(&mid, &a, &b), 5000);
	assert_int_equal(chv_position_share(&out, &a, &b), 10000);
	assert_int_equal(chv_position_share(&a, &a, &a), 0);
}

static void strange_text_is_made_harmless(void **state)
{
	char buf[32];

	(void)state;
	chv_text_escape(buf, sizeof(buf), "a\x1b[2J\n\\", 7);
	assert_string_equal(buf, "a\\x1b[2J\\x0a\\\\");
	chv_text_escape_lines(buf, sizeof(buf), "a\nb\r", 4);
	assert_string_equal(buf, "a\nb\\x0d");
	chv_text_escape(buf, 4, "\x01\x02", 2);
	assert_string_equal(buf, "");
	chv_text_escape(buf, 5, "\x01\x02", 2);
	assert_string_equal(buf, "\\x01");
}

static void misspelt_words_find_their_neighbours(void **state)
{
	static const char *const names[] = {"events", "hypercalls", "list"};

	(void)state;
	assert_string_equal(chv_text_nearest("event", names, 3), "events");
	assert_string_equal(chv_text_nearest("hypercals", names, 3),
	                    "hypercalls");
	assert_string_equal(chv_text_nearest("lsit", names, 3), "list");
	assert_null(chv_text_nearest("frobnicate", names, 3));
	assert_null(chv_text_nearest("", names, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_documented_form_is_understood),
		cmocka_unit_test(everything_else_is_refused),
		cmocka_unit_test(printed_moments_parse_back),
		cmocka_unit_test(relative_moments_stop_at_the_ends),
		cmocka_unit_test(share_is_bounded),
		cmocka_unit_test(strange_text_is_made_harmless),
		cmocka_unit_test(misspelt_words_find_their_neighbours),
	};

	return cmocka_run_group_tests_name("moment", tests, NULL, NULL);
}
