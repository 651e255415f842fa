/* SPDX-License-Identifier: MIT */
/*
 * A timeline as a target: see <chv/machine.h>. The operations start tasks,
 * poll_stop() carries them on.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timeline.h"

/* So many moments over the whole of a history, until they are thinned. */
#define INTERVALS 64

static struct timeline *self(struct chv_target *t)
{
	return (struct timeline *)t;
}

static unsigned int nr_vcpus(struct chv_target *t)
{
	(void)t;
	return 1;
}

static unsigned int domid(struct chv_target *t)
{
	return self(t)->m->ops->domid(self(t)->m);
}

static int position(struct chv_target *t, struct chv_position *pos)
{
	struct timeline *tl = self(t);

	*pos = tl->st.pos;
	pos->event = tl->m->ops->event_at(tl->m, pos);
	return 0;
}

static int get_regs(struct chv_target *t, unsigned int vcpu,
                    struct chv_regs *regs)
{
	struct timeline *tl = self(t);
	int err = tl->m->ops->get_regs(tl->m, regs);

	(void)vcpu;
	regs->hv_entry = tl->st.pos.entry;
	regs->hv_offset = tl->st.pos.offset;
	regs->hv_time = tl->st.pos.time_ns;
	regs->hv_event = tl->m->ops->event_at(tl->m, &tl->st.pos);
	return err;
}

static int set_regs(struct chv_target *t, unsigned int vcpu,
                    const struct chv_regs *regs)
{
	struct machine *m = self(t)->m;

	(void)vcpu;
	return m->ops->replay ? -EROFS : m->ops->set_regs(m, regs);
}

static ssize_t read_mem(struct chv_target *t, unsigned int vcpu, uint64_t va,
                        void *buf, size_t len)
{
	struct machine *m = self(t)->m;

	(void)vcpu;
	return m->ops->read_mem(m, va, buf, len);
}

static ssize_t write_mem(struct chv_target *t, unsigned int vcpu, uint64_t va,
                         const void *buf, size_t len)
{
	struct machine *m = self(t)->m;

	(void)vcpu;
	return m->ops->replay ? -EROFS : m->ops->write_mem(m, va, buf, len);
}

static int insert_break(struct chv_target *t, const struct chv_break *b)
{
	return tl_break_add(self(t), b);
}

static void remove_break(struct chv_target *t, const struct chv_break *b)
{
	tl_break_remove(self(t), b);
}

static int resume(struct chv_target *t, const struct chv_resume *r)
{
	struct timeline *tl = self(t);

	if (r->backwards && !tl->m->ops->replay) {
		return -ENOTSUP;
	}
	tl->resume = *r;
	tl->interrupted = false;
	tl->failed = false;
	tl->stop = (struct chv_stop){.reason = CHV_STOP_NONE};
	if (!r->backwards) {
		tl_start_forward(tl);
	} else if (r->action == CHV_RESUME_CONTINUE) {
		tl_start_search(tl);
	} else {
		tl_start_step_back(tl);
	}
	return 0;
}

static int seek(struct chv_target *t, const struct chv_moment *m)
{
	const struct chv_stop arrival = {.reason = CHV_STOP_MOVED};
	struct timeline *tl = self(t);
	struct chv_position pos;
	int err;

	if (!tl->m->ops->replay) {
		return -ENOTSUP;
	}
	err = tl->m->ops->find(tl->m, m, &pos);
	if (err != 0) {
		return err;
	}
	tl->interrupted = false;
	tl->failed = false;
	tl->stop = (struct chv_stop){.reason = CHV_STOP_NONE};
	tl_start_goto(tl, &pos, &arrival);
	return 0;
}

static void interrupt(struct chv_target *t)
{
	struct timeline *tl = self(t);

	if (tl->task != TL_IDLE && !tl->interrupted) {
		tl->interrupted = true;
		tl->m->ops->interrupt(tl->m);
	}
}

static int percent(const struct timeline *tl, const struct chv_position *at)
{
	struct chv_position first, last;

	if (tl->m->ops->span(tl->m, &first, &last) != 0) {
		return -1;
	}
	return (int)(chv_position_share(at, &first, &last) / 100);
}

/* A step back is over: did it undo a write to a watched place? */
static void look_for_undone(struct timeline *tl)
{
	const struct chv_break *watch;

	if (!tl->resume.backwards || tl->stop.reason != CHV_STOP_STEP) {
		return;
	}
	watch = tl_watch_changed(tl);
	if (watch != NULL) {
		tl->stop = (struct chv_stop){.reason = CHV_STOP_WATCH,
		                             .kind = watch->kind,
		                             .addr = watch->addr};
	}
}

