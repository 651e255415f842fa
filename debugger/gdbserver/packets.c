/* SPDX-License-Identifier: MIT */
/*
 * The table of packets that the server knows. A packet that is not in it is
 * answered by an empty reply, which is how the protocol says "unknown"; GDB
 * finds out what a server can do by that.
 */
#include <string.h>

#include "session.h"

enum match {
	EXACT,  /* The name is the whole packet. */
	PREFIX, /* Arguments follow. */
};

struct packet {
	const char *name;
	enum match match;
	enum gdb_action (*handler)(struct gdb_session *s, struct rsp_args *a);
};

/* The first row that matches wins, so longer names stand before shorter. */
static const struct packet packets[] = {
	{"qSupported", PREFIX, gdb_q_supported},
	{"qXfer:features:read:", PREFIX, gdb_q_features},
	{"qXfer:threads:read:", PREFIX, gdb_q_threads},
	{"qXfer:exec-file:read:", PREFIX, gdb_q_exec_file},
	{"qXfer:chv-module:read:", PREFIX, gdb_q_module},
	{"qfThreadInfo", EXACT, gdb_q_first_threads},
	{"qsThreadInfo", EXACT, gdb_q_next_threads},
	{"qThreadExtraInfo,", PREFIX, gdb_q_thread_extra},
	{"qAttached", PREFIX, gdb_q_attached},
	{"qSearch:memory:", PREFIX, gdb_q_search},
	{"qCRC:", PREFIX, gdb_q_crc},
	{"qRcmd,", PREFIX, gdb_q_rcmd},
	{"qChv:position", EXACT, gdb_q_position},
	{"qC", EXACT, gdb_q_current},
	{"QStartNoAckMode", EXACT, gdb_start_noack},
	{"QPassSignals:", PREFIX, gdb_accept_ok},
	{"vMustReplyEmpty", EXACT, gdb_must_be_empty},
	{"vCont?", EXACT, gdb_vcont_query},
	{"vCont;", PREFIX, gdb_vcont},
	{"vRun;", PREFIX, gdb_run},
	{"vAttach;", PREFIX, gdb_attach},
	{"vKill;", PREFIX, gdb_accept_ok},
	{"vFile:setfs:", PREFIX, gdb_file_setfs},
	{"vFile:open:", PREFIX, gdb_file_open},
	{"vFile:close:", PREFIX, gdb_file_close},
	{"vFile:pread:", PREFIX, gdb_file_pread},
	{"vFile:fstat:", PREFIX, gdb_file_fstat},
	{"vFile:readlink:", PREFIX, gdb_file_readlink},
	{"vCtrlC", EXACT, gdb_accept_ok},
	{"bs", EXACT, gdb_reverse_step},
	{"bc", EXACT, gdb_reverse_continue},
	{"!", EXACT, gdb_extended},
	{"?", EXACT, gdb_stop_reason},
	{"H", PREFIX, gdb_select_thread},
	{"T", PREFIX, gdb_thread_alive},
	{"g", EXACT, gdb_read_all_regs},
	{"G", PREFIX, gdb_write_all_regs},
	{"p", PREFIX, gdb_read_reg},
	{"P", PREFIX, gdb_write_reg},
	{"m", PREFIX, gdb_read_mem_hex},
	{"x", PREFIX, gdb_read_mem_binary},
	{"M", PREFIX, gdb_write_mem_hex},
	{"X", PREFIX, gdb_write_mem_binary},
	{"s", PREFIX, gdb_legacy_step},
	{"S", PREFIX, gdb_legacy_step},
	{"c", PREFIX, gdb_legacy_continue},
	{"C", PREFIX, gdb_legacy_continue},
	{"Z", PREFIX, gdb_insert_break},
	{"z", PREFIX, gdb_remove_break},
	{"D", PREFIX, gdb_detach},
	{"R", PREFIX, gdb_restart},
	{"k", EXACT, gdb_kill},
};

static bool matches(const struct packet *p, const struct rsp_input *in)
{
	size_t len = strlen(p->name);

	if (in->len < len || memcmp(in->buf, p->name, len) != 0) {
		return false;
	}
	return p->match == PREFIX || in->len == len;
}

enum gdb_action gdb_dispatch(struct gdb_session *s)
{
	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		const struct packet *p = &packets[i];

		if (matches(p, &s->in)) {
			size_t len = strlen(p->name);
			struct rsp_args a =
				rsp_args(s->in.buf + len, s->in.len - len);

			return p->handler(s, &a);
		}
	}
	return gdb_reply(s, "");
}

enum gdb_action gdb_accept_ok(struct gdb_session *s, struct rsp_args *a)
{
	(void)a;
	return gdb_reply(s, "OK");
}

enum gdb_action gdb_must_be_empty(struct gdb_session *s, struct rsp_args *a)
{
	(void)a;
	return gdb_reply(s, "");
}
