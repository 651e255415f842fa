/* SPDX-License-Identifier: MIT */
/*
 * A session's life beside its domain's: its memory, its start a chunk at a
 * time, the vCPU held while the session cannot go on, its end.
 */
#include <rr_hv/lifecycle.h>

#include <arch/entry.h>
#include <arch/iclock.h>
#include <hv/boot.h>
#include <hv/debug.h>
#include <hv/evtchn.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/rr_control.h>
#include <hv/sched.h>
#include <hv/timer.h>
#include <public/chrono.h>
#include <rr_hv/place.h>
#include <rr_hv/snapshot.h>

#define RAW_REPLAY       (512U << 10)
#define RAW_HISTORY      (256U << 10)
/* What is logged becomes durable at least this often. */
#define SEAL_INTERVAL_NS 250000000UL

/* A deadline by CPU time is looked at again after so long, or more. */
#define LOOK_AGAIN_NS 100000UL

#define STATUS_DIVERGED  5
#define STATUS_BAD_TRACE 6
#define STATUS_CUT       7

static void seal_due(void *arg)
{
	struct rr_domain *rr = arg;

	rr_seal(&rr->session);
	if (rr->over) {
		return;
	}
	timer_set(&rr->seal_timer, now_ns() + SEAL_INTERVAL_NS);
}

/* That the timer fired is enough: the guest is out, and what waits is looked at
 * before it goes on. Half way, without a clock, that is prepared. */
static void hold_over(void *arg)
{
	struct rr_domain *rr = arg;
	u64 own = vcpu_cpu_time_ns(rr->v);

	if (!rr_event_waiting(&rr->session) || !rr->v->running) {
		return; /* its time stands still until it runs again */
	}
	if (!rr->exact && own >= rr->waiting_since_ns + rr->hold_ns / 2 &&
	    own < rr->waiting_since_ns + rr->hold_ns) {
		place_expect(rr);
	}
	rr_hold_arm(rr);
}

void rr_hold_arm(struct rr_domain *rr)
{
	u64 own = vcpu_cpu_time_ns(rr->v);
	u64 next = rr->waiting_since_ns + rr->hold_ns / 2;

	if (rr->exact || own >= next) {
		next = rr->waiting_since_ns + rr->hold_ns;
	}
	if (own < next) {
		timer_set(&rr->hold_timer,
		          now_ns() + MAX(next - own, LOOK_AGAIN_NS));
	}
}

struct rr_domain *rr_create(struct domain *d, struct trace_store *store)
{
	struct rr_domain *rr = hv_pages_alloc(sizeof(*rr));

	if (rr == NULL) {
		store->ops->close(store);
		return NULL;
	}
	rr->d = d;
	rr->v = d->vcpu[0];
	rr->store = store;
	rr->exact = iclock->exact;
	rr->deliver = true;
	timer_init(&rr->seal_timer, seal_due, rr);
	timer_init(&rr->hold_timer, hold_over, rr);
	d->rr = rr;
	rr_hold(rr, true);
	return rr;
}

int rr_record_buffers(struct rr_domain *rr, const struct rr_config *c)
{
	rr->raw = hv_pages_alloc(RAW_REPLAY);
	rr->raw_history = hv_pages_alloc(RAW_HISTORY);
	rr->calls = hv_pages_alloc(sizeof(*rr->calls));
	rr->place_frames = hv_pages_alloc(RR_PLACE_BYTES);
	if (!rr->raw || !rr->raw_history || !rr->calls || !rr->place_frames ||
	    (!rr->exact && !digests_keep(rr->d))) {
		return -XEN_ENOMEM;
	}
	return rr_record_start(&rr->session, c, &rr_domain_machine, rr, rr->raw,
	                       RAW_REPLAY, rr->raw_history, RAW_HISTORY,
	                       rr->calls);
}

void rr_release(struct domain *d)
{
	struct rr_domain *rr = d->rr;

	if (rr == NULL) {
		return;
	}
	if (!d->dying) {
		rr_hold(rr, false);
	}
	d->rr = NULL;
	timer_stop(&rr->seal_timer);
	timer_stop(&rr->hold_timer);
	if (rr->writing != NULL) {
		snapshot_write_close(rr->writing);
	}
	if (rr->reading != NULL) {
		snapshot_read_close(rr->reading);
	}
	rr->store->ops->close(rr->store);
	hv_pages_free(rr->raw, RAW_REPLAY);
	hv_pages_free(rr->raw_history, RAW_HISTORY);
	hv_pages_free(rr->calls, sizeof(*rr->calls));
	hv_pages_free(rr->place_frames, RR_PLACE_BYTES);
	digests_drop(d);
	hv_pages_free(rr, sizeof(*rr));
}

void rr_hold(struct rr_domain *rr, bool hold)
{
	if (hold == rr->held) {
		return;
	}
	rr->held = hold;
	if (hold) {
		vcpu_pause(rr->v);
	} else {
		vcpu_unpause(rr->v);
	}
}

