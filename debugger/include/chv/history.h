/* SPDX-License-Identifier: MIT */
/*
 * Where the records of a trace are: event numbers, positions and virtual
 * times of its replay stream, to translate between them.
 */
#ifndef CHV_HISTORY_H
#define CHV_HISTORY_H

#include <chv/moment.h>
#include <chv/trace.h>

struct chv_history;

/** Read the positions of @t's records. NULL when there are none. */
struct chv_history *chv_history_read(struct chv_trace *t);
void chv_history_free(struct chv_history *h);

/** The first and the last position that replay can reach. */
void chv_history_span(const struct chv_history *h, struct chv_position *first,
                      struct chv_position *last);

/** The position of an absolute moment; -ENOENT outside of the history. */
int chv_history_find(const struct chv_history *h, const struct chv_moment *m,
                     struct chv_position *pos);

/** The number of records at or before @pos. */
uint64_t chv_history_event_at(const struct chv_history *h,
                              const struct chv_position *pos);

#endif
