/* SPDX-License-Identifier: MIT */
/*
 * vCPUs as GDB's threads. A domain is a process: pid = domain + 1, because 0
 * means "any" and -1 "all"; tid = vCPU + 1. Threads are always listed in
 * vCPU order, which kernel scripts for GDB rely on to find a CPU's data.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query.h"

static int64_t take_id(struct rsp_args *a)
{
	uint64_t value;

	if (rsp_maybe_text(a, "-1")) {
		return GDB_TID_ALL;
	}
	value = rsp_take_hex(a);
	if (value > INT32_MAX) {
		a->bad = true;
	}
	return a->bad ? 0 : (int64_t)value;
}

struct gdb_tid gdb_take_tid(struct rsp_args *a)
{
	struct gdb_tid tid = {GDB_TID_ANY, GDB_TID_ALL};

	if (!rsp_maybe_char(a, 'p')) {
		tid.tid = take_id(a);
		return tid;
	}
	tid.pid = take_id(a);
	if (rsp_maybe_char(a, '.')) {
		tid.tid = take_id(a);
	}
	return tid;
}

bool gdb_tid_matches(const struct gdb_session *s, struct gdb_tid tid,
                     unsigned int vcpu)
{
	if (tid.pid > 0 && tid.pid != (int64_t)gdb_pid(s)) {
		return false;
	}
	return tid.tid <= 0 || tid.tid == (int64_t)vcpu + 1;
}

bool gdb_tid_exists(const struct gdb_session *s, struct gdb_tid tid)
{
	unsigned int nr = s->target->ops->nr_vcpus(s->target);

	for (unsigned int v = 0; v < nr; v++) {
		if (gdb_tid_matches(s, tid, v)) {
			return true;
		}
	}
	return false;
}

void gdb_format_tid(const struct gdb_session *s, unsigned int vcpu,
                    char buf[GDB_TID_TEXT])
{
	if (s->multiprocess) {
		snprintf(buf, GDB_TID_TEXT, "p%x.%x", gdb_pid(s), vcpu + 1);
	} else {
		snprintf(buf, GDB_TID_TEXT, "%x", vcpu + 1);
	}
}

void gdb_put_tid(struct gdb_session *s, unsigned int vcpu)
{
	char text[GDB_TID_TEXT];

	gdb_format_tid(s, vcpu, text);
	rsp_put(&s->out, text);
}

enum gdb_action gdb_select_thread(struct gdb_session *s, struct rsp_args *a)
{
	bool for_resume = rsp_maybe_char(a, 'c');
	struct gdb_tid tid;
	unsigned int vcpu;

	if (!for_resume) {
		rsp_take_char(a, 'g');
	}
	tid = gdb_take_tid(a);
	if (!rsp_args_done(a)) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	if (!gdb_tid_exists(s, tid)) {
		return gdb_reply(s, GDB_E_REFUSED);
	}
	vcpu = tid.tid > 0 ? (unsigned int)tid.tid - 1 : s->stop.vcpu;
	if (for_resume) {
		s->c_vcpu = vcpu;
	} else {
		s->g_vcpu = vcpu;
	}
	return gdb_reply(s, "OK");
}

enum gdb_action gdb_thread_alive(struct gdb_session *s, struct rsp_args *a)
{
	struct gdb_tid tid = gdb_take_tid(a);

	if (!rsp_args_done(a)) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	return gdb_reply(s, gdb_tid_exists(s, tid) ? "OK" : GDB_E_REFUSED);
}

enum gdb_action gdb_q_current(struct gdb_session *s, struct rsp_args *a)
{
	(void)a;
	rsp_put(&s->out, "QC");
	gdb_put_tid(s, s->g_vcpu);
	return GDB_REPLY;
}

enum gdb_action gdb_q_first_threads(struct gdb_session *s, struct rsp_args *a)
{
	unsigned int nr = s->target->ops->nr_vcpus(s->target);

	(void)a;
	for (unsigned int v = 0; v < nr; v++) {
		rsp_put(&s->out, v == 0 ? "m" : ",");
		gdb_put_tid(s, v);
	}
	return GDB_REPLY;
}

enum gdb_action gdb_q_next_threads(struct gdb_session *s, struct rsp_args *a)
{
	(void)a;
	return gdb_reply(s, "l");
}

enum gdb_action gdb_q_thread_extra(struct gdb_session *s, struct rsp_args *a)
{
	struct gdb_tid tid = gdb_take_tid(a);
	char text[256];

	if (!rsp_args_done(a) || tid.tid <= 0) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	if (!gdb_tid_exists(s, tid)) {
		return gdb_reply(s, GDB_E_REFUSED);
	}
	s->target->ops->describe(s->target, CHV_INFO_VCPU,
	                         (unsigned int)tid.tid - 1, text, sizeof(text));
	rsp_put_hex(&s->out, text, strlen(text));
	return GDB_REPLY;
}

enum gdb_action gdb_q_attached(struct gdb_session *s, struct rsp_args *a)
{
	(void)a;
	/* "We found it running": so that quitting GDB detaches. */
	return gdb_reply(s, "1");
}

static void write_thread(struct gdb_session *s, FILE *f, unsigned int vcpu)
{
	unsigned int domid = s->target->ops->domid(s->target);
	char text[256];
	char tid[GDB_TID_TEXT];
	char *escaped;

	gdb_format_tid(s, vcpu, tid);
	s->target->ops->describe(s->target, CHV_INFO_VCPU, vcpu, text,
	                         sizeof(text));
	escaped = gdb_xml_escape(text);
	fprintf(f, "<thread id=\"%s\" core=\"%u\" name=\"d%uv%u\">%s</thread>",
	        tid, vcpu, domid, vcpu, escaped != NULL ? escaped : "");
	free(escaped);
}

static char *build_threads(struct gdb_session *s)
{
	unsigned int nr = s->target->ops->nr_vcpus(s->target);
	char *xml = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&xml, &len);

	if (f == NULL) {
		return NULL;
	}
	fputs("<?xml version=\"1.0\"?><threads>", f);
	for (unsigned int v = 0; v < nr; v++) {
		write_thread(s, f, v);
	}
	fputs("</threads>", f);
	return fclose(f) == 0 ? xml : NULL;
}

enum gdb_action gdb_q_threads(struct gdb_session *s, struct rsp_args *a)
{
	/* One text until the guest moves: GDB may fetch it in pieces. */
	if (s->threads_xml == NULL) {
		s->threads_xml = build_threads(s);
	}
	return gdb_xfer_text(s, a, "", s->threads_xml);
}
