/* SPDX-License-Identifier: MIT */
/*
 * The control hypercall's calls on traces: recording, replay, their bytes, and
 * what a session says of itself (public/chrono.h).
 */
#include "ctl.h"

#include <arch/iclock.h>
#include <hv/debug.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/rr_control.h>
#include <hv/sched.h>
#include <hv/window.h>
#include <rr_hv/lifecycle.h>
#include <rr_hv/ring_store.h>

/* Most that one call moves; the caller asks again for the rest. */
#define WINDOW_READ_MAX (1UL << 20)

long chrono_target(struct hc_frame *f, struct domain **d)
{
	struct chrono_op *op = chrono_arg(f);

	if (op->version != CHRONO_VERSION) {
		return -XEN_EACCES;
	}
	*d = domain_find(op->domid);
	return *d == NULL || (*d)->dying ? -XEN_ESRCH : 0;
}

/* The domain and its session. */
static long session_target(struct hc_frame *f, struct rr_domain **rr)
{
	struct domain *d;
	long err = chrono_target(f, &d);

	if (err == 0) {
		*rr = d->rr;
		err = *rr == NULL ? -XEN_ENODATA : 0;
	}
	return err;
}

long hc_chrono_info(struct vcpu *v, struct hc_frame *f)
{
	struct chrono_info *i = &chrono_arg(f)->u.info;
	u64 window = 0;

	(void)v;
	(void)window_map(&window);
	memset(i, 0, sizeof(*i));
	i->version = CHRONO_VERSION;
	i->clock_exact = iclock->exact;
	strlcpy(i->clock, iclock->name, sizeof(i->clock));
	i->window_bytes = window;
	i->free_bytes = frames_free_count() << PAGE_SHIFT;
	return 0;
}

long hc_chrono_set_traced(struct vcpu *v, struct hc_frame *f)
{
	struct domain *d;
	long err = chrono_target(f, &d);

	(void)v;
	return err != 0 ? err : domain_set_traced(d);
}

long hc_chrono_record_start(struct vcpu *v, struct hc_frame *f)
{
	struct chrono_record *r = &chrono_arg(f)->u.record;
	struct trace_store *store;
	struct domain *d;
	long err = chrono_target(f, &d);

	(void)v;
	if (err != 0) {
		return err;
	}
	r->name[sizeof(r->name) - 1] = '\0';
	if (r->store != CHRONO_STORE_WINDOW && r->store != CHRONO_STORE_RING) {
		return -XEN_EINVAL;
	}
	store = r->store == CHRONO_STORE_WINDOW ? window_store_open()
	                                        : ring_store_open();
	if (store == NULL) {
		return r->store == CHRONO_STORE_WINDOW ? -XEN_EBUSY
		                                       : -XEN_ENOMEM;
	}
	return rr_record(
		d, store,
		&(struct rr_record_options){
			.name = r->name,
			.seed = r->seed,
			.history = !(r->flags & CHRONO_RECORD_NO_HISTORY),
			.chaos = r->flags & CHRONO_RECORD_CHAOS});
}

long hc_chrono_record_stop(struct vcpu *v, struct hc_frame *f)
{
	struct rr_domain *rr;
	long err = session_target(f, &rr);

	(void)v;
	if (err != 0) {
		return err;
	}
	if (rr->session.mode != RR_RECORD || rr->over) {
		return -XEN_ENODATA;
	}
	rr->session.stop_requested = true;
	if (rr->v->s.blocked) {
		rr_exit(&rr->session);
	} else if (!vcpu_runnable(rr->v)) {
		rr_seal(&rr->session); /* it may never come to an exit */
	}
	return 0;
}

static void fill_report(struct chrono_status *s, const struct rr_report *r)
{
	s->report_position.entry = r->position.entry;
	s->report_position.offset = r->position.offset;
	s->report_expected = r->expected;
	s->report_actual = r->actual;
	s->report_since = r->since_entry;
	strlcpy(s->report, r->what != NULL ? r->what : "", sizeof(s->report));
}

static void fill_wants(const struct rr_domain *rr, struct chrono_status *s)
{
	unsigned int stream;
	u64 index;

	ring_store_fill(rr->store, &s->trace_bytes, &s->trace_total);
	if (feed_store_wants(rr->store, &stream, &index)) {
		s->want_stream = stream;
		s->want_index = index;
		s->wants = 1;
	}
}

/* The start of a trace goes into a window piece by piece, whenever somebody
 * asks how far it is. */
static void continue_start(struct rr_domain *rr)
{
	if (rr->writing != NULL && !ring_store_is(rr->store) &&
	    rr_start_step(rr) == RR_START_FAILED) {
		rr->session.state = RR_FAILED;
		rr->session.report.what = "the window has no room for it";
	}
}

long hc_chrono_status(struct vcpu *v, struct hc_frame *f)
{
	struct chrono_status *s = &chrono_arg(f)->u.status;
	struct domain *d;
	long err = chrono_target(f, &d);

	(void)v;
	if (err != 0) {
		return err;
	}
	memset(s, 0, sizeof(*s));
	s->state = CHRONO_STATE_NONE;
	if (d->rr != NULL) {
		const struct rr_session *x = &d->rr->session;

		continue_start(d->rr);
		s->mode = x->mode == RR_RECORD ? 1 : 2;
		s->state = (u8)x->state;
		s->starting = d->rr->writing != NULL || d->rr->reading != NULL;
		s->position.entry = x->s.position.entry;
		s->position.offset = d->rr->insns;
		s->time_ns = rr_time(x);
		fill_report(s, &x->report);
		fill_wants(d->rr, s);
	}
	if (d->vcpu[0] != NULL) {
		(void)debug_status_fill(d->vcpu[0], s);
	}
	return 0;
}

