/* SPDX-License-Identifier: MIT */
/*
 * The taps: the only places where record and replay touch the hypervisor (D5).
 * Each is one predicted branch for a domain without a session.
 *
 *   tap 1  rr_tap_call_enter, _exit      hypercall/dispatch.c
 *   tap 2  rr_tap_output                 hypercall/dispatch.c (hc_write)
 *   tap 3  rr_tap_read_time              pv/tsc.c
 *   tap 4  rr_tap_port, _timer, _console events from outside
 *          rr_tap_entry, _exit           core/loop.c
 *   tap 5  rr_domain_time                shared/time.c
 *   effect rr_tap_effect                 what leaves the domain
 */
#ifndef HV_RR_H
#define HV_RR_H

#include <hv/hypercall.h>
#include <rr/session.h>

struct trace_store;
struct snapshot_writer;
struct snapshot_reader;

/* What the frames marked PGF_DIRTY are, while recording without a clock. */
enum rr_epoch {
	RR_EPOCH_OBSERVED, /* some that were written lately */
	RR_EPOCH_WHOLE,    /* all that were since a position that is logged: the
	                    * last place, or the exit of an entry */
};

#define RR_SCOUT_RIPS 16
#define RR_STOPS      4 /* as many as there are debug registers */

/* Record: the search for a rip that is rarely passed. */
struct rr_scout {
	bool on;      /* the guest runs, and stops at stops[] */
	bool stopped; /* it did */
	bool last;    /* it will do now, whether rare or not */
	unsigned int nr, nr_stops;
	u64 rips[RR_SCOUT_RIPS];     /* candidates, the best first */
	u64 since_ns[RR_SCOUT_RIPS]; /* ... when it was first stopped at */
	u32 watched, passed;         /* bits of candidates */
	u64 stops[RR_STOPS];
	u64 best, best_ns; /* the rarest of those that were passed */
	u64 until_ns;      /* by the CPU time of the vCPU */
};

/* A session and what ties it to its domain. */
struct rr_domain {
	struct rr_session session;
	struct domain *d;
	struct vcpu *v; /* a recorded domain has one vCPU */
	u64 insns;      /* executed since the last counted entry's exit */
	bool retry;     /* the next instruction is half done (R1) */
	/* Without a clock: where that was, and how often the guest came back
	 * from there since. */
	u64 retry_rip, retry_rcx;
	unsigned int retry_looks;
	bool deliver;  /* an entry or a publication: events are looked at */
	bool exact;    /* the clock gives positions in the middle of code */
	u64 epoch_ns;  /* record: host time of domain time 0 */
	bool in_entry; /* between rr_tap_entry() and rr_tap_exit() */
	/* When the oldest event came, and how long one may wait for an entry,
	 * by the CPU time of the vCPU: while others run, it misses none. */
	u64 waiting_since_ns, hold_ns;
	struct timer hold_timer;
	enum rr_epoch epoch; /* what PGF_DIRTY tells, without a clock */
	u64 epoch_since_ns;  /* when it began */
	bool expecting;      /* an event waited long, so others are expected */
	u64 expect_until_ns; /* ... until then */
	u64 whole_again_ns;  /* memory is not digested whole before */
	u8 *place_frames;    /* record: RR_PLACE_BYTES */
	struct rr_scout scout;
	/* How long the guest ran, and was looked at, since it is to stop at a
	 * place, since when it runs now (0: it does not), and, in replay, when
	 * to give up. */
	u64 place_ran_ns, place_from_ns, place_most_ns;
	u8 place_armed;       /* bits of the debug registers that wait for it */
	bool place_resumes;   /* the resume flag is ours, to leave ... */
	u64 place_resume_rip; /* ... where it was looked at */
	bool over;            /* a recording that ended: the domain runs on */
	bool held;            /* the vCPU is paused on behalf of the session */
	struct trace_store *store;
	struct tf_calls *calls;
	void *raw, *raw_history;
	struct timer seal_timer;
	u64 random;        /* state of the perturbation (R9) */
	u64 jitter_max_ns; /* a timer comes up to this much late */
	struct snapshot_writer *writing; /* the start is being written */
	struct snapshot_reader *reading; /* ... or read */
};

static inline bool rr_attached(const struct domain *d)
{
	return unlikely(d->rr != NULL) && !d->rr->over;
}

/** A counted entry of @v begins. */
void rr_tap_entry(struct vcpu *v);
/** It was handled: publishes what is due at its exit. */
void rr_tap_exit(struct vcpu *v);

/*
 * Around each run of a vCPU. What there is to do is behind a condition here,
 * for on most ways into a guest there is nothing.
 */
