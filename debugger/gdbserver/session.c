/* SPDX-License-Identifier: MIT */
/*
 * A GDB session: bytes to packets to replies, and the two states that it can
 * be in, stopped (packets are answered) and running (only an interrupt, a
 * detach and a kill are). See <chv/gdbserver.h>.
 */
#include <chv/gdbserver.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

/* Console text is paced while a search or a long seek runs. */
#define PROGRESS_EVERY_MS 2000

unsigned int gdb_pid(const struct gdb_session *s)
{
	return s->target->ops->domid(s->target) + 1;
}

void gdb_forget(struct gdb_session *s)
{
	s->regs_valid = false;
	free(s->threads_xml);
	s->threads_xml = NULL;
	free(s->module_text);
	s->module_text = NULL;
}

int gdb_get_regs(struct gdb_session *s, unsigned int vcpu)
{
	int err;

	if (s->regs_valid && s->regs_vcpu == vcpu) {
		return 0;
	}
	memset(&s->regs, 0, sizeof(s->regs));
	err = s->target->ops->get_regs(s->target, vcpu, &s->regs);
	s->regs_valid = err == 0;
	s->regs_vcpu = vcpu;
	return err;
}

enum gdb_action gdb_reply(struct gdb_session *s, const char *text)
{
	rsp_reset(&s->out);
	rsp_put(&s->out, text);
	return GDB_REPLY;
}

static bool queue_has_room(const struct gdb_session *s, size_t len)
{
	return sizeof(s->queue) - s->queue_len >= len;
}

static void queue_byte(struct gdb_session *s, uint8_t byte)
{
	if (queue_has_room(s, 1)) {
		s->queue[s->queue_len++] = byte;
	}
}

static void queue_last(struct gdb_session *s)
{
	if (queue_has_room(s, s->last_at)) {
		memcpy(s->queue + s->queue_len, s->last, s->last_at);
		s->queue_len += s->last_at;
	}
}

static void send_out(struct gdb_session *s)
{
	if (s->out.overflow) {
		gdb_reply(s, GDB_E_INVALID);
	}
	s->last_at = rsp_frame(&s->out, s->last);
	queue_last(s);
}

void gdb_console(struct gdb_session *s, const char *fmt, ...)
{
	char text[2048];
	struct rsp_output out;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* A reply must always fit behind it. */
	if (!queue_has_room(s, RSP_WIRE_MAX + 2 * sizeof(text) + 5)) {
		return;
	}
	rsp_reset(&out);
	rsp_put_byte(&out, 'O');
	rsp_put_hex(&out, text, strlen(text));
	s->last_at = rsp_frame(&out, s->last);
	queue_last(s);
}

static enum gdb_action wait_for_stop(struct gdb_session *s,
                                     enum gdb_pending pending)
{
	gdb_forget(s);
	s->pending = pending;
	s->progress_ms = 0;
	return GDB_WAIT;
}

enum gdb_action gdb_start(struct gdb_session *s, const struct chv_resume *r)
{
	if (r->action == CHV_RESUME_CONTINUE) {
		gdb_trail_push(s);
	}
	if (s->target->ops->resume(s->target, r) != 0) {
		return gdb_reply(s, GDB_E_REFUSED);
	}
	s->announce_progress = r->backwards;
	return wait_for_stop(s, GDB_PENDING_STOP);
}

enum gdb_action gdb_start_seek(struct gdb_session *s,
                               const struct chv_moment *m,
                               enum gdb_pending pending)
{
	if (s->target->ops->seek(s->target, m) != 0) {
		return gdb_reply(s, GDB_E_REFUSED);
	}
	s->announce_progress = pending == GDB_PENDING_MONITOR;
	return wait_for_stop(s, pending);
}

static void act(struct gdb_session *s, enum gdb_action action)
{
	if (action == GDB_REPLY || action == GDB_BYE) {
		send_out(s);
	}
	if (action == GDB_BYE) {
		s->closing = true;
	}
}

/* While the guest runs, GDB waits for a stop reply and for nothing else. */
static bool allowed_while_running(const struct gdb_session *s)
{
	const char *packet = (const char *)s->in.buf;

	return *packet == 'k' || *packet == 'D' ||
	       strcmp(packet, "vCtrlC") == 0;
}

/* The client before left without a word. */
static void begin_again(struct gdb_session *s)
{
	bool running = s->pending != GDB_PENDING_NONE;

	gdb_drop_breaks(s);
	gdb_close_files(s);
	s->noack = false;
	s->extended = false;
	s->hold_resume = false;
	s->queue_len = 0;
	s->g_vcpu = 0;
	s->c_vcpu = 0;
	if (running) {
		s->target->ops->interrupt(s->target);
		s->pending = GDB_PENDING_ATTACH;
	}
}

static bool is_introduction(const struct gdb_session *s)
{
	static const char first[] = "qSupported";

	return s->in.len >= sizeof(first) - 1 &&
	       memcmp(s->in.buf, first, sizeof(first) - 1) == 0;
}

