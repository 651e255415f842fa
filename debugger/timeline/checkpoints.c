/* SPDX-License-Identifier: MIT */
/*
 * Kept moments: made at intervals while the guest runs forward, thinned so
 * that they are dense around where people look and sparse far away. The
 * first one, at the start of the history, is never dropped.
 */
#include <errno.h>
#include <string.h>

#include "timeline.h"

#define MIN_SPACING 256

const struct tl_checkpoint *tl_checkpoint_before(const struct timeline *tl,
                                                 const struct chv_position *pos,
                                                 bool strict)
{
	const struct tl_checkpoint *best = NULL;

	for (size_t i = 0; i < tl->nr_checkpoints; i++) {
		const struct tl_checkpoint *c = &tl->checkpoints[i];
		int order = chv_position_compare(&c->pos, pos);

		if (order < 0 || (order == 0 && !strict)) {
			best = c;
		}
	}
	return best;
}

static void remove_at(struct timeline *tl, size_t i)
{
	tl->m->ops->drop(tl->m, tl->checkpoints[i].id);
	tl->nr_checkpoints--;
	memmove(&tl->checkpoints[i], &tl->checkpoints[i + 1],
	        (tl->nr_checkpoints - i) * sizeof(tl->checkpoints[0]));
}

void tl_checkpoint_drop_all(struct timeline *tl)
{
	while (tl->nr_checkpoints > 0) {
		remove_at(tl, tl->nr_checkpoints - 1);
	}
}

static uint64_t entries_between(const struct chv_position *a,
                                const struct chv_position *b)
{
	return a->entry > b->entry ? a->entry - b->entry : b->entry - a->entry;
}

/*
 * What dropping one costs is the gap that it leaves; what the gap matters
 * shrinks with the distance from here.
 */
static void thin(struct timeline *tl)
{
	double least = 0;
	size_t victim = 0;

	for (size_t i = 1; i + 1 < tl->nr_checkpoints; i++) {
		uint64_t gap = entries_between(&tl->checkpoints[i - 1].pos,
		                               &tl->checkpoints[i + 1].pos);
		uint64_t far =
			entries_between(&tl->checkpoints[i].pos, &tl->st.pos);
		double weight = (double)(gap + 1) / (double)(far + 1);

		if (victim == 0 || weight < least) {
			least = weight;
			victim = i;
		}
	}
	if (victim != 0) {
		remove_at(tl, victim);
	} else if (tl->nr_checkpoints > 1) {
		remove_at(tl, tl->nr_checkpoints - 1);
	}
}

/* Returns -ENOMEM when the machine has no room for one more. */
static int make(struct timeline *tl)
{
	struct tl_checkpoint c = {.pos = tl->st.pos};
	size_t at = 0;
	int err = tl->m->ops->checkpoint(tl->m, &c.id);

	if (err != 0) {
		return err;
	}
	while (at < tl->nr_checkpoints &&
	       chv_position_compare(&tl->checkpoints[at].pos, &c.pos) < 0) {
		at++;
	}
	memmove(&tl->checkpoints[at + 1], &tl->checkpoints[at],
	        (tl->nr_checkpoints - at) * sizeof(tl->checkpoints[0]));
	tl->checkpoints[at] = c;
	tl->nr_checkpoints++;
	return 0;
}

void tl_checkpoint_here(struct timeline *tl)
{
	const struct tl_checkpoint *same =
		tl_checkpoint_before(tl, &tl->st.pos, false);

	if (!tl->m->ops->replay ||
	    (same != NULL &&
	     chv_position_compare(&same->pos, &tl->st.pos) == 0)) {
		return;
	}
	while (tl->nr_checkpoints >= tl->max_checkpoints) {
		thin(tl);
	}
	if (make(tl) == -ENOMEM && tl->nr_checkpoints > 2) {
		/* As many as fit, from now on. */
		tl->max_checkpoints = tl->nr_checkpoints;
		thin(tl);
		make(tl);
	}
}

struct chv_position tl_next_pause(const struct timeline *tl)
{
	struct chv_position pause = tl->st.pos;
	const struct tl_checkpoint *c =
		tl_checkpoint_before(tl, &tl->st.pos, false);
	uint64_t from = c != NULL ? c->pos.entry : 0;
	uint64_t spacing =
		tl->spacing > MIN_SPACING ? tl->spacing : MIN_SPACING;

	pause.entry = from + spacing;
	if (pause.entry <= tl->st.pos.entry) {
		pause.entry = tl->st.pos.entry + spacing;
	}
	pause.offset = 0;
	return pause;
}
