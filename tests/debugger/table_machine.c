/* SPDX-License-Identifier: MIT */
/*
 * The table as a machine: see table_machine.h. A run makes a few steps per
 * status() call, so that whoever drives it has to wait as for a real one.
 */
#include "table_machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table_record.h"

#define MAX_BREAKS      512
#define MAX_CHECKPOINTS 64
#define STEPS_PER_LOOK  700

struct table_machine {
	struct machine machine;
	struct table table;
	size_t at;

	bool is_set[MAX_BREAKS];
	struct chv_break breaks[MAX_BREAKS];
	size_t max_checkpoints;
	bool is_kept[MAX_CHECKPOINTS];
	size_t kept[MAX_CHECKPOINTS];

	bool running;
	bool interrupted;
	bool past;
	uint64_t steps; /* That are left; 0: a free run. */
	bool limited;
	struct chv_position limit;
	struct machine_status st;
};

static struct table_machine *self(struct machine *m)
{
	return (struct table_machine *)m;
}

static uint8_t *memory_at(struct table_machine *t, uint64_t va, size_t *left)
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

static void apply(struct table_machine *t, const struct table_state *s,
                  bool undo)
{
	for (size_t i = 0; i < s->nr_deltas; i++) {
		const struct table_delta *d =
			&t->table.deltas[s->first_delta + i];
		size_t left;

		memcpy(memory_at(t, d->addr, &left),
		       undo ? &d->before : &d->after, 8);
	}
}

static const struct table_state *now(const struct table_machine *t)
{
	return &t->table.states[t->at];
}

/*
 * Few steps of the program are system calls. To the timeline a position is
 * two numbers; here every third step is an entry, so that there are many.
 */
static struct chv_position position_of(size_t at)
{
	return (struct chv_position){.event = at / 3,
	                             .entry = at / 3,
	                             .offset = at % 3,
	                             .time_ns = at};
}

static void place(struct table_machine *t, enum machine_stop stop)
{
	t->st.stop = stop;
	t->st.pos = position_of(t->at);
	t->st.previous_offset = 2;
}

static bool break_here(struct table_machine *t)
{
	for (size_t i = 0; i < MAX_BREAKS; i++) {
		if (t->is_set[i] && t->breaks[i].kind <= CHV_BREAK_HW &&
		    t->breaks[i].addr == now(t)->regs.rip) {
			t->st.break_kind = t->breaks[i].kind;
			t->st.break_address = t->breaks[i].addr;
			return true;
		}
	}
	return false;
}

static bool watch_hit(struct table_machine *t)
{
	const struct table_state *s = now(t);

	for (size_t i = 0; i < MAX_BREAKS; i++) {
		const struct chv_break *b = &t->breaks[i];

		for (size_t j = 0;
		     t->is_set[i] && b->kind > CHV_BREAK_HW && j < s->nr_deltas;
		     j++) {
			uint64_t a = t->table.deltas[s->first_delta + j].addr;

			/* By the word, which is more than was asked for. */
			if (a < b->addr + b->len && b->addr < a + 8) {
				t->st.break_kind = b->kind;
				t->st.break_address = b->addr;
				return true;
			}
		}
	}
	return false;
}

static bool at_limit(const struct table_machine *t)
{
	const struct chv_position pos = position_of(t->at);

	return t->limited && chv_position_compare(&pos, &t->limit) >= 0;
}

/* One instruction at the most. Returns the stop, or MACHINE_RUNNING. */
static enum machine_stop step(struct table_machine *t)
{
	if (t->interrupted) {
		return MACHINE_INTERRUPTED;
	}
	if (!t->past && t->steps == 0 && break_here(t)) {
		return MACHINE_BREAK;
	}
	t->past = false;
	if (at_limit(t)) {
		return MACHINE_LIMIT;
	}
	if (t->at + 1 == t->table.nr_states) {
		return MACHINE_END;
	}
	t->at++;
	apply(t, now(t), false);
	if (watch_hit(t)) {
		return MACHINE_WATCH;
	}
	if (t->steps > 0 && --t->steps == 0) {
		return MACHINE_STEPPED;
	}
	return MACHINE_RUNNING;
}

static int status(struct machine *m, struct machine_status *st)
{
	struct table_machine *t = self(m);
	enum machine_stop stop = MACHINE_RUNNING;

	for (unsigned int i = 0; t->running && i < STEPS_PER_LOOK; i++) {
		stop = step(t);
		t->running = stop == MACHINE_RUNNING;
		place(t, stop);
	}
	t->interrupted = t->interrupted && t->running;
	*st = t->st;
	return 0;
}

static int run(struct machine *m, uint64_t steps, bool past,
               const struct chv_position *limit)
{
	struct table_machine *t = self(m);

	t->running = true;
	t->steps = steps;
	t->past = past;
	t->limited = limit != NULL;
	if (limit != NULL) {
		t->limit = *limit;
	}
	place(t, MACHINE_RUNNING);
	return 0;
}

static void interrupt(struct machine *m)
{
	self(m)->interrupted = self(m)->running;
}

static int feed(struct machine *m)
{
	(void)m;
	return 0;
}

static int event_fd(struct machine *m)
{
	(void)m;
	return -1;
}

