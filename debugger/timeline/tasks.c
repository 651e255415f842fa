/* SPDX-License-Identifier: MIT */
/*
 * What a timeline can be asked for, as tasks that go on from one stop of the
 * machine to the next.
 *
 * Backwards: restore a kept moment before the place in question, run forward
 * with the breaks armed, and remember the last hit before that place. None
 * there: the same with the interval before. A hit of a watchpoint means the
 * state before the access; of a breakpoint, the state at it.
 */
#include <errno.h>
#include <string.h>

#include "timeline.h"

/* A goal this far from a kept moment gets one of its own close behind it. */
#define FAR_ENTRIES       64
#define NEAR_ENTRIES      16
#define FAR_INSTRUCTIONS  40000
#define NEAR_INSTRUCTIONS 10000

static bool fail(struct timeline *tl, int err)
{
	tl->stop = (struct chv_stop){.reason = CHV_STOP_FAILED, .error = err};
	tl->task = TL_IDLE;
	return true;
}

static bool done(struct timeline *tl, enum chv_stop_reason reason)
{
	tl->stop.reason = reason;
	tl->task = TL_IDLE;
	return true;
}

static enum chv_stop_reason break_reason(const struct chv_break *b)
{
	if (b->kind == CHV_BREAK_SW) {
		return CHV_STOP_BREAK;
	}
	return b->kind == CHV_BREAK_HW ? CHV_STOP_BREAK_HW : CHV_STOP_WATCH;
}

static struct chv_stop break_stop(const struct chv_break *b)
{
	return (struct chv_stop){
		.reason = break_reason(b), .kind = b->kind, .addr = b->addr};
}

static int run(struct timeline *tl, uint64_t steps, bool past,
               const struct chv_position *limit)
{
	tl->past = past;
	tl->failed = tl->m->ops->run(tl->m, steps, past, limit) != 0;
	return tl->failed ? -EIO : 0;
}

/* Freely towards @limit, pausing where a moment should be kept. */
static int run_free(struct timeline *tl, bool past,
                    const struct chv_position *limit)
{
	struct chv_position pause = tl_next_pause(tl);

	if (!tl->m->ops->replay) {
		return run(tl, 0, past, NULL);
	}
	if (limit != NULL && chv_position_compare(limit, &pause) < 0) {
		pause = *limit;
	}
	return run(tl, 0, past, &pause);
}

static int restore(struct timeline *tl, const struct tl_checkpoint *c)
{
	int err = tl->m->ops->restore(tl->m, c->id);

	return err != 0 ? err : tl->m->ops->status(tl->m, &tl->st);
}

/* ---- forward ------------------------------------------------------------- */

void tl_start_forward(struct timeline *tl)
{
	bool step = tl->resume.action != CHV_RESUME_CONTINUE;

	tl->task = TL_FORWARD;
	tl_arm(tl, true);
	tl_watch_note(tl);
	if (step) {
		run(tl, 1, true, NULL);
	} else {
		run_free(tl, false, NULL);
	}
}

static bool in_range(struct timeline *tl)
{
	struct chv_regs regs;

	return tl->resume.action == CHV_RESUME_RANGE &&
	       tl->m->ops->get_regs(tl->m, &regs) == 0 &&
	       regs.rip >= tl->resume.range_start &&
	       regs.rip < tl->resume.range_end;
}

static bool breaks_here(struct timeline *tl)
{
	struct chv_regs regs;

	if (tl->m->ops->get_regs(tl->m, &regs) != 0) {
		return false;
	}
	tl->st.stop = MACHINE_BREAK;
	tl->st.break_address = regs.rip;
	return tl_break_hit(tl) != NULL;
}

static bool stepped(struct timeline *tl)
{
	const struct chv_break *watch = tl_watch_changed(tl);

	if (watch != NULL) {
		tl->stop = break_stop(watch);
		return done(tl, tl->stop.reason);
	}
	if (!in_range(tl)) {
		return done(tl, CHV_STOP_STEP);
	}
	if (breaks_here(tl)) {
		tl->stop = break_stop(tl_break_hit(tl));
		return done(tl, tl->stop.reason);
	}
	return run(tl, 1, true, NULL) != 0 && fail(tl, -EIO);
}

