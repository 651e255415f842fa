/* SPDX-License-Identifier: MIT */
/*
 * The table as a target: see table_target.h. The cursor walks one state at a
 * time, applying or undoing what each step wrote, and looks at breakpoints
 * and watched bytes as it goes.
 */
#include "table_target.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "table_record.h"

#define MAX_BREAKS 1024

struct table_target {
	struct chv_target target;
	struct table table;
	char path[PATH_MAX];
	size_t at;
	size_t nr_breaks;
	const struct chv_break *breaks[MAX_BREAKS];
	unsigned int nr_vcpus;
	size_t pace_steps;
	unsigned int rest_us;

	/* The run that poll_stop() carries on. */
	bool running;
	bool interrupted;
	bool seeking;
	size_t goal;  /* Of a seek. */
	size_t polls; /* That it has to take yet, to be as slow as a run. */
	size_t began; /* Where a backward run started. */
	bool first;   /* No step of this run has been made. */
	struct chv_resume resume;
	struct chv_stop stop;
};

static struct table_target *self(struct chv_target *t)
{
	return (struct table_target *)t;
}

static uint8_t *memory_at(struct table_target *t, uint64_t va, size_t *left)
{
	for (size_t i = 0; i < t->table.nr_regions; i++) {
		struct table_region *r = &t->table.regions[i];

		if (va >= r->start && va - r->start < r->len) {
			*left = r->len - (size_t)(va - r->start);
			return r->bytes + (va - r->start);
		}
	}
	return NULL;
}

static void apply(struct table_target *t, const struct table_state *s,
                  bool undo)
{
	for (size_t i = 0; i < s->nr_deltas; i++) {
		const struct table_delta *d =
			&t->table.deltas[s->first_delta + i];
		size_t left;
		uint8_t *p = memory_at(t, d->addr, &left);

		memcpy(p, undo ? &d->before : &d->after, 8);
	}
}

static void move_one(struct table_target *t, bool backwards)
{
	if (backwards) {
		apply(t, &t->table.states[t->at], true);
		t->at--;
	} else {
		t->at++;
		apply(t, &t->table.states[t->at], false);
	}
}

static void move_to(struct table_target *t, size_t goal)
{
	while (t->at != goal) {
		move_one(t, goal < t->at);
	}
}

static unsigned int nr_vcpus(struct chv_target *t)
{
	return self(t)->nr_vcpus;
}

static unsigned int domid(struct chv_target *t)
{
	(void)t;
	return 1;
}

static int get_regs(struct chv_target *t, unsigned int vcpu,
                    struct chv_regs *regs)
{
	struct table_target *tt = self(t);
	const struct table_state *s = &tt->table.states[vcpu == 0 ? tt->at : 0];

	*regs = s->regs;
	regs->hv_entry = s->entry;
	regs->hv_event = s->entry;
	regs->hv_offset = s->offset;
	return 0;
}

static int set_regs(struct chv_target *t, unsigned int vcpu,
                    const struct chv_regs *regs)
{
	(void)t;
	(void)vcpu;
	(void)regs;
	return -EROFS;
}

static ssize_t read_mem(struct chv_target *t, unsigned int vcpu, uint64_t va,
                        void *buf, size_t len)
{
	size_t done = 0;

	(void)vcpu;
	while (done < len) {
		size_t left;
		const uint8_t *p = memory_at(self(t), va + done, &left);

		if (p == NULL) {
			break;
		}
		left = left < len - done ? left : len - done;
		memcpy((uint8_t *)buf + done, p, left);
		done += left;
	}
	return (ssize_t)done;
}

static ssize_t write_mem(struct chv_target *t, unsigned int vcpu, uint64_t va,
                         const void *buf, size_t len)
{
	(void)t;
	(void)vcpu;
	(void)va;
	(void)buf;
	(void)len;
	return -EROFS;
}

static int insert_break(struct chv_target *t, const struct chv_break *b)
{
	struct table_target *tt = self(t);

	/* The table knows what changed, not what was read. */
	if (b->kind == CHV_WATCH_READ || b->kind == CHV_WATCH_ACCESS) {
		return -EINVAL;
	}
	if (tt->nr_breaks == MAX_BREAKS) {
		return -ENOSPC;
	}
	tt->breaks[tt->nr_breaks++] = b;
	return 0;
}

static void remove_break(struct chv_target *t, const struct chv_break *b)
{
	struct table_target *tt = self(t);

	for (size_t i = 0; i < tt->nr_breaks; i++) {
		if (tt->breaks[i] == b) {
			tt->breaks[i] = tt->breaks[--tt->nr_breaks];
			return;
		}
	}
}

static bool accepts(const struct chv_break *b)
{
	return b->condition == NULL || b->condition(b->ctx, 0);
}

