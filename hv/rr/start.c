/* SPDX-License-Identifier: MIT */
/*
 * How sessions begin: a recording before its domain's first instruction, a
 * replay by making its domain from the trace. The constants of a trace are
 * chosen here and written into its superblock.
 */
#include <hv/rr_control.h>

#include <arch/cpu.h>
#include <arch/iclock.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/timer.h>
#include <mm/foreign.h>
#include <rr_hv/lifecycle.h>
#include <rr_hv/place.h>
#include <rr_hv/ring_store.h>
#include <rr_hv/snapshot.h>

/* Changes with anything that makes an old trace replay differently. */
#define TRACE_ABI_VERSION 4
#define TIME_STEP_NS      20
#define REBASE_BOUND_NS   4000000
#define HASH_INTERVAL     4096
#define SLICE_INTERVAL    65536
#define SLICE_FRAMES      1024
#define VIRTUAL_TSC_KHZ   1000000
#define GRANT_FRAMES      32
/* How long an aligned event may wait for an entry. */
#define HOLD_NS           20000000
#define HOLD_MAX_US       10000000
/* Timers come late by a random part of this. Without it a machine whose clock
 * counts instructions would repeat itself in every recording (R9). */
#define JITTER_NS         100000
#define JITTER_CHAOS_NS   8000000

static const struct rr_config default_config = {
	.time_step_ns = TIME_STEP_NS,
	.rebase_bound_ns = REBASE_BOUND_NS,
	.hash_interval = HASH_INTERVAL,
	.slice_interval = SLICE_INTERVAL,
	.slice_frames = SLICE_FRAMES,
};

/* No two traces share it: time of day, cycle count, place. */
static void make_uuid(struct tf_super *sb)
{
	u64 words[4] = {boot_wallclock_ns(), rdtsc(), now_ns(), (u64)sb};
	struct tf_hash128 h =
		tf_hash((struct tf_hash128){0, 0}, words, sizeof(words));

	memcpy(sb->uuid, &h, sizeof(sb->uuid));
}

static void fill_super(const struct rr_domain *rr, const char *name)
{
	struct tf_super *sb = &rr->store->super;
	const struct rr_config *c = &rr->session.config;
	const struct domain *d = rr->d;

	tf_super_init(sb);
	make_uuid(sb);
	sb->abi_version = TRACE_ABI_VERSION;
	sb->flags = (rr->exact && rr->hold_ns == 0 ? TF_FLAG_EXACT : 0) |
	            (c->history ? TF_FLAG_HISTORY : 0);
	sb->nr_frames = d->s.nr_frames;
	sb->max_mfn = d->s.nr_frames - 1;
	sb->nr_vcpus = 1;
	sb->domid = d->id;
	sb->start_wallclock_ns = boot_wallclock_ns() + now_ns();
	sb->tsc_khz = VIRTUAL_TSC_KHZ;
	sb->time_step_ns = c->time_step_ns;
	sb->rebase_bound_ns = c->rebase_bound_ns;
	sb->hold_bound_ns = rr->hold_ns;
	sb->hash_interval = c->hash_interval;
	sb->slice_frames = c->slice_frames;
	cpu_describe(sb);
	cpu_name(sb);
	tf_super_text(sb->domain_name, sizeof(sb->domain_name), name);
	tf_super_text(sb->clock, sizeof(sb->clock), iclock->name);
	tf_super_text(sb->hv_version, sizeof(sb->hv_version), "Chronovisor");
}

/* The seed stays in the header: with it, who knows the machine can see why
 * events came when they did. 0 asks for a fresh one, by the time of day. */
static void seed_start(struct rr_domain *rr, u64 seed, bool chaos)
{
	struct tf_super *sb = &rr->store->super;
	u64 uuid[2];

	memcpy(uuid, sb->uuid, sizeof(uuid));
	sb->seed = seed != 0 ? seed : uuid[0] ^ uuid[1];
	if (chaos) {
		sb->flags |= TF_FLAG_CHAOS;
	}
	rr->random = sb->seed | 1;
	rr->jitter_max_ns = chaos ? JITTER_CHAOS_NS : JITTER_NS;
}

/* The clock goes on from what the domain saw until now. */
static void fix_start_state(struct rr_domain *rr)
{
	struct vcpu *v = rr->v;
	u64 now = now_ns();

	rr->session.s.clock.base_ns = now;
	if (v->s.timer_period_ns != 0) {
		v->s.periodic_next_ns = now + v->s.timer_period_ns;
	}
}