static void handle_packet(struct gdb_session *s)
{
	bool introduction = s->on_line && is_introduction(s);

	s->naks = 0;
	if (introduction) {
		begin_again(s);
	}
	if (!s->noack) {
		queue_byte(s, '+');
	}
	rsp_reset(&s->out);
	if (s->pending == GDB_PENDING_NONE || introduction) {
		act(s, gdb_dispatch(s));
	} else if (allowed_while_running(s)) {
		s->target->ops->interrupt(s->target);
		act(s,
		    *s->in.buf == 'v' ? gdb_reply(s, "OK") : gdb_dispatch(s));
	} else {
		act(s, gdb_reply(s, GDB_E_REFUSED));
	}
}

static void count_nak(struct gdb_session *s)
{
	if (++s->naks >= GDB_MAX_NAKS) {
		s->closing = true;
	}
}

static void handle_damaged(struct gdb_session *s)
{
	queue_byte(s, '-');
	count_nak(s);
}

static void handle_too_long(struct gdb_session *s)
{
	if (!s->noack) {
		queue_byte(s, '+');
	}
	act(s, gdb_reply(s, GDB_E_REFUSED));
}

static void handle_event(struct gdb_session *s, enum rsp_event event)
{
	switch (event) {
	case RSP_PACKET:
		handle_packet(s);
		break;
	case RSP_INTERRUPT:
		/* An edge: when nothing runs there is nothing to stop. */
		if (s->pending != GDB_PENDING_NONE) {
			s->target->ops->interrupt(s->target);
		}
		break;
	case RSP_NAK:
		if (!s->noack && s->last_at > 0) {
			queue_last(s);
			count_nak(s);
		}
		break;
	case RSP_BAD_CHECKSUM:
		handle_damaged(s);
		break;
	case RSP_TOO_LONG:
		handle_too_long(s);
		break;
	case RSP_NONE:
	case RSP_ACK:
		break;
	}
}

size_t gdb_session_input(struct gdb_session *s, const uint8_t *data, size_t len)
{
	size_t used = 0;

	/*
	 * Two frames and an acknowledgement are the most that one packet
	 * can cause at once; console text checks for itself. A guest that is
	 * still being stopped answers nothing.
	 */
	while (used < len && !s->closing && s->pending != GDB_PENDING_ATTACH &&
	       queue_has_room(s, 2 * RSP_WIRE_MAX + 1)) {
		handle_event(s, rsp_input_byte(&s->in, data[used++]));
	}
	return s->closing ? len : used;
}

size_t gdb_session_output(const struct gdb_session *s, const uint8_t **data)
{
	*data = s->queue;
	return s->queue_len;
}

void gdb_session_sent(struct gdb_session *s, size_t len)
{
	s->queue_len -= len;
	memmove(s->queue, s->queue + len, s->queue_len);
}

static void finish(struct gdb_session *s)
{
	enum gdb_pending pending = s->pending;

	s->pending = GDB_PENDING_NONE;
	s->g_vcpu = s->stop.vcpu;
	gdb_forget(s);
	rsp_reset(&s->out);
	switch (pending) {
	case GDB_PENDING_NONE:
	case GDB_PENDING_ATTACH:
	case GDB_PENDING_SILENT:
		return;
	case GDB_PENDING_STOP:
		gdb_explain_stop(s);
		gdb_put_stop(s);
		break;
	case GDB_PENDING_RUN:
		s->hold_resume = true;
		gdb_put_stop(s);
		break;
	case GDB_PENDING_MONITOR:
		gdb_monitor_arrived(s);
		gdb_reply(s, "OK");
		break;
	}
	send_out(s);
}

static void report_progress(struct gdb_session *s, int percent, uint64_t now_ms)
{
	if (!s->announce_progress || percent < 0) {
		return;
	}
	if (s->progress_ms == 0) {
		s->progress_ms = now_ms;
	}
	if (now_ms - s->progress_ms >= PROGRESS_EVERY_MS) {
		s->progress_ms = now_ms;
		gdb_console(s, "searching... %d%%\n", percent);
	}
}

void gdb_session_poll(struct gdb_session *s, uint64_t now_ms)
{
	struct chv_stop stop = {.progress_percent = -1};

	if (s->pending == GDB_PENDING_NONE) {
		return;
	}
	if (s->target->ops->poll_stop(s->target, &stop)) {
		s->stop = stop;
		finish(s);
	} else {
		report_progress(s, stop.progress_percent, now_ms);
	}
}

bool gdb_session_running(const struct gdb_session *s)
{
	return s->pending != GDB_PENDING_NONE;
}

bool gdb_session_mid_packet(const struct gdb_session *s)
{
	return rsp_input_busy(&s->in);
}

bool gdb_session_closing(const struct gdb_session *s)
{
	return s->closing;
}

struct gdb_session *gdb_session_new(struct chv_target *t)
{
	struct gdb_session *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		return NULL;
	}
	s->target = t;
	s->next_mark = 1;
	s->stop.reason = CHV_STOP_MOVED;
	if (!t->ops->poll_stop(t, &s->stop)) {
		/* GDB expects to find its target standing still. */
		t->ops->interrupt(t);
		s->pending = GDB_PENDING_ATTACH;
	}
	return s;
}

void gdb_session_on_line(struct gdb_session *s)
{
	s->on_line = true;
}

void gdb_session_free(struct gdb_session *s)
{
	if (s == NULL) {
		return;
	}
	gdb_drop_breaks(s);
	gdb_close_files(s);
	s->target->ops->detach(s->target);
	gdb_forget(s);
	free(s->features_xml);
	free(s->breaks.list);
	free(s);
}
