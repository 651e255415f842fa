/* SPDX-License-Identifier: MIT */
/*
 * Packets about the life of the program that GDB thinks it debugs. In replay
 * "run MOMENT" travels there; nothing here starts, restarts or ends a domain,
 * and "kill" lets go of it.
 */
#include <string.h>

#include "session.h"

/* The first argument, hex-coded, as text. False when there is none. */
static bool take_argument(struct rsp_args *a, char *buf, size_t size)
{
	size_t len = 0;

	while (rsp_args_left(a) > 0 && !rsp_maybe_char(a, ';')) {
		/* The file name: GDB's business, not ours. */
		a->p++;
	}
	while (rsp_args_left(a) >= 2 && *a->p != ';' && len + 1 < size) {
		rsp_take_bytes(a, &buf[len++], 1);
	}
	buf[len] = '\0';
	return len > 0;
}

enum gdb_action gdb_run(struct gdb_session *s, struct rsp_args *a)
{
	struct chv_moment m = {.kind = CHV_MOMENT_START};
	char text[128];

	if (!s->target->ops->reversible) {
		return gdb_reply(s, GDB_E_REFUSED);
	}
	if (take_argument(a, text, sizeof(text)) &&
	    (a->bad || gdb_parse_moment(s, text, &m) != 0)) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	/* GDB takes this for a new program and inserts them again. */
	gdb_drop_breaks(s);
	gdb_trail_push(s);
	return gdb_start_seek(s, &m, GDB_PENDING_RUN);
}

enum gdb_action gdb_restart(struct gdb_session *s, struct rsp_args *a)
{
	const struct chv_moment start = {.kind = CHV_MOMENT_START};

	(void)a;
	if (s->target->ops->reversible) {
		gdb_drop_breaks(s);
		gdb_start_seek(s, &start, GDB_PENDING_SILENT);
	}
	/* The protocol defines no reply to this packet. */
	return GDB_NONE;
}

enum gdb_action gdb_attach(struct gdb_session *s, struct rsp_args *a)
{
	uint64_t pid = rsp_take_hex(a);

	if (!rsp_args_done(a)) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	if (pid != gdb_pid(s)) {
		return gdb_reply(s, GDB_E_REFUSED);
	}
	gdb_put_stop(s);
	return GDB_REPLY;
}

enum gdb_action gdb_detach(struct gdb_session *s, struct rsp_args *a)
{
	if (rsp_maybe_char(a, ';') && rsp_take_hex(a) != gdb_pid(s)) {
		return gdb_reply(s, GDB_E_REFUSED);
	}
	if (!rsp_args_done(a)) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	gdb_drop_breaks(s);
	gdb_reply(s, "OK");
	return GDB_BYE;
}

enum gdb_action gdb_kill(struct gdb_session *s, struct rsp_args *a)
{
	(void)a;
	gdb_drop_breaks(s);
	s->closing = true;
	return GDB_NONE;
}