static bool recordable(const struct domain *d)
{
	const struct domain *holder;

	if (!d->traced || d->vcpu[0] == NULL) {
		log_warn("record: d%u was not created traced, or has no vCPU",
		         d->id);
		return false;
	}
	if (d->rr != NULL || d->vcpu[0]->nr_entries != 0) {
		log_warn("record: d%u has run or is recorded already", d->id);
		return false;
	}
	if (d->s.nr_vcpus != 1) {
		log_warn("record: d%u has %u vCPUs; a recorded domain has one",
		         d->id, d->s.nr_vcpus);
		return false;
	}
	holder = mm_foreign_holder(d);
	if (holder != NULL) {
		log_warn("record: d%u has memory of d%u mapped", holder->id,
		         d->id);
		return false;
	}
	return cpu_recordable();
}

static u64 hold_ns(const struct rr_domain *rr,
                   const struct rr_record_options *o)
{
	if (rr->exact && !o->aligned) {
		return 0;
	}
	return o->hold_us != 0 ? MIN(o->hold_us, HOLD_MAX_US) * 1000 : HOLD_NS;
}

int rr_record(struct domain *d, struct trace_store *store,
              const struct rr_record_options *o)
{
	struct rr_config c = default_config;
	struct rr_domain *rr;
	int err;

	if (!recordable(d)) {
		store->ops->close(store);
		return -XEN_EINVAL;
	}
	rr = rr_create(d, store);
	if (rr == NULL) {
		return -XEN_ENOMEM;
	}
	c.nr_frames = d->s.nr_frames;
	c.history = o->history;
	if (o->hash_interval != 0) {
		c.hash_interval = o->hash_interval;
	}
	err = rr_record_buffers(rr, &c);
	if (err == 0) {
		rr->hold_ns = hold_ns(rr, o);
		fill_super(rr, o->name);
		seed_start(rr, o->seed, o->chaos);
		fix_start_state(rr);
		err = store->ops->begin(store);
		rr->writing = err == 0 ? snapshot_write_open(rr) : NULL;
	}
	if (err != 0 || rr->writing == NULL) {
		log_warn("record: no memory for the recording of d%u", d->id);
		rr_release(d);
		return -XEN_ENOMEM;
	}
	if (!rr->exact) {
		place_epoch(rr, RR_EPOCH_WHOLE);
	}
	log_info("d%u is recorded, clock %s, %s", d->id, iclock->name,
	         rr->exact && !o->aligned ? "exact" : "aligned");
	return 0;
}

static bool replayable(const struct tf_super *sb)
{
	if (sb->abi_version != TRACE_ABI_VERSION) {
		log_warn("replay: the trace is of replay rules %u, this is %u",
		         sb->abi_version, TRACE_ABI_VERSION);
		return false;
	}
	if (strcmp(sb->clock, "none") != 0 && !iclock->exact) {
		log_warn("replay: the trace has exact positions, this machine "
		         "no instruction clock: start it with -icount");
		return false;
	}
	return cpu_same(sb);
}

static struct domain *replay_domain(const struct tf_super *sb, bool first)
{
	struct domain_config c = {
		.id = first ? (domid_t)sb->domid : DOMID_INVALID,
		.max_vcpus = 1,
		.max_port = MAX_PORTS - 1,
		.max_grant_frames = GRANT_FRAMES,
		.traced = true,
		.max_frames = sb->nr_frames,
	};
	int err;
	struct domain *d = domain_create(&c, &err);

	if (d == NULL) {
		log_warn("replay: the domain cannot be created: error %d",
		         -err);
		return NULL;
	}
	d->max_pages = sb->nr_frames;
	d->self = (domid_t)sb->domid;
	if (vcpu_create(d, 0) != 0) {
		log_warn("replay: no memory for the vCPU");
		domain_kill(d);
		return NULL;
	}
	return d;
}

struct domain *rr_replay(struct trace_store *store, bool first)
{
	const struct tf_super *sb = &store->super;
	struct rr_config c = default_config;
	struct domain *d = replayable(sb) ? replay_domain(sb, first) : NULL;
	struct rr_domain *rr;

	if (d == NULL) {
		store->ops->close(store);
		return NULL;
	}
	rr = rr_create(d, store);
	if (rr == NULL) {
		domain_kill(d);
		return NULL;
	}
	c.nr_frames = sb->nr_frames;
	c.time_step_ns = sb->time_step_ns;
	c.rebase_bound_ns = sb->rebase_bound_ns;
	c.hash_interval = sb->hash_interval;
	c.slice_frames = sb->slice_frames;
	rr_replay_start(&rr->session, &c, &rr_domain_machine, rr);
	if (strcmp(sb->clock, "none") == 0) {
		(void)digests_keep(d); /* places may be told by all of memory */
	}
	rr->reading = snapshot_read_open(rr);
	if (rr->reading == NULL) {
		domain_kill(d);
		return NULL;
	}
	log_info("d%u replays a trace of %s", d->id, sb->domain_name);
	return d;
}