static int write_step(struct rr_domain *rr)
{
	int err = snapshot_write_step(rr->writing);

	if (err > 0) {
		return RR_START_MORE;
	}
	snapshot_write_close(rr->writing);
	rr->writing = NULL;
	if (err < 0) {
		log_warn("record: the start of d%u does not go into the trace: "
		         "%s",
		         rr->d->id, tf_strerror(err));
		return RR_START_FAILED;
	}
	seal_due(rr);
	return RR_START_DONE;
}

static int read_step(struct rr_domain *rr)
{
	enum snapshot_result r = snapshot_read_step(rr->reading);

	if (r == SNAPSHOT_WAIT) {
		return RR_START_MORE;
	}
	snapshot_read_close(rr->reading);
	rr->reading = NULL;
	if (r == SNAPSHOT_BAD) {
		rr->session.state = RR_FAILED;
		return RR_START_FAILED;
	}
	rr_exit(&rr->session);
	return RR_START_DONE;
}

int rr_start_step(struct rr_domain *rr)
{
	int r = RR_START_DONE;

	if (rr->writing != NULL) {
		r = write_step(rr);
	} else if (rr->reading != NULL) {
		r = read_step(rr);
	}
	if (r == RR_START_DONE && rr->session.state == RR_RUNNING) {
		rr_hold(rr, false);
		rr_room_check(rr);
	}
	return r;
}

void rr_room_check(struct rr_domain *rr)
{
	if (rr->session.mode == RR_RECORD && rr->session.state == RR_RUNNING &&
	    rr->writing == NULL) {
		rr_hold(rr, !rr->store->ops->room(rr->store));
	}
}

void rr_fed(struct rr_domain *rr)
{
	if (rr->reading != NULL) {
		(void)rr_start_step(rr);
	} else if (rr->session.state == RR_WAITING) {
		rr_retry(&rr->session);
		if (rr->session.state == RR_RUNNING) {
			rr_hold(rr, false);
		}
	}
}

static unsigned int end_status(enum rr_state state)
{
	switch (state) {
	case RR_DIVERGED:
		return STATUS_DIVERGED;
	case RR_FAILED:
		return STATUS_BAD_TRACE;
	case RR_CUT:
		return STATUS_CUT;
	default:
		return 0;
	}
}

void rr_session_digest(const struct rr_domain *rr)
{
	struct tf_hash128 h = frames_digest(rr->d, 0, rr->d->s.nr_frames);

	log_info("d%u: %lu entries, digest %016lx%016lx", rr->d->id,
	         rr->session.s.position.entry, h.hi, h.lo);
}

/* A replay that was the machine's purpose ends the machine. */
static void replay_ended(struct rr_domain *rr)
{
	const struct rr_session *s = &rr->session;

	rr_session_digest(rr);
	if (all_domains.next == &rr->d->link) {
		arch_shutdown(end_status(s->state));
	}
}

void rr_session_ended(struct rr_domain *rr)
{
	const struct rr_session *s = &rr->session;

	if (s->mode == RR_RECORD) {
		rr->over = true;
		timer_stop(&rr->seal_timer);
		if (rr->writing == NULL) {
			rr_hold(rr,
			        false); /* the last seals may have held it */
		}
	} else {
		rr_hold(rr, true);
		if (s->state != RR_WAITING && !debug_session_ended(rr->d)) {
			replay_ended(rr);
		}
	}
	virq_raise_global(CHRONO_VIRQ);
}

int rr_record_domain(struct domain *d)
{
	struct trace_store *store = window_store_open();
	struct rr_record_options o = {.name = "first domain", .history = true};
	int r = RR_START_MORE;
	char buf[8];

	o.hash_interval = boot_option_size("hash-interval", 0);
	o.history = boot_option("no-history", buf, sizeof(buf)) == NULL;
	o.aligned = boot_option("aligned", buf, sizeof(buf)) != NULL;
	o.seed = boot_option_size("seed", 0);
	o.hold_us = boot_option_size("hold", 0);
	o.chaos = boot_option("chaos", buf, sizeof(buf)) != NULL;
	if (o.chaos && buf[0] != '\0') {
		o.seed = boot_option_size("chaos", 0);
	}
	if (store == NULL || rr_record(d, store, &o) != 0) {
		return -XEN_EINVAL;
	}
	while (r == RR_START_MORE) {
		r = rr_start_step(d->rr);
	}
	return r == RR_START_DONE ? 0 : -XEN_ENOSPC;
}

struct domain *rr_replay_trace(void)
{
	struct trace_store *store = window_store_open();
	struct domain *d = NULL;

	if (store == NULL) {
		return NULL;
	}
	if (window_store_scan(store) == 0) {
		d = rr_replay(store, true);
	}
	if (d == NULL || rr_start_step(d->rr) != RR_START_DONE) {
		arch_shutdown(STATUS_BAD_TRACE);
	}
	debug_selftest(d);
	return d;
}