static bool hits_break(struct table_target *t)
{
	uint64_t rip = t->table.states[t->at].regs.rip;

	for (size_t i = 0; i < t->nr_breaks; i++) {
		const struct chv_break *b = t->breaks[i];

		if (b->kind <= CHV_BREAK_HW && b->addr == rip && accepts(b)) {
			t->stop.reason = b->kind == CHV_BREAK_SW
			                         ? CHV_STOP_BREAK
			                         : CHV_STOP_BREAK_HW;
			return true;
		}
	}
	return false;
}

static bool bytes_differ(const struct table_delta *d, uint64_t addr,
                         uint64_t len)
{
	for (uint64_t i = 0; i < 8; i++) {
		bool inside = d->addr + i >= addr && d->addr + i < addr + len;

		if (inside && (uint8_t)(d->before >> 8 * i) !=
		                      (uint8_t)(d->after >> 8 * i)) {
			return true;
		}
	}
	return false;
}

static bool touches(struct table_target *t, const struct table_state *s,
                    const struct chv_break *b)
{
	for (size_t i = 0; i < s->nr_deltas; i++) {
		if (bytes_differ(&t->table.deltas[s->first_delta + i], b->addr,
		                 b->len)) {
			return true;
		}
	}
	return false;
}

/* @s is the state that the step between the two states led to. */
static bool hits_watch(struct table_target *t, const struct table_state *s)
{
	for (size_t i = 0; i < t->nr_breaks; i++) {
		const struct chv_break *b = t->breaks[i];

		if (b->kind == CHV_WATCH_WRITE && touches(t, s, b) &&
		    accepts(b)) {
			t->stop.reason = CHV_STOP_WATCH;
			t->stop.kind = b->kind;
			t->stop.addr = b->addr;
			return true;
		}
	}
	return false;
}

static bool at_edge(struct table_target *t, bool backwards)
{
	if (backwards && t->at == 0) {
		t->stop.reason = CHV_STOP_HISTORY_BEGIN;
		return true;
	}
	if (!backwards && t->at + 1 == t->table.nr_states) {
		t->stop.reason = CHV_STOP_HISTORY_END;
		return true;
	}
	return false;
}

static bool action_done(struct table_target *t)
{
	uint64_t rip = t->table.states[t->at].regs.rip;
	const struct chv_resume *r = &t->resume;

	t->stop.reason = CHV_STOP_STEP;
	return r->action == CHV_RESUME_STEP ||
	       (r->action == CHV_RESUME_RANGE &&
	        (rip < r->range_start || rip >= r->range_end));
}

/* One state further. Returns true when the run ends there. */
static bool advance(struct table_target *t)
{
	bool backwards = t->resume.backwards;
	const struct table_state *crossed;

	if (t->first && !backwards && t->resume.action == CHV_RESUME_CONTINUE &&
	    hits_break(t)) {
		return true;
	}
	t->first = false;
	if (at_edge(t, backwards)) {
		return true;
	}
	crossed = &t->table.states[backwards ? t->at : t->at + 1];
	move_one(t, backwards);
	return hits_watch(t, crossed) ||
	       (t->resume.action != CHV_RESUME_STEP && hits_break(t)) ||
	       action_done(t);
}

static int resume(struct chv_target *t, const struct chv_resume *r)
{
	struct table_target *tt = self(t);

	tt->resume = *r;
	tt->running = true;
	tt->first = true;
	tt->began = tt->at;
	tt->stop = (struct chv_stop){.reason = CHV_STOP_NONE};
	return 0;
}

static size_t find_moment(const struct table *t, const struct chv_moment *m)
{
	for (size_t i = 0; i < t->nr_states; i++) {
		const struct table_state *s = &t->states[i];

		if (m->kind == CHV_MOMENT_TIME
		            ? i >= m->value
		            : s->entry == m->value && s->offset == m->offset) {
			return i;
		}
	}
	return SIZE_MAX;
}

static int seek(struct chv_target *t, const struct chv_moment *m)
{
	struct table_target *tt = self(t);
	size_t last = tt->table.nr_states - 1;
	size_t goal;

	switch (m->kind) {
	case CHV_MOMENT_START:
		goal = 0;
		break;
	case CHV_MOMENT_END:
		goal = last;
		break;
	case CHV_MOMENT_PERCENT:
		goal = last * m->value / 100000;
		break;
	default:
		goal = find_moment(&tt->table, m);
		break;
	}
	if (goal == SIZE_MAX) {
		return -ENOENT;
	}
	tt->goal = goal;
	tt->polls = 0;
	if (tt->rest_us > 0) {
		tt->polls = (goal > tt->at ? goal - tt->at : tt->at - goal) /
		            tt->pace_steps;
	}
	tt->seeking = true;
	tt->running = true;
	tt->began = tt->at;
	return 0;
}

static void interrupt(struct chv_target *t)
{
	self(t)->interrupted = self(t)->running;
}

