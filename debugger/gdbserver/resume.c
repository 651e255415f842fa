/* SPDX-License-Identifier: MIT */
/*
 * Packets that make the guest run: vCont, its old one-letter forms, and the
 * two backward ones. The interleaving of vCPUs in a replay is the recorded
 * one, so "step this thread" means "run until it has retired one".
 */
#include <string.h>

#include "session.h"

enum gdb_action gdb_vcont_query(struct gdb_session *s, struct rsp_args *a)
{
	(void)a;
	return gdb_reply(s, "vCont;c;C;s;S;r");
}

/* After vRun, "run MOMENT" continues at once: it should stay there. */
static bool held_after_run(struct gdb_session *s, const struct chv_resume *r)
{
	bool held = s->hold_resume && !r->backwards &&
	            r->action == CHV_RESUME_CONTINUE;

	s->hold_resume = false;
	return held;
}

static enum gdb_action start(struct gdb_session *s, const struct chv_resume *r)
{
	if (held_after_run(s, r)) {
		s->stop.reason = CHV_STOP_MOVED;
		gdb_put_stop(s);
		return GDB_REPLY;
	}
	return gdb_start(s, r);
}

/* One action: "c", "Csig", "s", "Ssig" or "rSTART,END". */
static void take_action(struct rsp_args *a, struct chv_resume *r)
{
	r->action = CHV_RESUME_CONTINUE;
	if (rsp_maybe_char(a, 'c')) {
		return;
	}
	if (rsp_maybe_char(a, 'C')) {
		rsp_take_hex(a);
		return;
	}
	r->action = CHV_RESUME_STEP;
	if (rsp_maybe_char(a, 's')) {
		return;
	}
	if (rsp_maybe_char(a, 'S')) {
		rsp_take_hex(a);
		return;
	}
	r->action = CHV_RESUME_RANGE;
	rsp_take_char(a, 'r');
	r->range_start = rsp_take_hex(a);
	rsp_take_char(a, ',');
	r->range_end = rsp_take_hex(a);
}

/* The vCPU that @tid names, the selected one for a wildcard. */
static unsigned int named_vcpu(const struct gdb_session *s, struct gdb_tid tid)
{
	return tid.tid > 0 ? (unsigned int)tid.tid - 1 : s->c_vcpu;
}

enum gdb_action gdb_vcont(struct gdb_session *s, struct rsp_args *a)
{
	struct chv_resume chosen = {.action = CHV_RESUME_CONTINUE};
	bool found = false;

	do {
		struct chv_resume r = {0};
		struct gdb_tid tid = {GDB_TID_ANY, GDB_TID_ALL};

		take_action(a, &r);
		if (rsp_maybe_char(a, ':')) {
			tid = gdb_take_tid(a);
		}
		if (a->bad || !gdb_tid_exists(s, tid)) {
			return gdb_reply(s, GDB_E_INVALID);
		}
		r.vcpu = named_vcpu(s, tid);
		/* The first step decides; without one everything runs. */
		if (!found || (chosen.action == CHV_RESUME_CONTINUE &&
		               r.action != CHV_RESUME_CONTINUE)) {
			chosen = r;
			found = true;
		}
	} while (rsp_maybe_char(a, ';'));
	if (!rsp_args_done(a)) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	return start(s, &chosen);
}

/* A guest takes no signals and its rip is not moved by resuming. */
static bool plain_resume(const struct gdb_session *s, struct rsp_args *a)
{
	if (*s->in.buf == 'C' || *s->in.buf == 'S') {
		rsp_take_hex(a);
	}
	return rsp_args_done(a);
}

enum gdb_action gdb_legacy_step(struct gdb_session *s, struct rsp_args *a)
{
	struct chv_resume r = {.action = CHV_RESUME_STEP, .vcpu = s->c_vcpu};

	if (!plain_resume(s, a)) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	return start(s, &r);
}

enum gdb_action gdb_legacy_continue(struct gdb_session *s, struct rsp_args *a)
{
	struct chv_resume r = {.action = CHV_RESUME_CONTINUE};

	if (!plain_resume(s, a)) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	return start(s, &r);
}

static enum gdb_action reverse(struct gdb_session *s,
                               enum chv_resume_action action)
{
	struct chv_resume r = {
		.action = action, .backwards = true, .vcpu = s->c_vcpu};

	if (!s->target->ops->reversible) {
		return gdb_reply(s, "");
	}
	return start(s, &r);
}

enum gdb_action gdb_reverse_step(struct gdb_session *s, struct rsp_args *a)
{
	(void)a;
	return reverse(s, CHV_RESUME_STEP);
}

enum gdb_action gdb_reverse_continue(struct gdb_session *s, struct rsp_args *a)
{
	(void)a;
	return reverse(s, CHV_RESUME_CONTINUE);
}
