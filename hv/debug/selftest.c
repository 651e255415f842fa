/* SPDX-License-Identifier: MIT */
/*
 * Boot option `debug-selftest=SEED`, beside `replay=`: a replay under a
 * debugger made of random numbers. It takes checkpoints and goes to them back
 * and forth, steps, arms breaks, reads memory and registers, and in the end
 * lets the replay finish, whose digests then say whether anything of that left
 * a trace. On the way it compares each state that it sees twice.
 *
 * Each stop leads to the next action, by a timer, in the main loop.
 */
#include "priv.h"

#include <arch/entry.h>
#include <arch/machine.h>
#include <hv/boot.h>
#include <hv/mm.h>
#include <hv/rr.h>
#include <hv/timer.h>
#include <rr_hv/machine.h>

#define STATUS_FAILED  8
#define MAX_MOMENTS    12
#define MAX_BREAKS     256
#define MAX_HITS       100 /* stops at one break, which then goes */
#define NR_ADDRESSES   256
#define SOME_FRAMES    1024
#define DEFAULT_ROUNDS 200

/* A checkpoint and what was true there. */
struct moment {
	u32 id;
	struct rr_position position;
	u64 rip;
	u64 previous_offset;
	u64 first, count; /* the frames that the digest is over */
	struct tf_hash128 digest;
};

enum goal {
	GOAL_EXPLORE,
	GOAL_MOMENT, /* run to where `target` was taken */
	GOAL_BEFORE, /* run to just before its entry */
	GOAL_ENTER,  /* one more step: into its entry */
	GOAL_FINISH,
};

static struct {
	struct domain *d;
	struct vcpu *v;
	struct timer timer;
	u64 random;
	u64 rounds;
	enum goal goal;
	struct moment moment[MAX_MOMENTS];
	unsigned int nr_moments, target;
	u32 break_id[MAX_BREAKS];
	u32 hits[MAX_BREAKS];
	unsigned int nr_breaks;
	u64 address[NR_ADDRESSES]; /* seen in registers */
	unsigned int nr_addresses;
	u64 taken, restored, compared, steps, breaks, watches;
} t;

static u64 random_u64(void)
{
	t.random ^= t.random << 13;
	t.random ^= t.random >> 7;
	t.random ^= t.random << 17;
	return t.random;
}

static u64 below(u64 n)
{
	return random_u64() % n;
}

/* Small numbers as often as large ones. */
static u64 any_size(unsigned int bits)
{
	return 1 + (random_u64() & ((1UL << below(bits + 1)) - 1));
}

static void __noreturn failed(const char *what, u64 expected, u64 found)
{
	struct rr_position p = debug_position(t.v);

	log_error("debug self-test: at %lu + %lu: %s: %#lx, should be %#lx",
	          p.entry, p.offset, what, found, expected);
	arch_shutdown(STATUS_FAILED);
}

static void expect(const char *what, u64 expected, u64 found)
{
	if (expected != found) {
		failed(what, expected, found);
	}
}

static struct tf_hash128 frames(const struct moment *m)
{
	return frames_digest(t.d, m->first, m->count);
}

/* ---- moments ------------------------------------------------------------- */

static void compare(const struct moment *m)
{
	struct rr_position p = debug_position(t.v);
	struct tf_hash128 h;

	expect("entry of a checkpoint", m->position.entry, p.entry);
	expect("offset of a checkpoint", m->position.offset, p.offset);
	expect("rip of a checkpoint", m->rip, t.v->s.regs.rip);
	expect("state saved again", true, checkpoint_same(t.d, m->id));
	h = frames(m);
	expect("frames of a checkpoint", m->digest.lo, h.lo);
	expect("mismatches of the recount", 0, mm_audit());
	t.compared++;
}

static void forget(unsigned int i)
{
	expect("drop", 0, (u64)checkpoint_drop(t.d, t.moment[i].id));
	t.moment[i] = t.moment[--t.nr_moments];
}

static void take(void)
{
	struct moment *m;
	u64 bytes;

	if (t.nr_moments == MAX_MOMENTS) {
		forget((unsigned int)below(MAX_MOMENTS));
	}
	m = &t.moment[t.nr_moments++];
	m->position = debug_position(t.v);
	m->rip = t.v->s.regs.rip;
	m->previous_offset = t.d->debug->cpu[t.v->id].previous_offset;
	expect("taking a checkpoint", 0,
	       (u64)checkpoint_take(t.d, &m->id, &bytes));
	m->first = below(t.d->s.nr_frames);
	m->count = SOME_FRAMES;
	if (below(32) == 0) {
		m->first = 0;
		m->count = t.d->s.nr_frames;
	}
	m->digest = frames(m);
	t.taken++;
}