static bool forward(struct timeline *tl)
{
	bool step = tl->resume.action != CHV_RESUME_CONTINUE;
	const struct chv_break *hit;

	switch (tl->st.stop) {
	case MACHINE_STEPPED:
		return stepped(tl);
	case MACHINE_BREAK:
	case MACHINE_WATCH:
		hit = tl_break_hit(tl);
		if (hit != NULL) {
			tl->stop = break_stop(hit);
			return done(tl, tl->stop.reason);
		}
		if (step) {
			return stepped(tl);
		}
		return run_free(tl, true, NULL) != 0 && fail(tl, -EIO);
	case MACHINE_LIMIT:
		tl_checkpoint_here(tl);
		return run_free(tl, false, NULL) != 0 && fail(tl, -EIO);
	case MACHINE_END:
		return done(tl, CHV_STOP_HISTORY_END);
	case MACHINE_SHUTDOWN:
		return done(tl, CHV_STOP_CRASH);
	default:
		return done(tl, CHV_STOP_INTERRUPT);
	}
}

/* ---- goto ---------------------------------------------------------------- */

/* Where to keep a moment on the way, so that stepping back is cheap. */
static bool approach(struct timeline *tl, struct chv_position *at)
{
	const struct tl_checkpoint *c =
		tl_checkpoint_before(tl, &tl->goal, false);

	*at = tl->goal;
	if (tl->approached || c == NULL) {
		return false;
	}
	if (tl->goal.offset > FAR_INSTRUCTIONS &&
	    (c->pos.entry < tl->goal.entry ||
	     tl->goal.offset - c->pos.offset > FAR_INSTRUCTIONS)) {
		at->offset = tl->goal.offset - NEAR_INSTRUCTIONS;
		return true;
	}
	if (tl->goal.entry - c->pos.entry > FAR_ENTRIES) {
		at->entry = tl->goal.entry - NEAR_ENTRIES;
		at->offset = 0;
		return true;
	}
	return false;
}

static bool go_on(struct timeline *tl)
{
	struct chv_position at;

	if (chv_position_compare(&tl->st.pos, &tl->goal) >= 0) {
		tl->stop = tl->arrival;
		return done(tl, tl->arrival.reason);
	}
	if (approach(tl, &at) && chv_position_compare(&tl->st.pos, &at) >= 0) {
		tl->approached = true;
		tl_checkpoint_here(tl);
		at = tl->goal;
	}
	return run_free(tl, true, &at) != 0 && fail(tl, -EIO);
}

static void begin_goto(struct timeline *tl)
{
	const struct tl_checkpoint *c =
		tl_checkpoint_before(tl, &tl->goal, false);
	bool ahead = chv_position_compare(&tl->st.pos, &tl->goal) <= 0;
	int err = 0;

	tl->task = TL_GOTO;
	tl->approached = false;
	tl_arm(tl, false);
	if (!ahead ||
	    (c != NULL && chv_position_compare(&c->pos, &tl->st.pos) > 0)) {
		err = c != NULL ? restore(tl, c) : -ENOENT;
	}
	if (err != 0) {
		fail(tl, err);
	} else {
		go_on(tl);
	}
}

void tl_start_goto(struct timeline *tl, const struct chv_position *goal,
                   const struct chv_stop *arrival)
{
	tl->goal = *goal;
	tl->arrival = *arrival;
	tl->origin = tl->st.pos;
	begin_goto(tl);
}

static bool goto_stopped(struct timeline *tl)
{
	switch (tl->st.stop) {
	case MACHINE_LIMIT:
		if (chv_position_compare(&tl->st.pos, &tl->goal) < 0) {
			tl_checkpoint_here(tl);
		}
		return go_on(tl);
	case MACHINE_END:
		/* The last moment of all is as far as one can go. */
		tl->stop = tl->arrival;
		return done(tl, tl->arrival.reason);
	case MACHINE_BREAK:
	case MACHINE_WATCH:
		return go_on(tl);
	default:
		return fail(tl, -EIO);
	}
}

/* ---- backwards ----------------------------------------------------------- */

/* The state before the one that the machine stands at. */
static bool position_before(const struct machine_status *st,
                            struct chv_position *pos)
{
	*pos = st->pos;
	if (pos->offset > 0) {
		pos->offset--;
		return true;
	}
	if (pos->entry == 0) {
		return false;
	}
	pos->entry--;
	pos->offset = st->previous_offset;
	return true;
}

static bool at_start(const struct timeline *tl)
{
	struct chv_position first, last;

	return tl->m->ops->span(tl->m, &first, &last) != 0 ||
	       chv_position_compare(&tl->st.pos, &first) <= 0;
}

