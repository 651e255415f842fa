/* SPDX-License-Identifier: MIT */
/*
 * A session on the table target, and what its tests say to it.
 */
#include "session_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <chv/rsp.h>

struct table_target *table;
struct gdb_session *session;
static struct rsp_input parser;
char reply[RSP_PACKET_MAX + 1];

static void rewind_table(void)
{
	struct chv_target *t = table_target_ops(table);
	const struct chv_moment start = {.kind = CHV_MOMENT_START};
	struct chv_stop stop;

	t->ops->seek(t, &start);
	while (!t->ops->poll_stop(t, &stop)) {
	}
}

int fixture_setup(void **state)
{
	(void)state;
	table_target_pace(table, 1000, 0);
	rewind_table();
	session = gdb_session_new(table_target_ops(table));
	rsp_input_reset(&parser);
	return session != NULL ? 0 : -1;
}

int fixture_teardown(void **state)
{
	(void)state;
	gdb_session_free(session);
	return table_target_breaks(table) == 0 ? 0 : -1;
}

void send_packet(const char *packet)
{
	static struct rsp_output out;
	static uint8_t wire[RSP_WIRE_MAX];
	size_t len;

	rsp_reset(&out);
	rsp_put(&out, packet);
	len = rsp_frame(&out, wire);
	assert_int_equal(gdb_session_input(session, wire, len), len);
}

/* The next packet from the server, console text skipped; NULL when none. */
const char *receive(void)
{
	const uint8_t *data;
	size_t len;

	while ((len = gdb_session_output(session, &data)) > 0) {
		enum rsp_event event = rsp_input_byte(&parser, *data);

		gdb_session_sent(session, 1);
		if (event == RSP_PACKET &&
		    !(parser.buf[0] == 'O' && parser.len > 2)) {
			memcpy(reply, parser.buf, parser.len + 1);
			return reply;
		}
	}
	return NULL;
}

const char *ask(const char *packet)
{
	const char *answer;

	send_packet(packet);
	for (unsigned int i = 0; gdb_session_running(session) && i < 100000;
	     i++) {
		gdb_session_poll(session, i);
	}
	answer = receive();
	return answer != NULL ? answer : "(nothing)";
}

void check(const char *packet, const char *want)
{
	assert_string_equal(ask(packet), want);
}

void check_start(const char *packet, const char *want)
{
	const char *answer = ask(packet);

	if (strncmp(answer, want, strlen(want)) != 0) {
		fail_msg("%s: wanted %s..., got %s", packet, want, answer);
	}
}

void greet(void)
{
	check_start("qSupported:multiprocess+;swbreak+;hwbreak+",
	            "PacketSize=4000;");
	check("QStartNoAckMode", "OK");
}

int fixture_run(const char *name, const struct CMUnitTest *tests, size_t nr,
                const char *program)
{
	int failed;

	table = program != NULL ? table_target_record(program) : NULL;
	if (table == NULL) {
		return 1;
	}
	failed = _cmocka_run_group_tests(name, tests, nr, NULL, NULL);
	table_target_free(table);
	return failed;
}
