/* SPDX-License-Identifier: MIT */
/*
 * What tests of the GDB server's session share: the recorded table, a session
 * on it for each test, and how to talk to it.
 */
#ifndef TESTS_SESSION_FIXTURE_H
#define TESTS_SESSION_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <chv/gdbserver.h>
#include <chv/rsp.h>

#include "table_target.h"

extern struct table_target *table;
extern struct gdb_session *session;
/* The last packet that receive() took. */
extern char reply[RSP_PACKET_MAX + 1];

/** A new session at the first state; teardown fails if a break is left. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

void send_packet(const char *packet);
/** The next packet from the server, console text skipped; NULL when none. */
const char *receive(void);
/** Send, let the guest run to its stop, and receive. */
const char *ask(const char *packet);
void check(const char *packet, const char *want);
void check_start(const char *packet, const char *want);
/** What every client says first. */
void greet(void);

/** Record @program and run the tests on it. */
int fixture_run(const char *name, const struct CMUnitTest *tests, size_t nr,
                const char *program);

#endif
