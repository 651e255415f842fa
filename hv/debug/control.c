/* SPDX-License-Identifier: MIT */
/*
 * Attaching, running, stopping (hv/debug.h).
 */
#include "priv.h"

#include <arch/iclock.h>
#include <hv/evtchn.h>
#include <hv/mm.h>
#include <hv/rr.h>
#include <hv/sched.h>

struct rr_position debug_position(const struct vcpu *v)
{
	const struct rr_domain *rr = v->domain->rr;
	const struct debug *g = v->domain->debug;

	if (rr != NULL) {
		return (struct rr_position){rr->session.s.position.entry,
		                            rr->insns};
	}
	return (struct rr_position){v->nr_entries,
	                            g != NULL ? g->cpu[v->id].insns : 0};
}

static void update_vcpus(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu (d, v) {
		sched_update(v);
	}
}

void debug_stop(struct debug *g, u8 why)
{
	struct domain *d = g->d;
	struct vcpu *v;

	g->stop = why;
	g->interrupt = CHRONO_STOP_NONE;
	d->debug_standing = true;
	for_each_vcpu (d, v) {
		v->shot_ticks = 0;
	}
	update_vcpus(d);
	if (g->on_stop != NULL) {
		g->on_stop(d);
	} else {
		virq_raise_global(CHRONO_VIRQ);
	}
}

/* A domain that could run stops when it next would; one that waits for
 * something stops where it is. */
static void stop_soon(struct domain *d, u8 why)
{
	struct vcpu *v;

	d->debug->interrupt = why;
	for_each_vcpu (d, v) {
		if (vcpu_runnable(v)) {
			return;
		}
	}
	debug_stop(d->debug, why);
}

int debug_attach(struct domain *d)
{
	struct debug *g;
	struct vcpu *v;

	if (d->debug != NULL) {
		return -XEN_EBUSY;
	}
	if (d->dying || d->vcpu[0] == NULL) {
		return -XEN_EINVAL;
	}
	g = hv_pages_alloc(sizeof(*g));
	if (g == NULL) {
		return -XEN_ENOMEM;
	}
	g->d = d;
	breaks_init(g);
	for_each_vcpu (d, v) {
		g->cpu[v->id].entry = v->nr_entries;
	}
	d->debug = g;
	stop_soon(d, CHRONO_STOP_ATTACHED);
	return 0;
}

void debug_detach(struct domain *d)
{
	struct debug *g = d->debug;
	struct vcpu *v;

	if (g == NULL) {
		return;
	}
	for_each_vcpu (d, v) {
		lifts_end(v);
	}
	checkpoint_drop_all(d);
	breaks_free(g);
	hv_pages_free(g, sizeof(*g));
	d->debug = NULL;
	d->debug_standing = false;
	if (!d->dying) {
		update_vcpus(d);
	}
}

static bool has_limit(const struct chrono_run *r)
{
	return r->limit.entry != 0 || r->limit.offset != 0;
}

static int run_check(const struct debug *g, const struct chrono_run *r)
{
	if (g == NULL || r->kind > CHRONO_RUN_STEP ||
	    (r->flags & ~CHRONO_RUN_PAST)) {
		return -XEN_EINVAL;
	}
	if (!g->d->debug_standing) {
		return -XEN_EBUSY;
	}
	if (has_limit(r) && r->limit.offset != 0 && r->limit.offset != ~0UL &&
	    !iclock->exact) {
		return -XEN_EOPNOTSUPP;
	}
	return 0;
}

/* How a session that does not run any more ended, or NONE. */
static u8 session_stop(const struct domain *d)
{
	if (d->rr == NULL) {
		return CHRONO_STOP_NONE;
	}
	switch (d->rr->session.state) {
	case RR_RUNNING:
	case RR_WAITING: /* it is held until the bytes come */
		return CHRONO_STOP_NONE;
	case RR_FINISHED:
	case RR_CUT:
		return CHRONO_STOP_END;
	default:
		return CHRONO_STOP_DIVERGED;
	}
}

