/* SPDX-License-Identifier: MIT */
#include <guest/event.h>
#include <guest/test.h>

enum status { PASS, SKIP, ERROR, FAIL };

static const char *const status_name[] = {"PASS", "SKIP", "ERROR", "FAIL"};

extern const struct guest_test guest_tests_start[], guest_tests_end[];

static struct context test_end;
static bool running;
static enum status status;
static char reason[160];
static unsigned int lines;

/* Failures beyond this many are counted, not printed. */
#define MAX_LINES 24

static void rise(enum status to, const char *why)
{
	if (to <= status) {
		return;
	}
	status = to;
	format(reason, sizeof(reason), "%s", why);
}

static bool fail(const char *why)
{
	rise(FAIL, why);
	if (lines++ < MAX_LINES) {
		print("  fail: %s\n", why);
	}
	return false;
}

bool check(bool ok, const char *fmt, ...)
{
	char why[160];
	va_list args;

	if (ok) {
		return true;
	}
	va_start(args, fmt);
	vformat(why, sizeof(why), fmt, args);
	va_end(args);
	return fail(why);
}

bool check_eq(uint64_t got, uint64_t want, const char *fmt, ...)
{
	char why[160];
	va_list args;
	int n;

	if (got == want) {
		return true;
	}
	va_start(args, fmt);
	n = vformat(why, sizeof(why), fmt, args);
	va_end(args);
	format(why + n, sizeof(why) - (size_t)n, ": got 0x%lx, want 0x%lx", got,
	       want);
	return fail(why);
}

bool check_rc(long got, long want, const char *fmt, ...)
{
	char why[160];
	va_list args;
	int n;

	if (got == want) {
		return true;
	}
	va_start(args, fmt);
	n = vformat(why, sizeof(why), fmt, args);
	va_end(args);
	format(why + n, sizeof(why) - (size_t)n, ": got %ld, want %ld", got,
	       want);
	return fail(why);
}

void test_skip(const char *fmt, ...)
{
	char why[160];
	va_list args;

	va_start(args, fmt);
	vformat(why, sizeof(why), fmt, args);
	va_end(args);
	rise(SKIP, why);
}

void test_error(const char *fmt, ...)
{
	char why[160];
	va_list args;

	va_start(args, fmt);
	vformat(why, sizeof(why), fmt, args);
	va_end(args);
	rise(ERROR, why);
	print("  error: %s\n", why);
	if (!running) {
		boot_shutdown(SHUTDOWN_crash);
	}
	context_jump(&test_end, 1);
}

static void verdict(const char *name)
{
	if (status == PASS) {
		print("verdict: %s PASS\n", name);
	} else {
		print("verdict: %s %s (%s)\n", name, status_name[status],
		      reason);
	}
}

static enum status run_one(const struct guest_test *test)
{
	status = PASS;
	lines = 0;
	traps_reset();
	event_reset();
	running = true;
	if (context_save(&test_end) == 0) {
		test->run();
	}
	running = false;
	events_mask();
	verdict(test->name);
	return status;
}

void tests_run(void)
{
	char only[48] = "";
	unsigned int count[4] = {0};
	bool many = guest_tests_end - guest_tests_start > 1;

	boot_option_word("test", only, sizeof(only));
	for (const struct guest_test *t = guest_tests_start;
	     t < guest_tests_end; t++) {
		if (!only[0] || strcmp(only, t->name) == 0) {
			count[run_one(t)]++;
		}
	}
	if (!many) {
		return;
	}
	print("suite: %u passed, %u skipped, %u errors, %u failed\n",
	      count[PASS], count[SKIP], count[ERROR], count[FAIL]);
	status = count[FAIL] ? FAIL : count[ERROR] ? ERROR : PASS;
	format(reason, sizeof(reason), "see above");
	verdict("suite");
}
