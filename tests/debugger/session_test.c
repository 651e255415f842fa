/* SPDX-License-Identifier: MIT */
/*
 * The GDB server's session on the table target, without GDB: exact replies,
 * errors, flow control, and whatever a broken or hostile client may send.
 *
 * Argument: the program to record.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session_fixture.h"

static void connect_sequence_of_gdb_is_answered(void **state)
{
	(void)state;
	greet();
	assert_non_null(strstr(ask("qSupported:multiprocess+"),
	                       "ReverseStep+;ReverseContinue+"));
	greet();
	check("vMustReplyEmpty", "");
	check("!", "OK");
	check("Hgp0.0", "OK");
	check_start("qXfer:features:read:target.xml:0,ffb", "m<?xml");
	check("qTStatus", "");
	check_start("?", "T00thread:p2.1;core:0;10:");
	check_start("qXfer:threads:read::0,1000",
	            "l<?xml version=\"1.0\"?><threads><thread id=\"p2.1\"");
	check("qAttached:2", "1");
	check_start("qXfer:exec-file:read:2:0,1000", "l/");
	check("vFile:setfs:0", "");
	check("Hc-1", "OK");
	check("qOffsets", "");
	check("qSymbol::", "");
	check("qC", "QCp2.1");
	check("qfThreadInfo", "mp2.1");
	check("qsThreadInfo", "l");
	check("Tp2.1", "OK");
	check("Tp2.2", "E01");
	check("Tp3.1", "E01");
	check("vCont?", "vCont;c;C;s;S;r");
	check_start("vAttach;2", "T00thread:p2.1;");
	check("vAttach;3", "E01");
}

static void guest_text_in_xml_is_escaped(void **state)
{
	const char *xml;

	(void)state;
	greet();
	xml = ask("qXfer:threads:read::0,1000");
	assert_non_null(strstr(xml, "&lt;&quot;&amp;?[31m&gt;</thread>"));
}

static void objects_are_read_in_pieces(void **state)
{
	static char whole[RSP_PACKET_MAX * 2];
	size_t at = 0;
	char packet[80];

	(void)state;
	greet();
	do {
		snprintf(packet, sizeof(packet),
		         "qXfer:features:read:target.xml:%zx,123", at);
		ask(packet);
		at += (size_t)sprintf(whole + at, "%s", reply + 1);
	} while (*reply == 'm');
	assert_int_equal(*reply, 'l');
	assert_non_null(strstr(whole, "<reg name=\"hv_event\""));
	assert_string_equal(whole + at - 9, "</target>");
	check("qXfer:features:read:other.xml:0,100", "E00");
	snprintf(packet, sizeof(packet),
	         "qXfer:features:read:target.xml:%zx,10", at + 1);
	check(packet, "E22");
	snprintf(packet, sizeof(packet),
	         "qXfer:features:read:target.xml:%zx,10", at);
	check(packet, "l");
}

static void registers_are_read_and_the_past_is_not_written(void **state)
{
	static char all[sizeof(reply) + 1];

	(void)state;
	greet();
	assert_int_equal(strlen(ask("g")), 2 * (536 + 16));
	snprintf(all, sizeof(all), "G%s", reply);
	check(all, "E01");
	assert_int_equal(strlen(ask("p10")), 16);
	assert_int_equal(strlen(ask("p28")), 32);
	check("pff", "E22");
	check("p", "E22");
	check("P10=0000000000000000", "E01");
	check("P10=00", "E22");
	check("Gff", "E22");
}

static void memory_is_read_up_to_the_first_gap(void **state)
{
	uint64_t end = 0x403000;
	char packet[64];

	(void)state;
	greet();
	assert_int_equal(strlen(ask("m401000,10")), 32);
	check("m10,4", "E14");
	check("mffffffffffffffff,4", "E14");
	check("m401000,", "E22");
	check("m401000,4,", "E22");
	check("M401000,1:90", "E01");
	check("M401000,2:90", "E22");
	check("X401000,0:", "OK");
	check("X401000,1:a", "E01");
	check("X401000,2:a", "E22");
	snprintf(packet, sizeof(packet), "m%llx,20",
	         (unsigned long long)end - 8);
	assert_int_equal(strlen(ask(packet)), 16);
	check_start("x401000,8", "b");
	/* More than a packet takes is cut to what fits. */
	assert_true(strlen(ask("m401000,ffffffffffffffff")) <= 0x4000);
}

static void memory_is_searched_and_summed(void **state)
{
	(void)state;
	greet();
	check_start("qSearch:memory:401000;200;\x0f\x05", "1,4010");
	check("qSearch:memory:401000;200;nowhere to be found", "0");
	check("qSearch:memory:10;200;x", "E14");
	check("qSearch:memory:401000;200;", "E22");
	check_start("qCRC:401000,100", "C");
	check("qCRC:10,100", "E14");
}

