/* SPDX-License-Identifier: MIT */
/*
 * Moments that people come back to: marks that they set (GDB's checkpoints)
 * and the trail of places that they left, for "back" and "forward". Both
 * live as long as the session.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

static struct chv_moment moment_at(const struct chv_position *pos)
{
	return (struct chv_moment){.kind = CHV_MOMENT_POSITION,
	                           .value = pos->entry,
	                           .offset = pos->offset};
}

void gdb_trail_push(struct gdb_session *s)
{
	struct chv_position pos;

	if (s->target->ops->position(s->target, &pos) != 0) {
		return;
	}
	/* Whoever walks on from the middle of the trail loses its rest. */
	s->nr_trail = s->trail_at;
	if (s->nr_trail == GDB_MAX_TRAIL) {
		memmove(s->trail, s->trail + 1,
		        (GDB_MAX_TRAIL - 1) * sizeof(s->trail[0]));
		s->nr_trail--;
	}
	s->trail[s->nr_trail++] = pos;
	s->trail_at = s->nr_trail;
}

bool gdb_trail_move(struct gdb_session *s, int direction, struct chv_moment *to)
{
	struct chv_position here;
	unsigned int at = s->trail_at;

	if ((direction < 0 && at == 0) ||
	    (direction > 0 && at + 1 >= s->nr_trail) ||
	    s->target->ops->position(s->target, &here) != 0) {
		return false;
	}
	if (direction < 0 && at == s->nr_trail && at < GDB_MAX_TRAIL) {
		/* The way forward must lead back to where we are now. */
		s->trail[s->nr_trail++] = here;
	}
	s->trail_at = direction < 0 ? at - 1 : at + 1;
	*to = moment_at(&s->trail[s->trail_at]);
	return true;
}

const struct gdb_mark *gdb_mark_add(struct gdb_session *s, const char *note)
{
	struct gdb_mark *mark = &s->marks[s->nr_marks];

	if (s->nr_marks == GDB_MAX_MARKS ||
	    s->target->ops->position(s->target, &mark->pos) != 0) {
		return NULL;
	}
	mark->number = s->next_mark++;
	snprintf(mark->note, sizeof(mark->note), "%s", note);
	s->nr_marks++;
	return mark;
}

const struct gdb_mark *gdb_mark_find(const struct gdb_session *s,
                                     unsigned int number)
{
	for (unsigned int i = 0; i < s->nr_marks; i++) {
		if (s->marks[i].number == number) {
			return &s->marks[i];
		}
	}
	return NULL;
}

bool gdb_mark_delete(struct gdb_session *s, unsigned int number)
{
	const struct gdb_mark *mark = gdb_mark_find(s, number);
	size_t at;

	if (mark == NULL) {
		return false;
	}
	at = (size_t)(mark - s->marks);
	s->nr_marks--;
	memmove(&s->marks[at], &s->marks[at + 1],
	        (s->nr_marks - at) * sizeof(s->marks[0]));
	return true;
}

static int parse_mark(struct gdb_session *s, const char *digits,
                      struct chv_moment *m)
{
	char *end;
	unsigned long number = strtoul(digits, &end, 10);
	const struct gdb_mark *mark;

	if (end == digits || *end != '\0' || *digits == '-') {
		return -EINVAL;
	}
	mark = number <= UINT32_MAX ? gdb_mark_find(s, (unsigned int)number)
	                            : NULL;
	if (mark == NULL) {
		return -ENOENT;
	}
	*m = moment_at(&mark->pos);
	return 0;
}

int gdb_parse_moment(struct gdb_session *s, const char *text,
                     struct chv_moment *m)
{
	struct chv_position here;
	int err;

	if (*text == 'c') {
		return parse_mark(s, text + 1, m);
	}
	err = chv_moment_parse(text, m);
	if (err == 0 && m->relative != 0) {
		err = s->target->ops->position(s->target, &here);
		*m = chv_moment_resolve(m, &here);
	}
	return err;
}
