/* SPDX-License-Identifier: MIT */
/*
 * Stop replies: what GDB is told about why and where the guest stopped.
 *
 * The thread comes first, and rip, rbp and rsp come along, which saves GDB a
 * round trip after each of the many steps of a reverse-next. Signals are
 * GDB's numbers. Spec: "Stop Reply Packets" in GDB's manual.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "session.h"

enum { SIG_NONE = 0, SIG_INT = 2, SIG_TRAP = 5, SIG_ABRT = 6 };

static unsigned int stop_signal(enum chv_stop_reason reason)
{
	switch (reason) {
	case CHV_STOP_STEP:
	case CHV_STOP_BREAK:
	case CHV_STOP_BREAK_HW:
	case CHV_STOP_WATCH:
	case CHV_STOP_HISTORY_BEGIN:
	case CHV_STOP_HISTORY_END:
		return SIG_TRAP;
	case CHV_STOP_INTERRUPT:
		return SIG_INT;
	case CHV_STOP_CRASH:
	case CHV_STOP_DIVERGED:
		return SIG_ABRT;
	case CHV_STOP_NONE:
	case CHV_STOP_MOVED:
	case CHV_STOP_GONE:
	case CHV_STOP_FAILED:
		break;
	}
	return SIG_NONE;
}

static void put_watch(struct gdb_session *s)
{
	static const char *const names[CHV_BREAK_KINDS] = {
		[CHV_WATCH_WRITE] = "watch",
		[CHV_WATCH_READ] = "rwatch",
		[CHV_WATCH_ACCESS] = "awatch",
	};
	enum chv_break_kind kind = s->stop.kind;

	if (kind < CHV_BREAK_KINDS && names[kind] != NULL) {
		rsp_printf(&s->out, "%s:%" PRIx64 ";", names[kind],
		           s->stop.addr);
	}
}

static void put_reason(struct gdb_session *s)
{
	switch (s->stop.reason) {
	case CHV_STOP_BREAK:
		rsp_put(&s->out, s->break_reasons ? "swbreak:;" : "");
		break;
	case CHV_STOP_BREAK_HW:
		rsp_put(&s->out, s->break_reasons ? "hwbreak:;" : "");
		break;
	case CHV_STOP_WATCH:
		put_watch(s);
		break;
	case CHV_STOP_HISTORY_BEGIN:
		rsp_put(&s->out, "replaylog:begin;");
		break;
	case CHV_STOP_HISTORY_END:
		rsp_put(&s->out, "replaylog:end;");
		break;
	default:
		break;
	}
}

static void put_expedited(struct gdb_session *s)
{
	static const unsigned int numbers[] = {CHV_REG_rip, CHV_REG_rbp,
	                                       CHV_REG_rsp};

	if (gdb_get_regs(s, s->stop.vcpu) != 0) {
		return;
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		rsp_printf(&s->out, "%02x:", numbers[i]);
		rsp_put_hex(&s->out, chv_reg_ptr(&s->regs, numbers[i]), 8);
		rsp_put_byte(&s->out, ';');
	}
}

void gdb_put_stop(struct gdb_session *s)
{
	rsp_reset(&s->out);
	if (s->stop.reason == CHV_STOP_GONE) {
		rsp_put(&s->out, "W00");
		if (s->multiprocess) {
			rsp_printf(&s->out, ";process:%x", gdb_pid(s));
		}
		return;
	}
	rsp_printf(&s->out, "T%02xthread:", stop_signal(s->stop.reason));
	gdb_put_tid(s, s->stop.vcpu);
	rsp_printf(&s->out, ";core:%x;", s->stop.vcpu);
	put_reason(s);
	put_expedited(s);
}

void gdb_explain_stop(struct gdb_session *s)
{
	switch (s->stop.reason) {
	case CHV_STOP_CRASH:
		gdb_console(s, "The guest has crashed.\n");
		break;
	case CHV_STOP_DIVERGED:
		gdb_console(s, "The replay has diverged from its trace here: "
		               "see 'monitor info target'.\n");
		break;
	case CHV_STOP_FAILED:
		gdb_console(s, "The guest could not be moved: %s.\n",
		            strerror(-s->stop.error));
		break;
	default:
		break;
	}
}

enum gdb_action gdb_stop_reason(struct gdb_session *s, struct rsp_args *a)
{
	(void)a;
	gdb_put_stop(s);
	return GDB_REPLY;
}
