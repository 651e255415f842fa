/* SPDX-License-Identifier: MIT */
/*
 * The positions of a trace's records: see <chv/history.h>.
 */
#include <chv/history.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <chv/cli.h>

struct mark {
	uint64_t entry;
	uint64_t offset;
	uint64_t time_ns;
};

struct chv_history {
	size_t nr;
	size_t room;
	struct mark *marks; /* One per record of the replay stream. */
	bool failed;
};

static bool add(struct chv_history *h, const struct mark *mark)
{
	if (h->nr == h->room) {
		size_t room = h->room > 0 ? 2 * h->room : 4096;
		struct mark *more = reallocarray(h->marks, room, sizeof(*more));

		if (more == NULL) {
			h->failed = true;
			return false;
		}
		h->marks = more;
		h->room = room;
	}
	h->marks[h->nr++] = *mark;
	return true;
}

static bool note_record(void *ctx, const struct tf_chunk *chunk,
                        const struct tf_record *record)
{
	struct chv_history *h = ctx;
	struct chv_field fields[CHV_MAX_FIELDS];
	size_t nr = chv_record_fields(record, fields);
	struct mark mark = {.entry = record->entry};

	(void)chunk;
	/* Time stands between the records that say it. */
	mark.time_ns = h->nr > 0 ? h->marks[h->nr - 1].time_ns : 0;
	for (size_t i = 0; i < nr; i++) {
		if (strcmp(fields[i].name, "offset") == 0) {
			mark.offset = fields[i].number;
		} else if (strcmp(fields[i].name, "base_ns") == 0) {
			mark.time_ns = fields[i].number;
		}
	}
	return add(h, &mark);
}

struct chv_history *chv_history_read(struct chv_trace *t)
{
	struct chv_history *h = calloc(1, sizeof(*h));
	const struct chv_walk walk = {.streams = TF_IN_REPLAY,
	                              .to_entry = UINT64_MAX,
	                              .progress = "reading the trace",
	                              .record = note_record,
	                              .ctx = h};

	if (h == NULL) {
		return NULL;
	}
	chv_trace_walk(t, &walk);
	if (h->failed || h->nr == 0) {
		chv_history_free(h);
		return NULL;
	}
	return h;
}

void chv_history_free(struct chv_history *h)
{
	if (h != NULL) {
		free(h->marks);
		free(h);
	}
}

static struct chv_position position_of(const struct chv_history *h, size_t i)
{
	return (struct chv_position){.event = i,
	                             .entry = h->marks[i].entry,
	                             .offset = h->marks[i].offset,
	                             .time_ns = h->marks[i].time_ns};
}

void chv_history_span(const struct chv_history *h, struct chv_position *first,
                      struct chv_position *last)
{
	*first = (struct chv_position){0};
	*last = position_of(h, h->nr - 1);
}

/* The last record that is not after @t. */
static size_t record_at_time(const struct chv_history *h, uint64_t t)
{
	size_t low = 0;
	size_t high = h->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (h->marks[mid].time_ns <= t) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return low > 0 ? low - 1 : 0;
}

int chv_history_find(const struct chv_history *h, const struct chv_moment *m,
                     struct chv_position *pos)
{
	struct chv_position first, last;

	chv_history_span(h, &first, &last);
	*pos = first;
	switch (m->kind) {
	case CHV_MOMENT_START:
		return 0;
	case CHV_MOMENT_END:
		*pos = last;
		return 0;
	case CHV_MOMENT_EVENT:
		if (m->value >= h->nr) {
			return -ENOENT;
		}
		*pos = position_of(h, m->value);
		pos->offset += m->offset;
		break;
	case CHV_MOMENT_POSITION:
		pos->entry = m->value;
		pos->offset = m->offset;
		break;
	case CHV_MOMENT_TIME:
		*pos = position_of(h, record_at_time(h, m->value));
		break;
	case CHV_MOMENT_PERCENT:
		pos->entry = (uint64_t)((double)last.entry * (double)m->value /
		                        100000.0);
		break;
	}
	return chv_position_compare(pos, &last) <= 0 ? 0 : -ENOENT;
}

uint64_t chv_history_event_at(const struct chv_history *h,
                              const struct chv_position *pos)
{
	size_t low = 0;
	size_t high = h->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		struct chv_position at = position_of(h, mid);

		if (chv_position_compare(&at, pos) <= 0) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return low;
}