static bool stopped(struct timeline *tl, struct chv_stop *stop)
{
	look_for_undone(tl);
	*stop = tl->stop;
	if (stop->reason == CHV_STOP_NONE) {
		stop->reason = CHV_STOP_MOVED;
	}
	tl->stop = (struct chv_stop){.reason = CHV_STOP_MOVED};
	return true;
}

static bool machine_failed(struct timeline *tl, struct chv_stop *stop)
{
	tl->task = TL_IDLE;
	tl->stop = (struct chv_stop){.reason = CHV_STOP_FAILED, .error = -EIO};
	return stopped(tl, stop);
}

static bool poll_stop(struct chv_target *t, struct chv_stop *stop)
{
	struct timeline *tl = self(t);

	if (tl->task == TL_IDLE) {
		return stopped(tl, stop);
	}
	if (tl->failed || tl->m->ops->status(tl->m, &tl->st) != 0) {
		return machine_failed(tl, stop);
	}
	if (tl->st.stop == MACHINE_RUNNING) {
		stop->progress_percent = percent(tl, &tl->st.pos);
		return false;
	}
	if (tl->st.stop == MACHINE_WAITING) {
		if (tl->m->ops->feed(tl->m) < 0) {
			return machine_failed(tl, stop);
		}
		return false;
	}
	if (tl->interrupted) {
		tl->interrupted = false;
		return tl_abandon(tl) && stopped(tl, stop);
	}
	return tl_advance(tl) && stopped(tl, stop);
}

static int event_fd(struct chv_target *t)
{
	return self(t)->m->ops->event_fd(self(t)->m);
}

static int span(struct chv_target *t, struct chv_position *first,
                struct chv_position *last)
{
	return self(t)->m->ops->span(self(t)->m, first, last);
}

static void describe(struct chv_target *t, enum chv_info what,
                     unsigned int vcpu, char *buf, size_t size)
{
	(void)vcpu;
	self(t)->m->ops->describe(self(t)->m, what, buf, size);
}

static int symbol_file(struct chv_target *t)
{
	return self(t)->m->ops->symbol_file(self(t)->m);
}

static char *module_text(struct chv_target *t, const char *name)
{
	struct machine *m = self(t)->m;

	return m->ops->module_text != NULL ? m->ops->module_text(m, name)
	                                   : NULL;
}

static void detach(struct chv_target *t)
{
	struct timeline *tl = self(t);

	while (tl->nr_breaks > 0) {
		tl_break_remove(tl, tl->breaks[0].b);
	}
	tl->task = TL_IDLE;
	tl->m->ops->detach(tl->m);
}

#define COMMON                                                                 \
	.nr_vcpus = nr_vcpus, .domid = domid, .get_regs = get_regs,            \
	.set_regs = set_regs, .read_mem = read_mem, .write_mem = write_mem,    \
	.insert_break = insert_break, .remove_break = remove_break,            \
	.resume = resume, .seek = seek, .interrupt = interrupt,                \
	.poll_stop = poll_stop, .event_fd = event_fd, .position = position,    \
	.span = span, .describe = describe, .symbol_file = symbol_file,        \
	.module_text = module_text, .detach = detach

static const struct chv_target_ops replay_ops = {
	.kind = "replay", .reversible = true, COMMON};
static const struct chv_target_ops live_ops = {.kind = "live", COMMON};

struct timeline *timeline_new(struct machine *m)
{
	struct timeline *tl = calloc(1, sizeof(*tl));
	struct chv_position first, last;

	if (tl == NULL) {
		return NULL;
	}
	tl->m = m;
	tl->target.ops = m->ops->replay ? &replay_ops : &live_ops;
	tl->max_checkpoints = TL_MAX_CHECKPOINTS;
	tl->stop.reason = CHV_STOP_MOVED;
	if (m->ops->status(m, &tl->st) != 0) {
		free(tl);
		return NULL;
	}
	if (m->ops->span(m, &first, &last) == 0) {
		tl->spacing = (last.entry - first.entry) / INTERVALS;
		tl_checkpoint_here(tl);
	}
	return tl;
}

void timeline_free(struct timeline *tl)
{
	if (tl != NULL) {
		tl_checkpoint_drop_all(tl);
		free(tl->breaks);
		free(tl);
	}
}

struct chv_target *timeline_target(struct timeline *tl)
{
	return &tl->target;
}