bool rr_publish_due(struct vcpu *v);
bool rr_place_lands(struct vcpu *v);
void rr_place_stops(struct vcpu *v);
bool rr_place_stopped(struct vcpu *v);
void rr_clock_moves(struct vcpu *v);

/** True when what waits for @v may be bounced now: for a traced domain at its
 *  entries and where something was published, and nowhere else, however often
 *  the hypervisor takes the CPU between them. */
static inline bool rr_delivers(struct vcpu *v)
{
	struct rr_domain *rr = v->domain->rr;
	bool due;

	if (likely(rr == NULL)) {
		return true;
	}
	due = rr->over || rr->deliver;
	rr->deliver = false;
	return due;
}

/** Before @v runs guest code: publishes what is due here, or arranges that it
 *  stops where something is. False when it must not run now. */
static inline bool rr_before_guest(struct vcpu *v)
{
	return !rr_attached(v->domain) || rr_publish_due(v);
}

/** After what waited was bounced: true when @v stands where an event lands that
 *  its trace tells by state (R2), which was published. */
static inline bool rr_lands_here(struct vcpu *v)
{
	return rr_attached(v->domain) &&
	       v->domain->rr->session.mode == RR_REPLAY && rr_place_lands(v);
}

/** The last before @v runs: it will stop where such an event may land. */
static inline void rr_place_arm(struct vcpu *v)
{
	if (rr_attached(v->domain) &&
	    (v->domain->rr->scout.on ||
	     v->domain->rr->session.mode == RR_REPLAY)) {
		rr_place_stops(v);
	}
}

/** The exit of @v was that stop, and nothing of the guest's own. */
static inline bool rr_takes_exit(struct vcpu *v)
{
	return unlikely(v->domain->rr != NULL) &&
	       v->domain->rr->place_armed != 0 && rr_place_stopped(v);
}

/** It came back: the clock moves on. */
static inline void rr_after_guest(struct vcpu *v)
{
	if (rr_attached(v->domain)) {
		rr_clock_moves(v);
	}
}

/** After the exit was handled and acknowledged: the shot's timer goes. */
void rr_shot_done(struct vcpu *v);
/** An exit was resolved by the hypervisor alone: the instruction is to be
 *  tried again (R1). */
void rr_resolved(struct vcpu *v);

/** True when the handler must run; else *result is the trace's answer and its
 *  output has been written to the guest. */
bool rr_tap_call_enter(struct vcpu *v, const struct hc_frame *f, long *result);
void rr_tap_call_exit(struct vcpu *v, const struct hc_frame *f, long result);
void rr_tap_output(struct vcpu *v, const struct hc_frame *f, u64 va,
                   const void *data, size_t size);

/** What a trapped clock read of @v shows, in nanoseconds. */
u64 rr_tap_read_time(struct vcpu *v);
/** The domain's clock, not stepped. */
u64 rr_domain_time(const struct domain *d);

/** Events from outside. False when the domain has no session: publish them
 *  directly. */
bool rr_tap_port(struct domain *d, unsigned int port);
bool rr_tap_timer(struct vcpu *v, enum tf_timer_source source, u64 deadline_ns);
/** How many bytes of console input were taken. */
size_t rr_tap_console(struct domain *d, const void *data, size_t len);

/** Bytes that leave the domain. True when the world must see them: not for a
 *  replayed domain. */
bool rr_tap_effect(struct domain *d, const void *data, size_t len);
/** The hypervisor has no memory for something that @d needs: its session ends
 *  (R7). True when it is a replay, which stands there; a recorded domain runs
 * on as one that is not traced, unless the caller has to end it. */
bool rr_out_of_memory(struct domain *d, const char *what);
/** The domain shuts down, in the middle of the entry that asks for it. */
void rr_tap_shutdown(struct domain *d, unsigned int reason);

/** How much later than asked the next timer of @d comes: nothing without a
 *  recording, whose seed decides (R9). */
u64 rr_jitter_ns(struct domain *d);

/** Host timers that stand for the domain's own are armed: not in replay. */
bool rr_timers_live(const struct domain *d);

/** Recount: how many frames of @d changed unnoticed since they were digested,
 *  each logged. */
unsigned int rr_audit(struct domain *d);

/** Another domain may reach into @d: not while it is recorded or replayed,
 *  and not even to map its memory for reading, for a frame that somebody else
 *  holds is not free when the guest gives it back (R14). */
static inline bool rr_foreign_allowed(const struct domain *d)
{
	return !rr_attached(d);
}

#endif