static void steps_go_both_ways(void **state)
{
	char before[RSP_PACKET_MAX + 1];

	(void)state;
	greet();
	check("Hcp2.1", "OK");
	check_start("bs", "T05thread:p2.1;core:0;replaylog:begin;");
	strcpy(before, ask("g"));
	check_start("vCont;s:p2.1", "T05thread:p2.1;core:0;10:");
	assert_int_equal(table_target_at(table), 1);
	check_start("s", "T05");
	check_start("S05", "T05");
	check_start("vCont;r4011a4,4011b0:p2.1;c:p2.-1", "T05");
	for (unsigned int i = 0; table_target_at(table) > 0 && i < 50; i++) {
		check_start("bs", "T05");
	}
	check("g", before);
	check_start("c", "T05thread:p2.1;core:0;replaylog:end;");
	check_start("vCont;s:p2.1", "T05thread:p2.1;core:0;replaylog:end;");
	check_start("bc", "T05thread:p2.1;core:0;replaylog:begin;");
}

static void malformed_resumes_do_not_move(void **state)
{
	static const char *const bad[] = {
		"vCont;",       "vCont;x",   "vCont;s:",
		"vCont;r1",     "vCont;r1,", "vCont;c:p9.1",
		"vCont;s:p2.9", "vCont;sx",  "vCont;S:p2.1",
		"s401000",      "C",         "vCont;t"};

	(void)state;
	greet();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		check(bad[i], "E22");
	}
	assert_int_equal(table_target_at(table), 0);
}

static void breakpoint_is_hit_and_removed(void **state)
{
	(void)state;
	greet();
	/* The program's first instruction, where it stands. */
	check("Z0,4011a4,1", "OK");
	check_start("vCont;c:p2.-1", "T05thread:p2.1;core:0;swbreak:;10:a411");
	check("z0,4011a4,1", "OK");
	check("z0,4011a4,1", "OK");
	check("Z1,4011a4,1", "OK");
	check_start("c", "T05thread:p2.1;core:0;hwbreak:;");
	/* Backwards, the place where one stands is no hit. */
	check_start("bc", "T05thread:p2.1;core:0;replaylog:begin;");
	check("Z5,4011a4,1", "E22");
	check("Z0,4011a4", "E22");
	check("Z0,4011a4,0", "E22");
	check("Z3,402000,8", "E22");
	assert_int_equal(table_target_breaks(table), 1);
}

static void condition_is_evaluated_and_replaced(void **state)
{
	(void)state;
	greet();
	check("Z0,4011a4,1;X3,220027", "OK");
	check_start("c", "T05thread:p2.1;core:0;replaylog:end;");
	check_start("bc", "T05thread:p2.1;core:0;replaylog:begin;");
	check("Z0,4011a4,1;X3,220027;X3,220127", "OK");
	check_start("c", "T05thread:p2.1;core:0;swbreak:;");
	check("Z0,4011a4,1;X3,220027", "OK");
	assert_int_equal(table_target_breaks(table), 1);
	/* One that cannot be evaluated stops: GDB looks by itself. */
	check("Z0,4011a4,1;X1,ff", "OK");
	check_start("bc", "T05thread:p2.1;core:0;replaylog:begin;");
	check_start("c", "T05thread:p2.1;core:0;swbreak:;");
	check("Z0,4011a4,1;X2,22", "E22");
	check("Z0,4011a4,1;Xffff,22", "E22");
	check("Z0,4011a4,1;X0,", "E22");
	check("Z0,4011a4,1;cmds:0,X1,27", "E22");
}

static void client_without_features_gets_plain_replies(void **state)
{
	(void)state;
	check_start("qSupported:xmlRegisters=i386", "PacketSize");
	check_start("?", "T00thread:1;core:0;10:");
	check("Z0,4011a4,1", "OK");
	check_start("c", "T05thread:1;core:0;10:");
	check("qfThreadInfo", "m1");
}

static void run_travels_and_holds_the_first_continue(void **state)
{
	size_t arrived;

	(void)state;
	greet();
	check("Z0,4011a4,1", "OK");
	check_start("vRun;66696c65;6e32", "T00thread:p2.1;");
	assert_int_equal(table_target_breaks(table), 0);
	arrived = table_target_at(table);
	assert_true(arrived > 0);
	check_start("vCont;c:p2.-1", "T00thread:p2.1;");
	assert_int_equal(table_target_at(table), arrived);
	check_start("vRun;;656e64", "T00");
	check_start("vCont;s:p2.1", "T05thread:p2.1;core:0;replaylog:end;");
	check_start("vRun;", "T00");
	assert_int_equal(table_target_at(table), 0);
	check("vRun;;6e3939393939", "E01");
	check("vRun;;7a7a", "E22");
	check("vRun;;6331", "E22");
	check("vKill;2", "OK");
}

