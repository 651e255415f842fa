/* SPDX-License-Identifier: MIT */
/*
 * Between two entries: the instruction clock, events that land in the middle
 * of code, and the rule that they never land on a half-done instruction (R1).
 */
#include <arch/iclock.h>
#include <arch/machine.h>
#include <hv/lib.h>
#include <hv/rr.h>
#include <hv/sched.h>
#include <hv/timer.h>
#include <rr_hv/lifecycle.h>
#include <rr_hv/place.h>
#include <rr_hv/scout.h>

/* Stop after one more instruction: what was retried has then happened. */
#define FINISH_INSTRUCTION 1
/* Times that a guest comes back from one rip until that is believed. */
#define RETRY_LOOKS        3
/* When an event cannot land now, without a clock: how long until the next try.
 */
#define TRY_AGAIN_NS       100000

/* Without a clock: the guest is elsewhere than at the instruction that was to
 * be retried. One that it came back from again and again has happened, or
 * repeats itself. */
static bool progressed(struct rr_domain *rr)
{
	const struct cpu_regs *r = &rr->v->s.regs;

	return r->rip != rr->retry_rip || r->rcx != rr->retry_rcx ||
	       ++rr->retry_looks >= RETRY_LOOKS;
}

void rr_clock_moves(struct vcpu *v)
{
	struct rr_domain *rr = v->domain->rr;
	u64 ran;

	if (rr->place_from_ns != 0) {
		rr->place_ran_ns += now_ns() - rr->place_from_ns;
		rr->place_from_ns = 0;
	}
	if (!iclock->exact) {
		rr->insns++; /* who knows how many */
		rr->retry = rr->retry && !progressed(rr);
		return;
	}
	ran = iclock->elapsed(v);
	rr->insns += ran;
	if (ran != 0) {
		rr->retry = false;
	}
}

void rr_shot_done(struct vcpu *v)
{
	if (v->shot_ticks != 0) {
		v->shot_ticks = 0;
		apic_timer_drain();
	}
}

void rr_resolved(struct vcpu *v)
{
	struct rr_domain *rr = v->domain->rr;

	if (rr_attached(v->domain)) {
		rr->retry = true;
		rr->retry_rip = v->s.regs.rip;
		rr->retry_rcx = v->s.regs.rcx;
		rr->retry_looks = 0;
	}
}

/* The host's own next deadline bounds the shot: other domains' timers must not
 * wait for the landing. Under icount a nanosecond is an instruction or more. */
static void shoot(struct rr_domain *rr, u64 distance)
{
	u64 now = now_ns(), next = timers_next_ns();

	if (next != ~0UL) {
		distance = MIN(distance, next > now ? next - now : 1);
	}
	iclock->shot(rr->v, distance);
}

/* An event is held until the next entry, which costs less to record and to
 * replay, but not for longer than the bound (D6). */
static bool held(struct rr_domain *rr)
{
	return vcpu_cpu_time_ns(rr->v) < rr->waiting_since_ns + rr->hold_ns;
}

/* No clock says how far the guest is: its state does. */
static void land_by_state(struct rr_domain *rr)
{
	u64 again_ns = now_ns() + TRY_AGAIN_NS;
	struct rr_place p;

	if (!rr->session.queue.any) {
		return; /* a request to stop waits for an exit */
	}
	if (rr->retry) {
		timer_set(&rr->hold_timer, again_ns);
		return;
	}
	if (!place_possible(rr, &again_ns)) {
		scout_end(rr);
		timer_set(&rr->hold_timer, again_ns);
		return;
	}
	if (!scout_arrives(rr)) {
		return;
	}
	place_take(rr, &p);
	place_land(rr, &p);
	if (rr_attached(rr->d)) {
		place_epoch(rr, RR_EPOCH_WHOLE);
	}
}

/* Recording: an event waits. Publishes it here if the position allows. */
static void land_recorded(struct rr_domain *rr)
{
	if (rr->insns == 0 && !rr->retry) {
		rr_exit(&rr->session);
	} else if (held(rr)) {
		if (rr->hold_timer.deadline_ns == ~0UL) {
			rr_hold_arm(rr);
		}
	} else if (!rr->exact) {
		land_by_state(rr);
	} else if (rr->retry) {
		iclock->shot(rr->v, FINISH_INSTRUCTION);
	} else {
		rr_landing(&rr->session, rr->insns);
	}
}

/* Replaying: the next event lies @due instructions after the last exit. */
static void land_replayed(struct rr_domain *rr, u64 due)
{
	if (rr->insns > due) {
		rr_overshot(&rr->session, due, rr->insns);
		return;
	}
	if (rr->insns == due) {
		rr_landing(&rr->session, due);
		if (rr_landing_due(&rr->session, &due)) {
			shoot(rr, due - rr->insns);
		}
		return;
	}
	shoot(rr, due - rr->insns);
}

bool rr_publish_due(struct vcpu *v)
{
	struct rr_domain *rr = v->domain->rr;
	u64 due;

	if (rr->session.mode == RR_RECORD) {
		if (rr_event_waiting(&rr->session)) {
			land_recorded(rr);
		}
	} else if (rr_landing_due(&rr->session, &due)) {
		land_replayed(rr, due);
	}
	return vcpu_runnable(v);
}