static void go_to(unsigned int i)
{
	expect("restoring", 0, (u64)checkpoint_restore(t.d, t.moment[i].id));
	t.restored++;
	compare(&t.moment[i]);
}

/* ---- breaks -------------------------------------------------------------- */

static void note_addresses(void)
{
	const struct cpu_regs *r = &t.v->s.regs;
	const u64 seen[] = {r->rip, r->rsp, r->rdi, r->rsi, r->rbx, r->rbp};

	for (unsigned int i = 0; i < ARRAY_SIZE(seen); i++) {
		u64 a = seen[i];

		if (is_canonical(a) && !is_hv_va(a) && a > 0x10000) {
			t.address[t.nr_addresses++ % NR_ADDRESSES] = a;
		}
	}
}

static void set_break(void)
{
	static const u8 kinds[] = {CHRONO_BREAK_EXEC,  CHRONO_BREAK_EXEC,
	                           CHRONO_BREAK_EXEC,  CHRONO_BREAK_WRITE,
	                           CHRONO_BREAK_WRITE, CHRONO_BREAK_READ,
	                           CHRONO_BREAK_ACCESS};
	unsigned int n = MIN(t.nr_addresses, (unsigned int)NR_ADDRESSES);
	struct chrono_break b = {0};

	if (n == 0 || t.nr_breaks == MAX_BREAKS) {
		return;
	}
	b.kind = kinds[below(ARRAY_SIZE(kinds))];
	b.address = t.address[below(n)];
	b.length = b.kind == CHRONO_BREAK_EXEC ? 1 : 1 + below(24);
	if (debug_break_set(t.d, &b) == 0) {
		t.hits[t.nr_breaks] = 0;
		t.break_id[t.nr_breaks++] = b.id;
	}
}

static void clear_break(unsigned int i)
{
	expect("clearing a break", 0,
	       (u64)debug_break_clear(t.d, t.break_id[i]));
	t.break_id[i] = t.break_id[--t.nr_breaks];
	t.hits[i] = t.hits[t.nr_breaks];
}

static void count_hit(u32 id)
{
	for (unsigned int i = 0; i < t.nr_breaks; i++) {
		if (t.break_id[i] == id && ++t.hits[i] == MAX_HITS) {
			clear_break(i);
		}
	}
}

static void look_around(void)
{
	static struct chrono_regs regs;
	u8 bytes[64];

	expect("reading registers", 0, (u64)debug_regs_get(t.v, &regs));
	expect("rip as read", t.v->s.regs.rip, regs.rip);
	(void)debug_mem_read(t.v, (u32)below(4), t.address[below(NR_ADDRESSES)],
	                     bytes, sizeof(bytes));
	note_addresses();
}

/* ---- runs ---------------------------------------------------------------- */

static void run(u32 kind, u64 count, struct rr_position limit)
{
	struct chrono_run r = {.kind = kind,
	                       .flags = CHRONO_RUN_PAST,
	                       .count = count,
	                       .limit = {limit.entry, limit.offset}};

	expect("running", 0, (u64)debug_run(t.v, &r));
}

static const struct rr_position no_limit = {0, 0};

static void explore(void)
{
	struct rr_position p = debug_position(t.v);

	t.goal = GOAL_EXPLORE;
	switch (below(4)) {
	case 0:
		t.steps++;
		run(CHRONO_RUN_STEP, any_size(11), no_limit);
		return;
	case 1:
		p.offset += any_size(16);
		break;
	default:
		p.entry += any_size(14);
		p.offset = below(2) * any_size(8);
		break;
	}
	run(CHRONO_RUN_FREE, 0, p);
}

/* To the moment that was chosen, from an earlier one. */
static void run_to_target(void)
{
	const struct moment *m = &t.moment[t.target];

	t.goal = GOAL_MOMENT;
	run(CHRONO_RUN_FREE, 0, m->position);
}