static void monitor_explains_and_never_fails_hard(void **state)
{
	char packet[RSP_PACKET_MAX];
	static const char *const lines[] = {"help",
	                                    "help goto",
	                                    "help nothing",
	                                    "info version",
	                                    "info",
	                                    "info target",
	                                    "info vcpus",
	                                    "info breakpoints",
	                                    "when",
	                                    "status",
	                                    "goto",
	                                    "goto n1",
	                                    "goto n99999",
	                                    "goto c1",
	                                    "goto \x01\xff",
	                                    "checkpoint",
	                                    "checkpoint list",
	                                    "checkpoint add here",
	                                    "checkpoint delete 1",
	                                    "checkpoint delete zzz",
	                                    "goto c2",
	                                    "back",
	                                    "back",
	                                    "back",
	                                    "forward",
	                                    "forward",
	                                    "nothing at all",
	                                    "",
	                                    "   ",
	                                    "goto 50%"};

	(void)state;
	greet();
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		int at = sprintf(packet, "qRcmd,");

		for (const char *p = lines[i]; *p != '\0'; p++) {
			at += sprintf(packet + at, "%02x", (uint8_t)*p);
		}
		check(packet, "OK");
	}
	assert_true(table_target_at(table) > 0);
	check("qRcmd,6", "E22");
	check("qRcmd,zz", "E22");
}

static void position_is_machine_readable(void **state)
{
	static const char want[] =
		"{\"moment\":\"n0\",\"event\":0,\"entry\":0,\"offset\":0,"
		"\"time_ns\":0,\"share\":0,\"kind\":\"replay\"}";
	char hex[2 * sizeof(want)];

	(void)state;
	greet();
	for (size_t i = 0; i + 1 < sizeof(want); i++) {
		sprintf(hex + 2 * i, "%02x", (uint8_t)want[i]);
	}
	check("qChv:position", hex);
}

static void interrupt_stops_and_is_an_edge(void **state)
{
	const uint8_t ctrl_c[3] = {3, 3, 3};

	(void)state;
	greet();
	table_target_pace(table, 1, 0);
	send_packet("c");
	gdb_session_poll(session, 0);
	gdb_session_input(session, ctrl_c, 3);
	gdb_session_poll(session, 0);
	assert_non_null(receive());
	assert_int_equal(strncmp(reply, "T02", 3), 0);
	/* Left over ones do not stop the next run. */
	gdb_session_input(session, ctrl_c, 3);
	check_start("c", "T05");
	/* Backwards, it returns to where the search began. */
	send_packet("bc");
	gdb_session_poll(session, 0);
	gdb_session_input(session, ctrl_c, 1);
	gdb_session_poll(session, 0);
	assert_non_null(receive());
	assert_int_equal(strncmp(reply, "T02", 3), 0);
	assert_int_equal(table_target_at(table) + 1, table_target_steps(table));
}

static void packets_while_running_are_refused(void **state)
{
	(void)state;
	greet();
	table_target_pace(table, 1, 0);
	send_packet("c");
	send_packet("g");
	assert_string_equal(receive(), "E01");
	send_packet("vCtrlC");
	assert_string_equal(receive(), "OK");
	gdb_session_poll(session, 0);
	assert_int_equal(strncmp(receive(), "T02", 3), 0);
}

static void reply_is_repeated_on_demand(void **state)
{
	char first[RSP_PACKET_MAX + 1];

	(void)state;
	strcpy(first, ask("qC"));
	gdb_session_input(session, (const uint8_t *)"-", 1);
	assert_string_equal(receive(), first);
}

static void kill_and_detach_let_go(void **state)
{
	(void)state;
	check("Z0,4011a4,1", "OK");
	check("D;9", "E01");
	assert_false(gdb_session_closing(session));
	check("D;2", "OK");
	assert_true(gdb_session_closing(session));
	assert_int_equal(table_target_breaks(table), 0);
	gdb_session_free(session);
	session = gdb_session_new(table_target_ops(table));
	send_packet("k");
	assert_true(gdb_session_closing(session));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(connect_sequence_of_gdb_is_answered),
		T(guest_text_in_xml_is_escaped),
		T(objects_are_read_in_pieces),
		T(registers_are_read_and_the_past_is_not_written),
		T(memory_is_read_up_to_the_first_gap),
		T(memory_is_searched_and_summed),
		T(steps_go_both_ways),
		T(malformed_resumes_do_not_move),
		T(breakpoint_is_hit_and_removed),
		T(condition_is_evaluated_and_replaced),
		T(client_without_features_gets_plain_replies),
		T(run_travels_and_holds_the_first_continue),
		T(position_is_machine_readable),
		T(monitor_explains_and_never_fails_hard),
		T(interrupt_stops_and_is_an_edge),
		T(packets_while_running_are_refused),
		T(reply_is_repeated_on_demand),
		T(kill_and_detach_let_go),
	};

	return fixture_run("session", tests, sizeof(tests) / sizeof(tests[0]),
	                   argc > 1 ? argv[1] : NULL);
}
