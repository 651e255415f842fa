/* SPDX-License-Identifier: MIT */
/*
 * INV-21: whatever a guest does, ten lines of it a second reach the console,
 * another guest's flood takes none of them, and none is of level ERROR. The
 * clock and the console are the test's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hv/console.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/timer.h>

#define SECOND   1000000000UL
#define PER_S    10
#define NR_STEPS 100000
#define MAX_STEP 40000000UL

static u64 clock_ns;
static unsigned int lines;
static char last[1024];

u64 now_ns(void)
{
	return clock_ns;
}

void console_write(const char *buf, size_t n)
{
	assert_true(n > 0 && n < sizeof(last));
	assert_int_equal(buf[n - 1], '\n');
	memcpy(last, buf, n);
	last[n] = '\0';
	lines++;
}

static struct domain *guest_new(u16 id)
{
	struct domain *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	d->id = id;
	return d;
}

/* How many of @n lines of @d come out now. */
static unsigned int flood(struct domain *d, unsigned int n)
{
	unsigned int before = lines;

	for (unsigned int i = 0; i < n; i++) {
		guest_log(d, "line %u", i);
	}
	return lines - before;
}

static void test_flood(void **state)
{
	struct domain *d = guest_new(1);

	(void)state;
	clock_ns = 5 * SECOND;
	assert_int_equal(flood(d, 1000), PER_S);
	clock_ns += SECOND - 1;
	assert_int_equal(flood(d, 1000), 0);
	clock_ns += 1;
	assert_int_equal(flood(d, 1000), PER_S);
	clock_ns += 100 * SECOND;
	assert_int_equal(flood(d, 1000), PER_S);
	free(d);
}

/* What the first guest of a machine does wrong is wanted most. */
static void test_first_second(void **state)
{
	struct domain *d = guest_new(1);

	(void)state;
	clock_ns = SECOND / 100;
	assert_int_equal(flood(d, 1000), PER_S);
	free(d);
}

static void test_each_its_own(void **state)
{
	struct domain *a = guest_new(1), *b = guest_new(2);

	(void)state;
	clock_ns = 5 * SECOND;
	assert_int_equal(flood(a, 1000), PER_S);
	assert_int_equal(flood(b, 3), 3);
	assert_string_equal(last, "(d2) line 2\n");
	assert_int_equal(flood(a, 1), 0);
	free(a);
	free(b);
}

/* In no second at all, wherever it begins, are there more. */
static void test_any_second(void **state)
{
	static u64 at[NR_STEPS];
	struct domain *d = guest_new(1);
	unsigned int n = 0;

	(void)state;
	srand(7);
	clock_ns = 0;
	for (unsigned int i = 0; i < NR_STEPS; i++) {
		clock_ns += (u64)rand() % MAX_STEP;
		if (flood(d, 1) == 1) {
			assert_true(n < PER_S ||
			            clock_ns - at[n - PER_S] >= SECOND);
			at[n++] = clock_ns;
		}
	}
	assert_true(n > clock_ns / SECOND * PER_S / 2);
	free(d);
}

/* A line is one line with its guest's name, however long it is. */
static void test_long_line(void **state)
{
	struct domain *d = guest_new(3);
	char text[2000];

	(void)state;
	clock_ns = 5 * SECOND;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	guest_log(d, "%s", text);
	assert_memory_equal(last, "(d3) xxx", 8);
	assert_null(strstr(last, "error"));
	free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_first_second),
		cmocka_unit_test(test_each_its_own),
		cmocka_unit_test(test_any_second),
		cmocka_unit_test(test_long_line),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