/* Picks two moments, goes to the earlier and runs to the later. */
static bool revisit(void)
{
	unsigned int a = (unsigned int)below(t.nr_moments);
	unsigned int b = (unsigned int)below(t.nr_moments);
	const struct moment *later;

	if (rr_position_compare(t.moment[a].position, t.moment[b].position) >
	    0) {
		unsigned int swap = a;

		a = b;
		b = swap;
	}
	go_to(a);
	t.target = b;
	later = &t.moment[b];
	if (later->position.offset == 0 &&
	    later->position.entry > t.moment[a].position.entry + 1) {
		t.goal = GOAL_BEFORE;
		run(CHRONO_RUN_FREE, 0,
		    (struct rr_position){later->position.entry - 1,
		                         later->previous_offset});
		return true;
	}
	run_to_target();
	return true;
}

static void report(void)
{
	log_info("debug self-test: %lu checkpoints, %lu restored, %lu states "
	         "compared, %lu stretches stepped, %lu breaks and %lu watches "
	         "hit, %u armed",
	         t.taken, t.restored, t.compared, t.steps, t.breaks, t.watches,
	         t.nr_breaks);
}

static void finish(void)
{
	t.goal = GOAL_FINISH;
	run(CHRONO_RUN_FREE, 0, no_limit);
}

/* A new thing to do. */
static void choose(void)
{
	if (t.rounds == 0) {
		finish();
		return;
	}
	t.rounds--;
	look_around();
	for (u64 n = below(8); n != 0; n--) {
		set_break();
	}
	if (t.nr_breaks != 0 && below(4) == 0) {
		clear_break((unsigned int)below(t.nr_breaks));
	}
	if (below(3) == 0) {
		take();
	}
	if (t.nr_moments >= 2 && below(4) == 0 && revisit()) {
		return;
	}
	explore();
}

static void at_end(const struct chrono_status *st)
{
	const struct rr_session *s = &t.d->rr->session;

	expect("the end", CHRONO_STOP_END, st->stop);
	if (t.rounds != 0 && t.nr_moments != 0) {
		go_to((unsigned int)below(t.nr_moments));
		choose();
		return;
	}
	report();
	rr_session_digest(t.d->rr);
	arch_shutdown(s->state == RR_FINISHED ? 0 : STATUS_FAILED);
}

/* The run that leads to a moment goes on after each break. */
static void towards_goal(const struct chrono_status *st)
{
	const struct moment *m = &t.moment[t.target];

	switch (t.goal) {
	case GOAL_BEFORE:
		if (st->stop != CHRONO_STOP_LIMIT) {
			run(CHRONO_RUN_FREE, 0,
			    (struct rr_position){m->position.entry - 1,
			                         m->previous_offset});
			return;
		}
		t.goal = GOAL_ENTER;
		run(CHRONO_RUN_STEP, 1, no_limit);
		return;
	case GOAL_ENTER:
		compare(m);
		choose();
		return;
	case GOAL_MOMENT:
		if (st->stop != CHRONO_STOP_LIMIT) {
			run_to_target();
			return;
		}
		compare(m);
		choose();
		return;
	default:
		finish();
		return;
	}
}

static void stopped(void *arg)
{
	struct chrono_status st = {0};

	(void)arg;
	expect("status", 0, (u64)debug_status_fill(t.v, &st));
	if (st.stop == CHRONO_STOP_BREAK) {
		expect("rip at a break", st.break_address, st.rip);
		t.breaks++;
		count_hit(st.break_id);
	} else if (st.stop == CHRONO_STOP_WATCH) {
		t.watches++;
		count_hit(st.break_id);
	}
	if (st.stop == CHRONO_STOP_END || st.stop == CHRONO_STOP_DIVERGED) {
		at_end(&st);
	} else if (t.goal == GOAL_EXPLORE) {
		choose();
	} else {
		towards_goal(&st);
	}
}

static void on_stop(struct domain *d)
{
	(void)d;
	timer_set(&t.timer, now_ns());
}

void debug_selftest(struct domain *d)
{
	u64 seed = boot_option_size("debug-selftest", 0);

	if (seed == 0) {
		return;
	}
	t.d = d;
	t.v = d->vcpu[0];
	t.random = seed * 0x9e3779b97f4a7c15UL;
	t.rounds = boot_option_size("debug-rounds", DEFAULT_ROUNDS);
	timer_init(&t.timer, stopped, NULL);
	expect("attaching", 0, (u64)debug_attach(d));
	d->debug->on_stop = on_stop;
	on_stop(d);
}