/* Recording to the ring: the start is written as fast as it is drained. */
long hc_chrono_trace_read(struct vcpu *v, struct hc_frame *f)
{
	struct chrono_bytes *b = &chrono_arg(f)->u.bytes;
	struct rr_domain *rr;
	long err = session_target(f, &rr);
	const u8 *data;
	size_t n;

	(void)v;
	if (err != 0) {
		return err;
	}
	n = ring_store_data(rr->store, b->offset, &data);
	if (n == 0 && rr->writing != NULL) {
		if (rr_start_step(rr) == RR_START_FAILED) {
			return -XEN_ENOSPC;
		}
		n = ring_store_data(rr->store, b->offset, &data);
	}
	b->size = MIN(b->size, n);
	return b->size == 0 ? 0 : hc_write(f, b->buffer, data, b->size);
}

long hc_chrono_trace_ack(struct vcpu *v, struct hc_frame *f)
{
	const struct chrono_bytes *b = &chrono_arg(f)->u.bytes;
	struct rr_domain *rr;
	long err = session_target(f, &rr);

	(void)v;
	if (err != 0) {
		return err;
	}
	if (!ring_store_forget(rr->store, b->offset)) {
		return -XEN_EINVAL;
	}
	rr_room_check(rr);
	return 0;
}

static struct trace_store *store_for_replay(struct hc_frame *f, long *err)
{
	const struct chrono_bytes *b = &chrono_arg(f)->u.bytes;
	static struct tf_super super;
	struct trace_store *st;

	if (b->flags == CHRONO_STORE_WINDOW) {
		st = window_store_open();
		*err = -XEN_EBUSY;
		if (st != NULL && window_store_scan(st) != 0) {
			st->ops->close(st);
			st = NULL;
			*err = -XEN_EBADMSG;
		}
		return st;
	}
	*err = hc_read(f, &super, b->buffer, sizeof(super));
	if (*err != 0) {
		return NULL;
	}
	*err = -XEN_EBADMSG;
	if (tf_super_check(&super) != 0) {
		return NULL;
	}
	*err = -XEN_ENOMEM;
	return feed_store_open(&super);
}

long hc_chrono_replay_create(struct vcpu *v, struct hc_frame *f)
{
	struct chrono_op *op = chrono_arg(f);
	struct trace_store *store;
	struct domain *d;
	long err = 0;

	(void)v;
	if (op->version != CHRONO_VERSION) {
		return -XEN_EACCES;
	}
	store = store_for_replay(f, &err);
	if (store == NULL) {
		return err;
	}
	d = rr_replay(store, false);
	if (d == NULL) {
		return -XEN_EINVAL;
	}
	op->domid = d->id;
	(void)rr_start_step(d->rr);
	return 0;
}

/* buffer: a chunk's header, then its raw payload; size 0: the trace ends
 * before the wanted chunk. */
long hc_chrono_trace_feed(struct vcpu *v, struct hc_frame *f)
{
	const struct chrono_bytes *b = &chrono_arg(f)->u.bytes;
	struct tf_chunk_header header;
	struct rr_domain *rr;
	long err = session_target(f, &rr);
	size_t len = b->size - sizeof(header);
	void *raw;

	(void)v;
	if (err != 0) {
		return err;
	}
	raw = feed_store_buffer(rr->store);
	if (raw == NULL ||
	    (b->size != 0 && (b->size < sizeof(header) || len > TF_RAW_MAX))) {
		return -XEN_EINVAL;
	}
	if (b->size != 0 &&
	    (hc_read(f, &header, b->buffer, sizeof(header)) != 0 ||
	     hc_read(f, raw, b->buffer + sizeof(header), len) != 0)) {
		return -XEN_EFAULT;
	}
	err = feed_store_take(rr->store, b->size != 0 ? &header : NULL, raw,
	                      len);
	if (err == 0) {
		rr_fed(rr);
	}
	return err;
}

/* The window belongs to no domain: whatever it holds, replayable or not. */
long hc_chrono_window_read(struct vcpu *v, struct hc_frame *f)
{
	struct chrono_op *op = chrono_arg(f);
	struct chrono_bytes *b = &op->u.bytes;
	u64 size = 0;
	const u8 *base = window_map(&size);

	(void)v;
	if (op->version != CHRONO_VERSION) {
		return -XEN_EACCES;
	}
	if (base == NULL) {
		return -XEN_ENODEV;
	}
	b->size = b->offset < size ? MIN(b->size, size - b->offset) : 0;
	b->size = MIN(b->size, WINDOW_READ_MAX);
	return b->size == 0 ? 0
	                    : hc_write(f, b->buffer, base + b->offset, b->size);
}

long hc_chrono_call_counts(struct vcpu *v, struct hc_frame *f)
{
	struct chrono_bytes *b = &chrono_arg(f)->u.bytes;
	struct rr_domain *rr;
	long err = session_target(f, &rr);
	const struct rr_shared_state *s;

	(void)v;
	if (err != 0) {
		return err;
	}
	s = &rr->session.s;
	b->size = MIN(b->size, sizeof(s->nr_calls));
	return hc_write(f, b->buffer, s->nr_calls, b->size);
}

long hc_chrono_audit(struct vcpu *v, struct hc_frame *f)
{
	(void)v;
	chrono_arg(f)->u.audit.mismatches = mm_audit();
	return 0;
}
