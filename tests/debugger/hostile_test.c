/* SPDX-License-Identifier: MIT */
/*
 * The GDB server's session against clients that are broken or hostile: whatever
 * comes, no breakpoint stays behind and nothing grows.
 *
 * Argument: the program to record.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session_fixture.h"

static void damaged_packets_are_asked_for_again_and_then_given_up(void **state)
{
	const uint8_t *data;

	(void)state;
	for (unsigned int i = 0; i < 7; i++) {
		gdb_session_input(session, (const uint8_t *)"$g#00", 5);
		assert_int_equal(gdb_session_output(session, &data), 1);
		assert_int_equal(*data, '-');
		gdb_session_sent(session, 1);
		assert_false(gdb_session_closing(session));
	}
	gdb_session_input(session, (const uint8_t *)"$g#00", 5);
	assert_true(gdb_session_closing(session));
}

static void too_many_bytes_wait_for_the_output(void **state)
{
	static uint8_t flood[1 << 16];
	const uint8_t *data;
	size_t used;

	(void)state;
	greet();
	for (size_t i = 0; i + 5 <= sizeof(flood); i += 5) {
		memcpy(flood + i, "$g#67", 5);
	}
	used = gdb_session_input(session, flood, sizeof(flood) - 1);
	assert_true(used < sizeof(flood) - 1);
	assert_true(gdb_session_output(session, &data) < 80000);
}

/* A packet that starts like a real one and goes on at random. */
static size_t make_garbage(uint8_t *buf, size_t size)
{
	static const char *const starts[] = {"qSupported:",
	                                     "qXfer:threads:read::",
	                                     "Hg",
	                                     "Hc",
	                                     "Z0,",
	                                     "Z2,",
	                                     "z0,",
	                                     "m",
	                                     "M",
	                                     "X",
	                                     "x",
	                                     "vCont;",
	                                     "vRun;",
	                                     "G",
	                                     "P",
	                                     "p",
	                                     "qRcmd,",
	                                     "qSearch:memory:",
	                                     "qCRC:",
	                                     "T",
	                                     "bs",
	                                     "bc",
	                                     "D",
	                                     "vAttach;",
	                                     "qThreadExtraInfo,",
	                                     "R",
	                                     "c",
	                                     "s",
	                                     "?",
	                                     "g"};
	static const char alphabet[] = "0123456789abcdef0123456789abcdef,;:.-"
				       "Xprscp$#}*\x03+=";
	const char *start =
		starts[(size_t)random() % (sizeof(starts) / sizeof(starts[0]))];
	size_t len = (size_t)snprintf((char *)buf, size, "$%s", start);
	size_t extra = (size_t)random() % 40;
	uint8_t sum = 0;

	for (size_t i = 0; i < extra; i++) {
		buf[len++] =
			random() % 20 == 0
				? (uint8_t)random()
				: (uint8_t)alphabet[(size_t)random() %
		                                    (sizeof(alphabet) - 1)];
	}
	for (size_t i = 1; i < len; i++) {
		sum = (uint8_t)(sum + buf[i]);
	}
	return len + (size_t)sprintf((char *)buf + len, "#%02x", sum);
}

static void garbage_never_harms(void **state)
{
	uint8_t buf[512];
	const uint8_t *data;

	(void)state;
	srandom(20240511);
	table_target_pace(table, 50, 0);
	for (unsigned int i = 0; i < 20000; i++) {
		size_t len = make_garbage(buf, sizeof(buf));

		if (random() % 100 == 0) {
			len = (size_t)random() % len;
		}
		gdb_session_input(session, buf, len);
		gdb_session_poll(session, i);
		gdb_session_sent(session, gdb_session_output(session, &data));
		if (gdb_session_closing(session)) {
			gdb_session_free(session);
			assert_int_equal(table_target_breaks(table), 0);
			session = gdb_session_new(table_target_ops(table));
		}
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(damaged_packets_are_asked_for_again_and_then_given_up),
		T(too_many_bytes_wait_for_the_output),
		T(garbage_never_harms),
	};

	return fixture_run("hostile", tests, sizeof(tests) / sizeof(tests[0]),
	                   argc > 1 ? argv[1] : NULL);
}