int debug_run(struct vcpu *v, const struct chrono_run *r)
{
	struct debug *g = v->domain->debug;
	u8 ended = session_stop(v->domain);
	int err = run_check(g, r);

	if (err != 0) {
		return err;
	}
	g->run = *r;
	g->stepped = v;
	g->from_ticks = g->cpu[v->id].ticks;
	g->hit.id = 0;
	if (ended == CHRONO_STOP_NONE && v->domain->s.is_shutdown) {
		ended = CHRONO_STOP_SHUTDOWN;
	}
	if (ended != CHRONO_STOP_NONE) {
		debug_stop(g, ended);
		return 0;
	}
	g->stop = CHRONO_STOP_NONE;
	v->domain->debug_standing = false;
	update_vcpus(v->domain);
	return 0;
}

int debug_interrupt(struct domain *d)
{
	if (d->debug == NULL) {
		return -XEN_EINVAL;
	}
	if (!d->debug_standing) {
		stop_soon(d, CHRONO_STOP_INTERRUPT);
	}
	return 0;
}

/* The entry that brought the guest back becomes part of what was counted. */
static void note_entry(struct vcpu *v, struct debug_cpu *c)
{
	if (c->entry == v->nr_entries) {
		return;
	}
	c->entry = v->nr_entries;
	c->previous_offset = c->exit_insns - c->exit_counted;
	c->ticks += !c->exit_counted;
	c->insns = 0;
}

bool debug_session_ended(struct domain *d)
{
	if (d->debug == NULL) {
		return false;
	}
	/* It ends in the middle of an entry, whose exit nobody sees. */
	note_entry(d->rr->v, &d->debug->cpu[d->rr->v->id]);
	debug_stop(d->debug, session_stop(d));
	return true;
}

bool debug_domain_stopped(struct domain *d)
{
	if (d->debug == NULL) {
		return false;
	}
	if (!d->debug_standing) {
		debug_stop(d->debug, CHRONO_STOP_SHUTDOWN);
	}
	return true;
}

int debug_status_fill(const struct vcpu *v, struct chrono_status *st)
{
	const struct debug *g = v->domain->debug;
	struct rr_position p = debug_position(v);

	st->position.entry = p.entry;
	st->position.offset = p.offset;
	st->rip = v->s.regs.rip;
	if (g == NULL) {
		return -XEN_EINVAL;
	}
	st->stop = g->stop;
	st->break_id = g->hit.id;
	st->break_kind = (u8)g->hit.kind;
	st->break_address = g->hit.address;
	st->previous_offset = g->cpu[v->id].previous_offset;
	return 0;
}

/* ---- the loop's side ----------------------------------------------------- */

static bool limit_reached(const struct debug *g, const struct vcpu *v)
{
	struct rr_position p = debug_position(v);
	struct rr_position l = {g->run.limit.entry, g->run.limit.offset};

	return has_limit(&g->run) && v == g->stepped &&
	       rr_position_compare(p, l) >= 0;
}

/* An execution break at rip. Between the iterations of one string operation
 * there is none: it began before. */
static const struct chrono_break *break_due(const struct debug *g,
                                            struct vcpu *v)
{
	const struct debug_cpu *c = &g->cpu[v->id];
	const struct chrono_break *b = break_at(g, v->s.regs.rip);

	if (b == NULL) {
		return NULL;
	}
	if ((g->run.flags & CHRONO_RUN_PAST) && v == g->stepped &&
	    c->ticks == g->from_ticks) {
		return NULL;
	}
	if (c->checked_rip == v->s.regs.rip &&
	    c->ticks == c->checked_ticks + 1 && insn_repeats(v)) {
		return NULL;
	}
	return b;
}

/* A watch comes first: it belongs to the instruction that led here, while a
 * break belongs to the one that comes next: *b, if that is the reason. */
static u8 stop_due(const struct debug *g, struct vcpu *v,
                   const struct chrono_break **b)
{
	const struct debug_cpu *c = &g->cpu[v->id];

	if (g->hit.id != 0) {
		return CHRONO_STOP_WATCH;
	}
	if (g->run.kind == CHRONO_RUN_STEP && v == g->stepped &&
	    c->ticks - g->from_ticks >= g->run.count) {
		return CHRONO_STOP_STEPPED;
	}
	if (limit_reached(g, v)) {
		return CHRONO_STOP_LIMIT;
	}
	if (g->interrupt != CHRONO_STOP_NONE) {
		return g->interrupt;
	}
	*b = break_due(g, v);
	return *b != NULL ? CHRONO_STOP_BREAK : CHRONO_STOP_NONE;
}

