/* SPDX-License-Identifier: MIT */
/*
 * Sessions from beginning to end: a recording starts before its domain's first
 * instruction, a replay makes its domain from the trace.
 */
#include <hv/rr_control.h>

#include <arch/cpu.h>
#include <arch/entry.h>
#include <arch/iclock.h>
#include <hv/cpuid.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/sched.h>
#include <hv/timer.h>
#include <rr_hv/machine.h>

#define TRACE_ABI_VERSION 1
#define RAW_REPLAY        (256U << 10)
#define RAW_HISTORY       (256U << 10)
#define TIME_STEP_NS      20
#define REBASE_BOUND_NS   1000000
#define HASH_INTERVAL     4096
#define SLICE_INTERVAL    65536
#define SLICE_FRAMES      1024
#define STATUS_DIVERGED   5
#define STATUS_BAD_TRACE  6
#define STATUS_CUT        7

static const struct rr_config default_config = {
	.time_step_ns = TIME_STEP_NS,
	.rebase_bound_ns = REBASE_BOUND_NS,
	.hash_interval = HASH_INTERVAL,
	.slice_interval = SLICE_INTERVAL,
	.slice_frames = SLICE_FRAMES,
	.history = true,
};

static struct rr_domain *rr_alloc(struct domain *d, struct trace_store *store)
{
	struct rr_domain *rr = hv_pages_alloc(sizeof(*rr));

	if (rr == NULL) {
		return NULL;
	}
	rr->d = d;
	rr->v = d->vcpu[0];
	rr->store = store;
	rr->exact = iclock->exact;
	return rr;
}

/* Something no other trace has: the host gives it a seed by the clock. */
static void make_uuid(struct tf_super *sb)
{
	struct tf_hash128 h = {boot_wallclock_ns(), rdtsc()};
	u64 more[2] = {now_ns(), (u64)sb};

	h = tf_hash(h, more, sizeof(more));
	memcpy(sb->uuid, &h, sizeof(sb->uuid));
}

static void fill_super(const struct rr_domain *rr)
{
	struct tf_super *sb = &rr->store->super;
	const struct rr_config *c = &rr->session.config;
	const struct domain *d = rr->d;

	tf_super_init(sb);
	make_uuid(sb);
	sb->abi_version = TRACE_ABI_VERSION;
	sb->flags = (rr->exact ? TF_FLAG_EXACT : 0) |
	            (c->history ? TF_FLAG_HISTORY : 0);
	sb->nr_frames = d->s.nr_frames;
	sb->max_mfn = d->s.nr_frames - 1;
	sb->nr_vcpus = 1;
	sb->domid = d->id;
	sb->start_wallclock_ns = boot_wallclock_ns() + now_ns();
	sb->tsc_khz = 1000000;
	sb->time_step_ns = c->time_step_ns;
	sb->rebase_bound_ns = c->rebase_bound_ns;
	sb->hash_interval = c->hash_interval;
	sb->slice_frames = c->slice_frames;
	tf_super_text(sb->clock, sizeof(sb->clock), iclock->name);
	tf_super_text(sb->hv_version, sizeof(sb->hv_version), "chronovisor");
}

static int record_buffers(struct rr_domain *rr)
{
	rr->raw = hv_pages_alloc(RAW_REPLAY);
	rr->raw_history = hv_pages_alloc(RAW_HISTORY);
	rr->calls = hv_pages_alloc(sizeof(*rr->calls));
	return rr->raw && rr->raw_history && rr->calls ? 0 : -XEN_ENOMEM;
}

static void fix_start_state(struct rr_domain *rr)
{
	struct vcpu *v = rr->v;
	u64 now = now_ns();

	rr->session.s.clock.base_ns = now;
	if (v->s.timer_period_ns != 0) {
		v->s.periodic_next_ns = now + v->s.timer_period_ns;
	}
}

