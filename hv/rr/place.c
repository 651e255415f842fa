/* SPDX-License-Identifier: MIT */
/*
 * Where a guest stands, told by its state (R2), for machines without a clock
 * that counts instructions.
 *
 * A recording describes the place at which a timer of the host stopped the
 * guest: registers, the rest of its vCPU, and memory. Of that the frames
 * written since the exit of the last entry say all, if dirty frames were noted
 * since then or longer: what came before is a matter of the entries. Else all
 * of memory is digested, and the frames written lately are a quick test before.
 * A replay stops at each arrival at the place's rip, by a debug register that
 * the guest does not use, and compares. The first moment that is equal has the
 * recorded one's future, whichever of several it is.
 */
#include <rr_hv/place.h>

#include <arch/cpu.h>
#include <arch/entry.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/timer.h>
#include <pv/cpu_state.h>
#include <rr_hv/machine.h>

#define PAIR          24 /* bytes of a frame's number and digest */
#define BREAKPOINTS   4
/* Digesting all of memory takes at most this part of the time. */
#define WHOLE_SHARE   10
/* While events are expected, an epoch is begun anew so often, so that its
 * frames stay few. */
#define EPOCH_NS      50000000UL
/* How long after an event that waited for long others are expected to. */
#define EXPECTED_NS   1000000000UL
/* How long a replay runs in search of a place: so much, and a multiple of what
 * the event waited, or of what it can have waited: the clock by which that is
 * told stands still while nobody reads it. A loop of three instructions takes a
 * thousand times as long. */
#define SEARCH_NS     20000000000UL
#define SEARCH_FACTOR 5000
#define WAITED_NS     250000000UL
#define LOOK_NS       1000000000UL

static bool break_in_use(const struct vcpu *v, unsigned int nr)
{
	return v->s.debugreg[7] >> (2 * nr) & 3;
}

static bool all_breaks_in_use(const struct vcpu *v)
{
	for (unsigned int i = 0; i < BREAKPOINTS; i++) {
		if (!break_in_use(v, i)) {
			return false;
		}
	}
	return true;
}

/* The guest stops at @rip for a reason of its own, before anything of ours can
 * be told from it. */
static bool own_break_at(const struct vcpu *v, u64 rip)
{
	for (unsigned int i = 0; i < BREAKPOINTS; i++) {
		if (break_in_use(v, i) && v->s.debugreg[i] == rip) {
			return true;
		}
	}
	return false;
}

/* Lists the dirty frames; false when there are more than a place may name, and
 * the first of them are listed. */
static bool list_dirty(struct rr_domain *rr, struct tf_bytes *frames)
{
	const struct domain *d = rr->d;
	u32 len = 0;

	for (u64 g = 0; g < d->s.nr_frames; g++) {
		struct tf_hash128 h;

		if (d->frames[g] == NULL ||
		    !(d->frames[g]->flags & PGF_DIRTY)) {
			continue;
		}
		if (len == RR_PLACE_BYTES) {
			*frames = (struct tf_bytes){rr->place_frames, len};
			return false;
		}
		h = frame_digest(d->frames[g]);
		memcpy(rr->place_frames + len, &g, sizeof(g));
		memcpy(rr->place_frames + len + sizeof(g), &h, sizeof(h));
		len += PAIR;
	}
	*frames = (struct tf_bytes){rr->place_frames, len};
	return true;
}

static void digest_whole(struct rr_domain *rr, struct rr_place *p)
{
	u64 start = now_ns(), end;

	p->whole = true;
	p->memory = frames_digest(rr->d, 0, rr->d->s.nr_frames);
	end = now_ns();
	rr->whole_again_ns = end + WHOLE_SHARE * (end - start);
}

/* The dirty frames are all that was written since a logged position, and few
 * enough to be listed. */
static bool frames_suffice(const struct rr_domain *rr)
{
	mmu_twin_harvest(rr->d);
	return rr->epoch == RR_EPOCH_WHOLE &&
	       rr->d->nr_dirty <= RR_PLACE_FRAMES;
}