static bool finish(struct table_target *t, enum chv_stop_reason reason,
                   struct chv_stop *stop)
{
	t->stop.reason = reason;
	t->running = false;
	t->seeking = false;
	t->interrupted = false;
	*stop = t->stop;
	return true;
}

static bool poll_stop(struct chv_target *t, struct chv_stop *stop)
{
	struct table_target *tt = self(t);

	if (!tt->running) {
		return finish(tt, CHV_STOP_MOVED, stop);
	}
	if (tt->interrupted) {
		if (tt->seeking || tt->resume.backwards) {
			move_to(tt, tt->began);
		}
		return finish(tt, CHV_STOP_INTERRUPT, stop);
	}
	if (tt->seeking && tt->polls > 0) {
		tt->polls--;
		usleep(tt->rest_us);
		return false;
	}
	if (tt->seeking) {
		move_to(tt, tt->goal);
		return finish(tt, CHV_STOP_MOVED, stop);
	}
	for (size_t i = 0; i < tt->pace_steps; i++) {
		if (advance(tt)) {
			return finish(tt, tt->stop.reason, stop);
		}
	}
	stop->progress_percent = (int)(100 * tt->at / tt->table.nr_states);
	if (tt->rest_us > 0) {
		usleep(tt->rest_us);
	}
	return false;
}

static int event_fd(struct chv_target *t)
{
	(void)t;
	return -1;
}

static void fill_position(const struct table *t, size_t at,
                          struct chv_position *pos)
{
	pos->event = t->states[at].entry;
	pos->entry = t->states[at].entry;
	pos->offset = t->states[at].offset;
	pos->time_ns = at;
}

static int position(struct chv_target *t, struct chv_position *pos)
{
	fill_position(&self(t)->table, self(t)->at, pos);
	return 0;
}

static int span(struct chv_target *t, struct chv_position *first,
                struct chv_position *last)
{
	const struct table *table = &self(t)->table;

	fill_position(table, 0, first);
	fill_position(table, table->nr_states - 1, last);
	return 0;
}

static void describe(struct chv_target *t, enum chv_info what,
                     unsigned int vcpu, char *buf, size_t size)
{
	const struct table_target *tt = self(t);

	switch (what) {
	case CHV_INFO_NAME:
		snprintf(buf, size, "table");
		break;
	case CHV_INFO_KERNEL_FILE:
		snprintf(buf, size, "%s", tt->path);
		break;
	case CHV_INFO_VCPU:
		/* Bytes that a hostile guest could put here. */
		snprintf(buf, size, "state %zu <\"&\x1b[31m>",
		         vcpu == 0 ? tt->at : 0);
		break;
	case CHV_INFO_TARGET:
		snprintf(buf, size, "table of %zu states\nprogram %s",
		         tt->table.nr_states, tt->path);
		break;
	}
}

static void detach(struct chv_target *t)
{
	self(t)->running = false;
	self(t)->seeking = false;
	self(t)->interrupted = false;
}

static const struct chv_target_ops table_ops = {
	.kind = "replay",
	.reversible = true,
	.nr_vcpus = nr_vcpus,
	.domid = domid,
	.get_regs = get_regs,
	.set_regs = set_regs,
	.read_mem = read_mem,
	.write_mem = write_mem,
	.insert_break = insert_break,
	.remove_break = remove_break,
	.resume = resume,
	.seek = seek,
	.interrupt = interrupt,
	.poll_stop = poll_stop,
	.event_fd = event_fd,
	.position = position,
	.span = span,
	.describe = describe,
	.detach = detach,
};

struct table_target *table_target_record(const char *path)
{
	struct table_target *t = calloc(1, sizeof(*t));

	if (t == NULL || table_record(&t->table, path) != 0) {
		free(t);
		return NULL;
	}
	t->target.ops = &table_ops;
	if (realpath(path, t->path) == NULL) {
		t->path[0] = '\0';
	}
	t->nr_vcpus = 1;
	t->pace_steps = 1000;
	t->at = t->table.nr_states - 1;
	move_to(t, 0);
	return t;
}

void table_target_free(struct table_target *t)
{
	table_free(&t->table);
	free(t);
}

struct chv_target *table_target_ops(struct table_target *t)
{
	return &t->target;
}

size_t table_target_steps(const struct table_target *t)
{
	return t->table.nr_states;
}

size_t table_target_at(const struct table_target *t)
{
	return t->at;
}

size_t table_target_breaks(const struct table_target *t)
{
	return t->nr_breaks;
}

void table_target_pace(struct table_target *t, size_t steps,
                       unsigned int rest_us)
{
	t->pace_steps = steps;
	t->rest_us = rest_us;
}

void table_target_second_vcpu(struct table_target *t)
{
	t->nr_vcpus = 2;
}