static int break_set(struct machine *m, const struct chv_break *b, uint32_t *id)
{
	struct table_machine *t = self(m);

	for (uint32_t i = 0; i < MAX_BREAKS; i++) {
		if (!t->is_set[i]) {
			t->is_set[i] = true;
			t->breaks[i] = *b;
			*id = i;
			return 0;
		}
	}
	return -ENOSPC;
}

static void break_clear(struct machine *m, uint32_t id)
{
	self(m)->is_set[id] = false;
}

static int checkpoint(struct machine *m, uint32_t *id)
{
	struct table_machine *t = self(m);

	for (uint32_t i = 0; i < t->max_checkpoints; i++) {
		if (!t->is_kept[i]) {
			t->is_kept[i] = true;
			t->kept[i] = t->at;
			*id = i;
			return 0;
		}
	}
	return -ENOMEM;
}

static int restore(struct machine *m, uint32_t id)
{
	struct table_machine *t = self(m);

	if (id >= MAX_CHECKPOINTS || !t->is_kept[id]) {
		return -ENOENT;
	}
	for (; t->at < t->kept[id];) {
		t->at++;
		apply(t, now(t), false);
	}
	for (; t->at > t->kept[id]; t->at--) {
		apply(t, now(t), true);
	}
	place(t, MACHINE_STANDING);
	return 0;
}

static void drop(struct machine *m, uint32_t id)
{
	self(m)->is_kept[id] = false;
}

static int get_regs(struct machine *m, struct chv_regs *regs)
{
	*regs = now(self(m))->regs;
	return 0;
}

static int set_regs(struct machine *m, const struct chv_regs *regs)
{
	(void)m;
	(void)regs;
	return -EROFS;
}

static ssize_t read_mem(struct machine *m, uint64_t va, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t left;
		const uint8_t *p = memory_at(self(m), va + done, &left);

		if (p == NULL) {
			break;
		}
		left = left < len - done ? left : len - done;
		memcpy((uint8_t *)buf + done, p, left);
		done += left;
	}
	return (ssize_t)done;
}

static ssize_t write_mem(struct machine *m, uint64_t va, const void *buf,
                         size_t len)
{
	(void)m;
	(void)va;
	(void)buf;
	(void)len;
	return -EROFS;
}

static unsigned int domid(struct machine *m)
{
	(void)m;
	return 1;
}

static void describe(struct machine *m, enum chv_info what, char *buf,
                     size_t size)
{
	(void)m;
	snprintf(buf, size, "%s", what == CHV_INFO_NAME ? "table" : "");
}

static int span(struct machine *m, struct chv_position *first,
                struct chv_position *last)
{
	const struct table *t = &self(m)->table;

	*first = position_of(0);
	*last = position_of(t->nr_states - 1);
	return 0;
}

static int find(struct machine *m, const struct chv_moment *moment,
                struct chv_position *pos)
{
	size_t last = self(m)->table.nr_states - 1;
	uint64_t at = moment->value;

	switch (moment->kind) {
	case CHV_MOMENT_START:
		at = 0;
		break;
	case CHV_MOMENT_END:
		at = last;
		break;
	case CHV_MOMENT_PERCENT:
		at = last * moment->value / 100000;
		break;
	case CHV_MOMENT_POSITION:
	case CHV_MOMENT_EVENT:
		at = moment->value * 3 + moment->offset;
		break;
	case CHV_MOMENT_TIME:
		break;
	}
	if (at > last) {
		return -ENOENT;
	}
	*pos = position_of(at);
	return 0;
}

static uint64_t event_at(struct machine *m, const struct chv_position *pos)
{
	(void)m;
	return pos->entry;
}

static void detach(struct machine *m)
{
	self(m)->running = false;
}

static const struct machine_ops ops = {
	.replay = true,
	.status = status,
	.run = run,
	.interrupt = interrupt,
	.feed = feed,
	.event_fd = event_fd,
	.break_set = break_set,
	.break_clear = break_clear,
	.checkpoint = checkpoint,
	.restore = restore,
	.drop = drop,
	.get_regs = get_regs,
	.set_regs = set_regs,
	.read_mem = read_mem,
	.write_mem = write_mem,
	.domid = domid,
	.describe = describe,
	.span = span,
	.find = find,
	.event_at = event_at,
	.detach = detach,
};

struct table_machine *table_machine_record(const char *path)
{
	struct table_machine *t = calloc(1, sizeof(*t));

	if (t == NULL || table_record(&t->table, path) != 0) {
		free(t);
		return NULL;
	}
	t->machine.ops = &ops;
	t->max_checkpoints = MAX_CHECKPOINTS;
	t->at = t->table.nr_states - 1;
	for (; t->at > 0; t->at--) {
		apply(t, now(t), true);
	}
	place(t, MACHINE_STANDING);
	return t;
}

void table_machine_free(struct table_machine *t)
{
	table_free(&t->table);
	free(t);
}

struct machine *table_machine_ops(struct table_machine *t)
{
	return &t->machine;
}

size_t table_machine_breaks(const struct table_machine *t)
{
	size_t nr = 0;

	for (size_t i = 0; i < MAX_BREAKS; i++) {
		nr += t->is_set[i];
	}
	return nr;
}

size_t table_machine_checkpoints(const struct table_machine *t)
{
	size_t nr = 0;

	for (size_t i = 0; i < MAX_CHECKPOINTS; i++) {
		nr += t->is_kept[i];
	}
	return nr;
}

void table_machine_limit(struct table_machine *t, size_t max)
{
	t->max_checkpoints = max;
}
