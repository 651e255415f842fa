/* SPDX-License-Identifier: MIT */
/*
 * Tests and verdicts.
 *
 * A test is one source file with one GUEST_TEST(name). The image runs every
 * test linked into it and prints one line for each,
 *	verdict: <name> PASS|FAIL (reason)|SKIP (reason)|ERROR (reason)
 * then powers off. FAIL says that the hypervisor is wrong, ERROR that the
 * test could not judge it. A status only rises: PASS, SKIP, ERROR, FAIL.
 */
#ifndef GUEST_TEST_H
#define GUEST_TEST_H

#include <guest/abi.h>
#include <guest/boot.h>
#include <guest/console.h>
#include <guest/hypercall.h>
#include <guest/string.h>
#include <guest/traps.h>

struct guest_test {
	const char *name;
	void (*run)(void);
};

#define GUEST_TEST(id)                                                         \
	static void id##_run(void);                                            \
	static const struct guest_test id##_test                               \
		__attribute__((used, section(".guest_tests"))) = {#id,         \
	                                                          id##_run};   \
	static void id##_run(void)

/** Records a failure unless @ok. Returns @ok. */
bool check(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** Records a failure, with both values, unless they are equal. */
bool check_eq(uint64_t got, uint64_t want, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** As check_eq() for hypercall results, printed as signed decimals. */
bool check_rc(long got, long want, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** The hypervisor does not offer what the test wants; return after it. */
void test_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** Ends the running test at once: it cannot judge. Works in trap handlers. */
void test_error(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

/** Runs all tests of the image (or the one that `test=` names). */
void tests_run(void);

#endif /* GUEST_TEST_H */