/* Half-done instructions are completed first (R1). */
static bool is_half_done(const struct vcpu *v)
{
	return v->domain->rr != NULL && v->domain->rr->retry;
}

bool debug_stops_fetch(struct vcpu *v, u64 va)
{
	struct debug *g = v->domain->debug;
	const struct chrono_break *b;
	const struct debug_cpu *c;

	if (g == NULL || !(v->s.regs.error_code & PFEC_FETCH) ||
	    (va ^ v->s.regs.rip) >> PAGE_SHIFT != 0 || is_half_done(v)) {
		return false;
	}
	c = &g->cpu[v->id];
	if (c->ticks == c->checked_ticks && v->s.regs.rip == c->checked_rip) {
		return false;
	}
	g->stops_fetch = stop_due(g, v, &b) != CHRONO_STOP_NONE;
	return g->stops_fetch;
}

/* Instructions that may run before the next look is due; ~0: any number. */
static u64 distance(const struct debug *g, const struct vcpu *v)
{
	struct rr_position p = debug_position(v);
	u64 n = ~0UL;

	if (g->nr_lifts != 0) {
		return 1;
	}
	if (v != g->stepped) {
		return n;
	}
	if (g->run.kind == CHRONO_RUN_STEP) {
		n = g->run.count - (g->cpu[v->id].ticks - g->from_ticks);
	}
	if (has_limit(&g->run) && g->run.limit.entry == p.entry) {
		n = MIN(n, g->run.limit.offset - p.offset);
	}
	return n;
}

bool debug_lets_run(struct vcpu *v)
{
	struct debug *g = v->domain->debug;
	const struct chrono_break *b;
	struct debug_cpu *c;
	u64 n;
	u8 why;

	c = &g->cpu[v->id];
	note_entry(v, c);
	c->trap_flag = false;
	g->stops_fetch = false;
	if (g->delivered) {
		g->delivered = false;
		watches_compare(v);
	}
	if (is_half_done(v)) {
		step_arrange(v, 1);
		return true;
	}
	why = stop_due(g, v, &b);
	if (why != CHRONO_STOP_NONE) {
		g->hit = why == CHRONO_STOP_BREAK ? *b : g->hit;
		/* How it came here is no part of where it is. */
		v->s.regs.vector = 0;
		v->s.regs.error_code = 0;
		debug_stop(g, why);
		return false;
	}
	c->checked_ticks = c->ticks;
	c->checked_rip = v->s.regs.rip;
	n = distance(g, v);
	if (n != ~0UL) {
		/* The last one by itself: a shot comes only after the fetch of
		 * what follows, which may fault. */
		step_arrange(v, n > 1 ? n - 1 : 1);
	}
	return true;
}

void debug_came_back(struct vcpu *v)
{
	struct debug *g = v->domain->debug;
	struct debug_cpu *c = &g->cpu[v->id];
	u64 ran = iclock->elapsed(v);
	bool done;

	step_undo(v);
	if (!iclock->exact && c->trap_flag && v->s.regs.vector == X86_DB) {
		ran = 1;
	}
	done = ran != 0;
	c->ticks += ran;
	c->insns += ran;
	c->exit_insns = debug_position(v).offset;
	c->exit_counted = iclock->exact && step_exit_counted(v);
	if (done) {
		lifts_step_done(v);
	} else if (v->s.regs.vector != X86_PF) {
		lifts_end(v);
	}
	watches_remember(v);
}

void debug_delivered(struct vcpu *v)
{
	if (v->domain->debug != NULL) {
		v->domain->debug->delivered = true;
	}
}

bool debug_stops_here(const struct vcpu *v)
{
	return v->domain->debug != NULL && v->domain->debug->stops_fetch;
}

bool debug_takes_exit(struct vcpu *v)
{
	return v->domain->debug != NULL && step_took_trap(v);
}