bool place_possible(const struct rr_domain *rr, u64 *again_ns)
{
	if (all_breaks_in_use(rr->v) ||
	    own_break_at(rr->v, rr->v->s.regs.rip)) {
		return false;
	}
	if (!rr->scout.on && now_ns() < rr->whole_again_ns &&
	    !frames_suffice(rr)) {
		*again_ns = rr->whole_again_ns;
		return false;
	}
	return true;
}

void place_take(struct rr_domain *rr, struct rr_place *p)
{
	struct vcpu *v = rr->v;
	bool whole = !frames_suffice(rr);

	memset(p, 0, sizeof(*p));
	whole |= !list_dirty(rr, &p->frames);
	if (whole) {
		digest_whole(rr, p);
	}
	p->rip = v->s.regs.rip;
	p->regs_digest = vcpu_registers_digest(v);
	p->state_digest = vcpu_rest_digest(v);
}

void place_epoch(struct rr_domain *rr, enum rr_epoch kind)
{
	mmu_twin_epoch(rr->d);
	rr->epoch = kind;
	rr->epoch_since_ns = now_ns();
}

/* Without an epoch that tells all, one that begins here, in the middle of code,
 * tells at least which frames change while the guest goes on. */
void place_expect(struct rr_domain *rr)
{
	if (!frames_suffice(rr)) {
		place_epoch(rr, RR_EPOCH_OBSERVED);
	}
	rr->expecting = true;
	rr->expect_until_ns = now_ns() + EXPECTED_NS;
}

void place_exit(struct rr_domain *rr)
{
	u64 now = now_ns();

	if (rr->epoch == RR_EPOCH_OBSERVED ||
	    now > rr->epoch_since_ns + EPOCH_NS) {
		place_epoch(rr, RR_EPOCH_WHOLE);
	}
	rr->expecting = now < rr->expect_until_ns;
}

static bool frames_match(const struct rr_domain *rr,
                         const struct tf_bytes *frames)
{
	const u8 *at = frames->data;

	for (u32 i = 0; i + PAIR <= frames->len; i += PAIR) {
		const struct page *pg;
		struct tf_hash128 h, logged;
		u64 g;

		memcpy(&g, at + i, sizeof(g));
		memcpy(&logged, at + i + sizeof(g), sizeof(logged));
		pg = domain_frame(rr->d, g);
		if (pg == NULL) {
			return false;
		}
		h = frame_digest(pg);
		if (h.lo != logged.lo || h.hi != logged.hi) {
			return false;
		}
	}
	return true;
}

/* What is compared first costs least and differs most. */
static bool place_matches(const struct rr_domain *rr, struct rr_place *p)
{
	struct vcpu *v = rr->v;
	struct tf_hash128 h;

	if (v->s.regs.rip != p->rip ||
	    vcpu_registers_digest(v) != p->regs_digest ||
	    !frames_match(rr, &p->frames) ||
	    vcpu_rest_digest(v) != p->state_digest) {
		return false;
	}
	rr_place_rest(&rr->session, p);
	if (!p->whole) {
		return true;
	}
	h = frames_digest(rr->d, 0, rr->d->s.nr_frames);
	return h.lo == p->memory.lo && h.hi == p->memory.hi;
}

void place_land(struct rr_domain *rr, const struct rr_place *p)
{
	u64 next = rr->session.s.position.offset + 1;

	/* Only how it came here is in this flag, and events would show it. */
	rr->v->s.regs.rflags &= ~RFLAGS_RF;
	rr_landing_at(&rr->session, p, MAX(next, rr->exact ? rr->insns : 0));
}

/* What may go into a debug register: the hypervisor's own code would stop at it
 * too. */
static bool is_guest_code(u64 rip)
{
	return is_canonical(rip) && !is_hv_va(rip);
}