void tl_start_step_back(struct timeline *tl)
{
	const struct chv_stop arrival = {.reason = CHV_STOP_STEP};
	struct chv_position before;

	if (at_start(tl) || !position_before(&tl->st, &before)) {
		tl->task = TL_IDLE;
		tl->stop.reason = CHV_STOP_HISTORY_BEGIN;
		return;
	}
	/* What the step undoes is seen by comparing afterwards. */
	tl_watch_note(tl);
	tl_start_goto(tl, &before, &arrival);
}

/* Begin with the interval that ends at @end. */
static bool search_interval(struct timeline *tl, const struct chv_position *end)
{
	const struct tl_checkpoint *c = tl_checkpoint_before(tl, end, true);
	const struct chv_stop begin = {.reason = CHV_STOP_HISTORY_BEGIN};
	int err;

	if (c == NULL) {
		c = tl_checkpoint_before(tl, end, false);
		tl->goal = c != NULL ? c->pos : *end;
		tl->arrival = begin;
		begin_goto(tl);
		return tl->task == TL_IDLE;
	}
	tl->search_start = c->pos;
	tl->search_end = *end;
	tl->found = false;
	err = restore(tl, c);
	if (err != 0) {
		return fail(tl, err);
	}
	tl_arm(tl, true);
	tl_watch_note(tl);
	return run_free(tl, false, &tl->search_end) != 0 && fail(tl, -EIO);
}

void tl_start_search(struct timeline *tl)
{
	const struct chv_position end = tl->st.pos;

	tl->origin = end;
	if (at_start(tl)) {
		tl->task = TL_IDLE;
		tl->stop.reason = CHV_STOP_HISTORY_BEGIN;
		return;
	}
	tl->task = TL_SEARCH;
	search_interval(tl, &end);
}

static void note_hit(struct timeline *tl, const struct chv_break *hit)
{
	struct chv_position at = tl->st.pos;

	if (hit->kind >= CHV_WATCH_WRITE) {
		if (!position_before(&tl->st, &at)) {
			return;
		}
	} else if (chv_position_compare(&at, &tl->search_end) >= 0) {
		/* Where one stands is no hit when going back. */
		return;
	}
	tl->found = true;
	tl->found_pos = at;
	tl->found_stop = break_stop(hit);
}

static bool interval_done(struct timeline *tl)
{
	const struct chv_break *watch = tl_watch_changed(tl);
	const struct chv_position end = tl->search_start;

	/* The last instruction of all may have been the one. */
	if (watch != NULL) {
		note_hit(tl, watch);
	}
	if (tl->found) {
		tl->goal = tl->found_pos;
		tl->arrival = tl->found_stop;
		begin_goto(tl);
		return tl->task == TL_IDLE;
	}
	return search_interval(tl, &end);
}

static bool search(struct timeline *tl)
{
	const struct chv_break *hit;

	switch (tl->st.stop) {
	case MACHINE_BREAK:
	case MACHINE_WATCH:
		hit = tl_break_hit(tl);
		if (hit != NULL) {
			note_hit(tl, hit);
		}
		break;
	case MACHINE_LIMIT:
		break;
	case MACHINE_END:
		return interval_done(tl);
	default:
		return fail(tl, -EIO);
	}
	if (chv_position_compare(&tl->st.pos, &tl->search_end) >= 0) {
		return interval_done(tl);
	}
	if (tl->st.stop == MACHINE_LIMIT) {
		tl_checkpoint_here(tl);
	}
	return run_free(tl, tl->st.stop != MACHINE_LIMIT, &tl->search_end) !=
	               0 &&
	       fail(tl, -EIO);
}

/* ---- all of them --------------------------------------------------------- */

bool tl_advance(struct timeline *tl)
{
	if (tl->st.stop == MACHINE_DIVERGED) {
		return done(tl, CHV_STOP_DIVERGED);
	}
	switch (tl->task) {
	case TL_FORWARD:
		return forward(tl);
	case TL_GOTO:
		return goto_stopped(tl);
	case TL_SEARCH:
		return search(tl);
	case TL_IDLE:
		break;
	}
	return true;
}

bool tl_abandon(struct timeline *tl)
{
	bool away = tl->task == TL_SEARCH || tl->task == TL_GOTO;

	tl->arrival = (struct chv_stop){.reason = CHV_STOP_INTERRUPT};
	if (!away) {
		return done(tl, CHV_STOP_INTERRUPT);
	}
	tl->goal = tl->origin;
	begin_goto(tl);
	return tl->task == TL_IDLE;
}
