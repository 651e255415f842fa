/* SPDX-License-Identifier: MIT */
/*
 * Filters and words: what people type is understood or refused with a reason,
 * and nothing typed can do harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <chv/filter.h>
#include <chv/words.h>

static const char *kind_mistaken(const char *word)
{
	static const char *const kinds[] = {"TIMER", "mmu_update"};

	return chv_filter_mistaken(word, kinds, 2);
}

static const struct chv_filter_field fields[] = {{"name", true, NULL},
                                                 {"result", false, NULL},
                                                 {"entry", false, NULL},
                                                 {"absent", false, NULL},
                                                 {"kind", true, kind_mistaken}};

#define NR_FIELDS (sizeof(fields) / sizeof(fields[0]))

static void get(void *ctx, size_t field, struct chv_filter_value *value)
{
	(void)ctx;
	value->text = "mmu_update";
	value->number = field == 1 ? -22 : 4711;
	value->absent = field == 3;
}

static bool matches(const char *text)
{
	const struct chv_filter_source record = {get, NULL};
	char error[256] = "";
	struct chv_filter *f = chv_filter_compile(text, fields, NR_FIELDS,
	                                          error, sizeof(error));
	bool result;

	if (f == NULL) {
		fail_msg("'%s': %s", text, error);
		return false;
	}
	result = chv_filter_match(f, &record);
	chv_filter_free(f);
	return result;
}

static void comparisons_hold(void **state)
{
	(void)state;
	assert_true(matches("name==mmu_update"));
	assert_true(matches("name == \"mmu_update\""));
	assert_true(matches("name~update"));
	assert_false(matches("name!=mmu_update"));
	assert_true(matches("result<0"));
	assert_true(matches("result==-EINVAL"));
	assert_true(matches("result == -22"));
	assert_false(matches("result==EINVAL"));
	assert_true(matches("entry>=0x1267"));
	assert_true(matches("entry & 0x7"));
	assert_false(matches("entry & 0x8000"));
	assert_true(matches("entry"));
}

static void logic_and_sets_hold(void **state)
{
	(void)state;
	assert_true(matches("name==x || entry==4711"));
	assert_false(matches("name==x && entry==4711"));
	assert_true(matches("!(name==x) && !!entry"));
	assert_true(matches("entry in {1, 2, 4000..5000}"));
	assert_false(matches("entry in {1,2}"));
	assert_true(matches("name in {mmu_update, iret}"));
	assert_true(matches("name==x && name==y || result<0"));
}

static void absent_fields_match_nothing(void **state)
{
	(void)state;
	assert_false(matches("absent==0"));
	assert_false(matches("absent!=0"));
	assert_true(matches("!absent"));
}

static void known_words_are_checked(void **state)
{
	(void)state;
	assert_true(matches("kind==mmu_update"));
	assert_true(matches("kind!=TIMER"));
	assert_true(matches("kind in {TIMER, mmu_update}"));
	assert_false(matches("kind~nothing"));
	assert_null(chv_filter_mistaken_error("EINVAL"));
	assert_null(chv_filter_mistaken_error(""));
	assert_string_equal(chv_filter_mistaken_error("einval"), "EINVAL");
}

static void mistakes_are_named(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} bad[] = {{"", "expected the name of a field"},
	           {"nam==x", "did you mean 'name'"},
	           {"frobnicate", "no field 'frobnicate'"},
	           {"name==", "expected text"},
	           {"entry==zebra", "'zebra' is not a number"},
	           {"entry in {1", "expected '}'"},
	           {"entry in 1", "expected '{'"},
	           {"name in {a..b}", "a range needs numbers"},
	           {"(entry==1", "expected ')'"},
	           {"entry==1 entry", "unexpected 'entry'"},
	           {"name==\"x", "a quote is not closed"},
	           {"kind==timer", "no kind 'timer', did you mean 'TIMER'"},
	           {"kind!=zebra", "no kind 'zebra' at character 7"},
	           {"kind in {TIMER, x}", "no kind 'x'"},
	           {"entry==1 &&", "expected the name of a field"}};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char error[256] = "";

		assert_null(chv_filter_compile(bad[i].text, fields, NR_FIELDS,
		                               error, sizeof(error)));
		if (strstr(error, bad[i].says) == NULL) {
			fail_msg("'%s': %s", bad[i].text, error);
		}
	}
}

static void deep_and_long_filters_are_refused(void **state)
{
	static char text[20000];
	char error[256];

	(void)state;
	memset(text, '(', sizeof(text) - 1);
	assert_null(chv_filter_compile(text, fields, NR_FIELDS, error,
	                               sizeof(error)));
	assert_non_null(strstr(error, "too deeply"));
	text[0] = '\0';
	for (unsigned int i = 0; i < 1000; i++) {
		strcat(text, i > 0 ? "&&entry" : "entry");
	}
	assert_null(chv_filter_compile(text, fields, NR_FIELDS, error,
	                               sizeof(error)));
	assert_non_null(strstr(error, "too long"));
}

static void garbage_filters_do_no_harm(void **state)
{
	static const char alphabet[] =
		"name entry result {}()!&|=<>~.,\"'0x-1a";
	char text[40];
	char error[64];

	(void)state;
	srandom(3);
	for (unsigned int i = 0; i < 50000; i++) {
		size_t len = (size_t)random() % (sizeof(text) - 1);

		for (size_t j = 0; j < len; j++) {
			text[j] = alphabet[(size_t)random() %
			                   (sizeof(alphabet) - 1)];
		}
		text[len] = '\0';
		chv_filter_free(chv_filter_compile(text, fields, NR_FIELDS,
		                                   error, sizeof(error)));
	}
}

static void check_words(const char *line, const char *want)
{
	struct chv_words w;
	char got[256] = "";
	const char *p = line;
	const char *wrong;

	while (*p != '\0') {
		wrong = chv_words_take(&w, &p);
		if (wrong != NULL) {
			strcat(got, wrong);
			break;
		}
		for (int i = 0; i < w.argc; i++) {
			strcat(got, "[");
			strcat(got, w.argv[i]);
			strcat(got, "]");
		}
		strcat(got, ";");
	}
	assert_string_equal(got, want);
}

static void lines_are_cut_into_words(void **state)
{
	(void)state;
	check_words("a b  c", "[a][b][c];");
	check_words("a;b c", "[a];[b][c];");
	check_words("a 'b c' \"d \\\"e\"", "[a][b c][d \"e];");
	check_words("a\\ b", "[a b];");
	check_words("a ''", "[a][];");
	check_words("a # b", "[a];");
	check_words("a#b", "[a#b];");
	check_words("a 'b", "a quote is not closed");
	check_words("$HOME `x` *", "[$HOME][`x`][*];");
	check_words("", "");
}

static void long_lines_are_refused(void **state)
{
	static char line[10000];
	struct chv_words w;
	const char *p = line;

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	assert_string_equal(chv_words_take(&w, &p), "the line is too long");
	for (size_t i = 0; i < 200; i += 2) {
		memcpy(line + i, "x ", 3);
	}
	p = line;
	assert_string_equal(chv_words_take(&w, &p), "too many words");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparisons_hold),
		cmocka_unit_test(logic_and_sets_hold),
		cmocka_unit_test(absent_fields_match_nothing),
		cmocka_unit_test(known_words_are_checked),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(deep_and_long_filters_are_refused),
		cmocka_unit_test(garbage_filters_do_no_harm),
		cmocka_unit_test(lines_are_cut_into_words),
		cmocka_unit_test(long_lines_are_refused),
	};

	return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
