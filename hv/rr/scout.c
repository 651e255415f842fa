/* SPDX-License-Identifier: MIT */
/*
 * A recording without an instruction clock may choose where an event lands,
 * and a replay pays for each time that its guest passes that rip before. So
 * where the timer stops the guest, most likely in some inner loop, is a bad
 * place. Better ones lie up the stack: the guest is stopped at what look like
 * return addresses, the nearest first, until it comes to one that it did not
 * pass for a while. Whether it is one does not matter; nothing that the guest
 * can see is changed or decided by it, but when its event comes.
 */
#include <rr_hv/scout.h>

#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/sched.h>
#include <hv/timer.h>

#define STACK_BYTES 4096
/* Parts of the bound: the whole search, how long a rip that is rare is not
 * passed, and how long the next pass of one that is not may take. */
#define SEARCH_PART 2
#define RARE_PART   128
#define LAST_PART   16

static bool is_code(struct vcpu *v, u64 va)
{
	struct walk w;

	return guest_walk(v, va, &w) && w.page != NULL && (w.rights & PTE_U) &&
	       !(w.rights & PTE_NX);
}

static bool is_known(const struct rr_scout *s, u64 va)
{
	for (unsigned int i = 0; i < s->nr; i++) {
		if (s->rips[i] == va) {
			return true;
		}
	}
	return false;
}

/* Word @i of the stack, by a walk that sets no accessed bit; 0 if absent. */
static u64 stack_word(struct vcpu *v, unsigned int i)
{
	u64 va = (v->s.regs.rsp & ~7UL) + i * sizeof(u64), word;
	struct walk w;

	if (!guest_walk(v, va, &w) || w.page == NULL) {
		return 0;
	}
	memcpy(&word, (u8 *)page_va(w.page) + (va & ~PAGE_MASK), sizeof(word));
	return word;
}

/* Candidates in the page of rip, or elsewhere. While a breakpoint is set, an
 * emulator runs all code of its page slowly. */
static void add_candidates(struct rr_domain *rr, bool in_page)
{
	struct rr_scout *s = &rr->scout;
	u64 rip = rr->v->s.regs.rip;

	for (unsigned int i = 0;
	     i < STACK_BYTES / sizeof(u64) && s->nr < RR_SCOUT_RIPS; i++) {
		u64 va = stack_word(rr->v, i);

		if (va != rip && ((va ^ rip) < PAGE_SIZE) == in_page &&
		    !is_known(s, va) && is_code(rr->v, va)) {
			s->rips[s->nr++] = va;
		}
	}
}

/* The guest stops at the first of the candidates that it did not pass yet. */
static void choose_stops(struct rr_domain *rr)
{
	struct rr_scout *s = &rr->scout;

	s->nr_stops = 0;
	for (unsigned int i = 0; i < s->nr && s->nr_stops < RR_STOPS; i++) {
		if (s->passed & 1U << i) {
			continue;
		}
		if (!(s->watched & 1U << i)) {
			s->watched |= 1U << i;
			s->since_ns[i] = rr->place_ran_ns;
		}
		s->stops[s->nr_stops++] = s->rips[i];
	}
}

static void run_until(struct rr_domain *rr, u64 ns)
{
	rr->scout.until_ns = vcpu_cpu_time_ns(rr->v) + ns;
}

static void begin(struct rr_domain *rr)
{
	rr->scout = (struct rr_scout){.on = true};
	rr->place_ran_ns = 0;
	add_candidates(rr, false);
	add_candidates(rr, true);
	choose_stops(rr);
	run_until(rr, rr->hold_ns / SEARCH_PART);
}

/* At a candidate: true when it is rare enough. */
static bool passes(struct rr_domain *rr)
{
	struct rr_scout *s = &rr->scout;

	for (unsigned int i = 0; i < s->nr; i++) {
		u64 took = rr->place_ran_ns - s->since_ns[i];

		if (s->rips[i] != rr->v->s.regs.rip) {
			continue;
		}
		s->passed |= 1U << i;
		if (took > s->best_ns) {
			s->best = s->rips[i];
			s->best_ns = took;
		}
		return took >= rr->hold_ns / RARE_PART;
	}
	return false;
}

/* Nothing rare was found: the rarest of what was, or else where the guest
 * happens to be. */
static void settle(struct rr_domain *rr)
{
	struct rr_scout *s = &rr->scout;

	if (s->best_ns == 0 || s->last) {
		s->on = false;
		return;
	}
	s->last = true;
	s->stops[0] = s->best;
	s->nr_stops = 1;
	run_until(rr, rr->hold_ns / LAST_PART);
}

bool scout_arrives(struct rr_domain *rr)
{
	struct rr_scout *s = &rr->scout;
	u64 own = vcpu_cpu_time_ns(rr->v);

	if (!s->on) {
		begin(rr);
	} else if (s->stopped) {
		s->on = !passes(rr) && !s->last;
		choose_stops(rr);
	}
	s->stopped = false;
	if (s->on && (s->nr_stops == 0 || own >= s->until_ns)) {
		settle(rr);
	}
	if (s->on) {
		/* Whoever waited for less has used the timer since. */
		timer_set(&rr->hold_timer, now_ns() + s->until_ns - own);
	}
	return !s->on;
}

void scout_end(struct rr_domain *rr)
{
	rr->scout.on = false;
}