bool rr_place_lands(struct vcpu *v)
{
	struct rr_domain *rr = v->domain->rr;
	struct rr_place p;
	u64 from_ns;

	if (!rr_place_due(&rr->session, &p)) {
		return false;
	}
	from_ns = now_ns();
	if (place_matches(rr, &p)) {
		rr->place_most_ns = 0;
		place_land(rr, &p);
		return true;
	}
	rr->place_ran_ns += now_ns() - from_ns;
	/* A trace that was altered may name a place that does not exist. */
	if (!is_guest_code(p.rip) ||
	    (rr->place_most_ns != 0 && rr->place_ran_ns > rr->place_most_ns)) {
		rr_place_missed(&rr->session);
	}
	return false;
}

/* The guest comes back now and then, even if it never comes by. */
static void search_on(struct rr_domain *rr, struct rr_place *p)
{
	if (rr->place_most_ns == 0) {
		rr_place_rest(&rr->session, p);
		rr->place_most_ns = SEARCH_NS + MIN(p->waited_ns, WAITED_NS) *
		                                        SEARCH_FACTOR;
		rr->place_ran_ns = 0;
	}
	if (rr->hold_timer.deadline_ns == ~0UL) {
		timer_set(&rr->hold_timer, now_ns() + LOOK_NS);
	}
}

/* This rip was looked at. A guest that set the flag itself knows of it. */
static void resume_from(struct rr_domain *rr, u64 rip)
{
	rr->place_resumes = !(rr->v->s.regs.rflags & RFLAGS_RF);
	rr->place_resume_rip = rip;
	rr->v->s.regs.rflags |= RFLAGS_RF;
}

/* In the debug registers that the guest does not use; if it uses all, it is
 * recorded at entries alone. */
static void stop_at(struct rr_domain *rr, const u64 *rips, unsigned int nr)
{
	struct vcpu *v = rr->v;
	unsigned int n = 0;

	rr->place_from_ns = now_ns();
	for (unsigned int i = 0; i < BREAKPOINTS && n < nr; i++) {
		if (break_in_use(v, i)) {
			continue;
		}
		if (v->s.regs.rip == rips[n]) {
			resume_from(rr, rips[n]);
		}
		rr->place_armed |= (u8)(1U << i);
		arch_code_break_add(i, rips[n++]);
	}
	if (n != 0) {
		/* What the guest has not cleared would look like its own. */
		write_dr6(DR6_INIT);
	}
}

void rr_place_stops(struct vcpu *v)
{
	struct rr_domain *rr = v->domain->rr;
	struct rr_place p;

	if (rr->scout.on) {
		stop_at(rr, rr->scout.stops, rr->scout.nr_stops);
	} else if (rr_place_due(&rr->session, &p)) {
		search_on(rr, &p);
		stop_at(rr, &p.rip, 1);
	}
}

static bool is_own_break(const struct vcpu *v, u64 dr6)
{
	for (unsigned int i = 0; i < BREAKPOINTS; i++) {
		if ((dr6 >> i & 1) && break_in_use(v, i)) {
			return true;
		}
	}
	return false;
}

/* Whether the exit has a reason of ours and none of the guest's: a step of its
 * own, which may have ended with the flag clear, a breakpoint of its own, or
 * INT1, which is in no bit. */
static bool is_ours(const struct vcpu *v, u64 dr6, u8 armed)
{
	return v->s.regs.vector == X86_DB && (dr6 & armed) && !(dr6 & DR6_BS) &&
	       !is_own_break(v, dr6);
}

bool rr_place_stopped(struct vcpu *v)
{
	struct rr_domain *rr = v->domain->rr;
	u8 armed = rr->place_armed;
	u64 dr6;

	rr->place_armed = 0;
	if (rr->place_resumes && v->s.regs.rip == rr->place_resume_rip) {
		v->s.regs.rflags &= ~RFLAGS_RF;
	}
	rr->place_resumes = false;
	dr6 = read_dr6();
	arch_load_debugregs(v);
	if (!is_ours(v, dr6, armed)) {
		write_dr6(dr6 & ~(u64)armed);
		return false;
	}
	write_dr6(DR6_INIT);
	rr->scout.stopped = true;
	return true;
}