static int record_begin(struct rr_domain *rr)
{
	struct rr_config c = default_config;
	int err = record_buffers(rr);

	c.nr_frames = rr->d->s.nr_frames;
	if (err == 0) {
		err = rr_record_start(&rr->session, &c, &rr_domain_machine, rr,
		                      rr->raw, RAW_REPLAY, rr->raw_history,
		                      RAW_HISTORY, rr->calls);
	}
	if (err != 0) {
		return err;
	}
	fill_super(rr);
	fix_start_state(rr);
	err = rr->store->ops->begin(rr->store);
	return err != 0 ? err : snapshot_write(rr);
}

int rr_record_domain(struct domain *d)
{
	struct trace_store *store = window_store_open();
	struct rr_domain *rr;
	int err;

	if (store == NULL) {
		log_warn("record: this machine has no trace window");
		return -XEN_ENODEV;
	}
	if (!d->traced || d->vcpu[0] == NULL) {
		log_warn("record: d%u was not created traced", d->id);
		return -XEN_EINVAL;
	}
	rr = rr_alloc(d, store);
	if (rr == NULL) {
		return -XEN_ENOMEM;
	}
	err = record_begin(rr);
	if (err != 0) {
		log_warn("record: the start of d%u does not go into the trace: "
		         "%s",
		         d->id, tf_strerror(err));
		return -XEN_ENOSPC;
	}
	d->rr = rr;
	log_info("d%u is recorded, clock %s, %s", d->id, iclock->name,
	         rr->exact ? "exact" : "at entries");
	return 0;
}

static struct domain *replay_domain_create(const struct tf_super *sb)
{
	struct domain_config c = {
		.id = (domid_t)sb->domid,
		.max_vcpus = 1,
		.max_port = MAX_PORTS - 1,
		.max_grant_frames = 32,
		.traced = true,
		.max_frames = sb->nr_frames,
	};
	int err;
	struct domain *d = domain_create(&c, &err);

	if (d == NULL) {
		log_warn("replay: no domain: error %d", -err);
		return NULL;
	}
	d->max_pages = sb->nr_frames;
	if (vcpu_create(d, 0) != 0) {
		return NULL;
	}
	return d;
}

static bool replayable(const struct tf_super *sb)
{
	if (sb->abi_version != TRACE_ABI_VERSION) {
		log_warn("replay: the trace is of replay rules %u, this is %u",
		         sb->abi_version, TRACE_ABI_VERSION);
		return false;
	}
	if ((sb->flags & TF_FLAG_EXACT) && !iclock->exact) {
		log_warn("replay: the trace has exact positions, this machine "
		         "no instruction clock: start it with -icount");
		return false;
	}
	return true;
}

struct domain *rr_replay_trace(void)
{
	struct trace_store *store = window_store_open();
	struct rr_config c = default_config;
	struct rr_domain *rr;
	struct domain *d;

	if (store == NULL) {
		log_warn("replay: this machine has no trace window");
		return NULL;
	}
	if (window_store_scan(store) != 0 || !replayable(&store->super)) {
		return NULL;
	}
	d = replay_domain_create(&store->super);
	rr = d == NULL ? NULL : rr_alloc(d, store);
	if (rr == NULL) {
		return NULL;
	}
	c.nr_frames = store->super.nr_frames;
	c.time_step_ns = store->super.time_step_ns;
	c.rebase_bound_ns = store->super.rebase_bound_ns;
	c.hash_interval = store->super.hash_interval;
	c.slice_frames = store->super.slice_frames;
	c.history = false;
	rr_replay_start(&rr->session, &c, &rr_domain_machine, rr);
	if (snapshot_read(rr) != 0) {
		return NULL;
	}
	d->rr = rr;
	log_info("d%u replays the trace", d->id);
	rr_exit(&rr->session);
	return d;
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

void rr_session_ended(struct rr_domain *rr)
{
	const struct rr_session *s = &rr->session;

	if (s->state == RR_WAITING) {
		return;
	}
	if (s->mode == RR_REPLAY) {
		struct tf_hash128 h =
			frames_digest(rr->d, 0, rr->d->s.nr_frames);

		log_info("d%u: %lu entries, digest %016lx%016lx", rr->d->id,
		         s->s.position.entry, h.hi, h.lo);
		arch_shutdown(end_status(s->state));
	}
}
