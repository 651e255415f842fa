/* SPDX-License-Identifier: MIT */
/*
 * Breakpoints of a timeline. The machine knows them only while somebody looks
 * for them: a goto passes over all of them. A write watchpoint asks for
 * changes, the machine reports writes: what was there decides.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "timeline.h"

int tl_break_add(struct timeline *tl, const struct chv_break *b)
{
	if (b->kind == CHV_WATCH_WRITE && b->len > TL_WATCH_BYTES) {
		return -EINVAL;
	}
	if (tl->nr_breaks == tl->room_breaks) {
		size_t room = tl->room_breaks > 0 ? 2 * tl->room_breaks : 16;
		struct tl_break *more;

		if (tl->nr_breaks >= TL_MAX_BREAKS) {
			return -ENOSPC;
		}
		more = reallocarray(tl->breaks, room, sizeof(*more));
		if (more == NULL) {
			return -ENOSPC;
		}
		tl->breaks = more;
		tl->room_breaks = room;
	}
	tl->breaks[tl->nr_breaks] = (struct tl_break){.b = b};
	/* Armed at once, so that "no more of them" is told to who asks. */
	if (tl->m->ops->break_set(tl->m, b, &tl->breaks[tl->nr_breaks].id) !=
	    0) {
		return -ENOSPC;
	}
	tl->breaks[tl->nr_breaks++].armed = true;
	return 0;
}

static void disarm(struct timeline *tl, struct tl_break *tb)
{
	if (tb->armed) {
		tl->m->ops->break_clear(tl->m, tb->id);
		tb->armed = false;
	}
}

void tl_break_remove(struct timeline *tl, const struct chv_break *b)
{
	for (size_t i = 0; i < tl->nr_breaks; i++) {
		if (tl->breaks[i].b == b) {
			disarm(tl, &tl->breaks[i]);
			tl->breaks[i] = tl->breaks[--tl->nr_breaks];
			return;
		}
	}
}

void tl_arm(struct timeline *tl, bool on)
{
	for (size_t i = 0; i < tl->nr_breaks; i++) {
		struct tl_break *tb = &tl->breaks[i];

		if (!on) {
			disarm(tl, tb);
		} else if (!tb->armed) {
			tb->armed = tl->m->ops->break_set(tl->m, tb->b,
			                                  &tb->id) == 0;
		}
	}
}

static size_t read_watched(struct timeline *tl, const struct chv_break *b,
                           uint8_t bytes[TL_WATCH_BYTES])
{
	ssize_t got = tl->m->ops->read_mem(tl->m, b->addr, bytes, b->len);

	return got > 0 ? (size_t)got : 0;
}

void tl_watch_note(struct timeline *tl)
{
	for (size_t i = 0; i < tl->nr_breaks; i++) {
		struct tl_break *tb = &tl->breaks[i];

		if (tb->b->kind == CHV_WATCH_WRITE) {
			tb->nr_bytes = read_watched(tl, tb->b, tb->bytes);
		}
	}
}

static bool wanted(const struct chv_break *b)
{
	return b->condition == NULL || b->condition(b->ctx, 0);
}

static bool changed(struct timeline *tl, struct tl_break *tb)
{
	uint8_t now[TL_WATCH_BYTES];
	size_t nr = read_watched(tl, tb->b, now);
	bool same = nr == tb->nr_bytes && memcmp(now, tb->bytes, nr) == 0;

	tb->nr_bytes = nr;
	memcpy(tb->bytes, now, nr);
	return !same;
}

const struct chv_break *tl_watch_changed(struct timeline *tl)
{
	const struct chv_break *hit = NULL;

	/* All of them: each one's value has to be noted. */
	for (size_t i = 0; i < tl->nr_breaks; i++) {
		struct tl_break *tb = &tl->breaks[i];

		if (tb->b->kind == CHV_WATCH_WRITE && changed(tl, tb) &&
		    hit == NULL && wanted(tb->b)) {
			hit = tb->b;
		}
	}
	return hit;
}

static bool overlaps(const struct chv_break *b, uint64_t address)
{
	return address - b->addr < b->len;
}

static const struct chv_break *watch_hit(struct timeline *tl)
{
	const struct chv_break *hit = tl_watch_changed(tl);

	for (size_t i = 0; i < tl->nr_breaks && hit == NULL; i++) {
		const struct chv_break *b = tl->breaks[i].b;
		bool kind = b->kind == CHV_WATCH_ACCESS ||
		            (b->kind == CHV_WATCH_READ &&
		             tl->st.break_kind == CHV_WATCH_READ);

		if (kind && overlaps(b, tl->st.break_address) && wanted(b)) {
			hit = b;
		}
	}
	return hit;
}

const struct chv_break *tl_break_hit(struct timeline *tl)
{
	if (tl->st.stop == MACHINE_WATCH) {
		return watch_hit(tl);
	}
	for (size_t i = 0; i < tl->nr_breaks; i++) {
		const struct chv_break *b = tl->breaks[i].b;

		if (b->kind <= CHV_BREAK_HW &&
		    b->addr == tl->st.break_address && wanted(b)) {
			return b;
		}
	}
	return NULL;
}
