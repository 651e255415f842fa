/* SPDX-License-Identifier: MIT */
/*
 * What the files of the timeline share. Private to debugger/timeline/.
 *
 * The guest is always somewhere between two kept moments. To go back means
 * to restore one that lies before and to run forward from it; every backward
 * operation is made of that.
 */
#ifndef CHV_TIMELINE_PRIV_H
#define CHV_TIMELINE_PRIV_H

#include <chv/machine.h>

#define TL_MAX_CHECKPOINTS 48
#define TL_MAX_BREAKS      65536
#define TL_WATCH_BYTES     64

struct tl_checkpoint {
	uint32_t id;
	struct chv_position pos;
};

struct tl_break {
	const struct chv_break *b;
	bool armed;
	uint32_t id;
	/* Of a write watchpoint: what was there when last looked at. */
	size_t nr_bytes;
	uint8_t bytes[TL_WATCH_BYTES];
};

enum tl_task {
	TL_IDLE,
	TL_FORWARD, /* A resume forward. */
	TL_GOTO,    /* To tl->goal, then stop with tl->arrival. */
	TL_SEARCH,  /* Forward through an interval for its last hit. */
};

struct timeline {
	struct chv_target target;
	struct machine *m;
	struct machine_status st; /* As of the last stop. */
	struct chv_stop stop;
	bool interrupted;
	bool failed;

	enum tl_task task;
	struct chv_resume resume;
	bool past; /* The run that goes on had this flag. */

	/* TL_GOTO. */
	struct chv_position goal;
	struct chv_stop arrival;
	bool approached; /* A checkpoint close to the goal is made. */

	/* TL_SEARCH. */
	struct chv_position origin; /* Where the user stood. */
	struct chv_position search_start;
	struct chv_position search_end;
	bool found;
	struct chv_position found_pos;
	struct chv_stop found_stop;

	bool armed_wanted;
	size_t nr_breaks;
	size_t room_breaks;
	struct tl_break *breaks;

	uint64_t spacing; /* Entries between two checkpoints. */
	size_t max_checkpoints;
	size_t nr_checkpoints;
	struct tl_checkpoint checkpoints[TL_MAX_CHECKPOINTS];
};

/* checkpoints.c */

/** The last kept moment at or before @pos (strictly before: @strict). */
const struct tl_checkpoint *tl_checkpoint_before(const struct timeline *tl,
                                                 const struct chv_position *pos,
                                                 bool strict);
/** Keep this moment, unless one close by is kept already. */
void tl_checkpoint_here(struct timeline *tl);
void tl_checkpoint_drop_all(struct timeline *tl);
/** The next position at which a run should pause to keep a moment. */
struct chv_position tl_next_pause(const struct timeline *tl);

/* breaks.c */

int tl_break_add(struct timeline *tl, const struct chv_break *b);
void tl_break_remove(struct timeline *tl, const struct chv_break *b);
/** Make the machine stop at all breaks, or at none. */
void tl_arm(struct timeline *tl, bool on);
/** Remember what all watched places hold now. */
void tl_watch_note(struct timeline *tl);
/**
 * The watched place that has changed since, noting its new value; conditions
 * are asked. NULL when none has, or none is wanted.
 */
const struct chv_break *tl_watch_changed(struct timeline *tl);
/** The wanted break that the machine's stop stands for, or NULL. */
const struct chv_break *tl_break_hit(struct timeline *tl);

/* tasks.c */

void tl_start_forward(struct timeline *tl);
void tl_start_goto(struct timeline *tl, const struct chv_position *goal,
                   const struct chv_stop *arrival);
void tl_start_step_back(struct timeline *tl);
void tl_start_search(struct timeline *tl);
/** The machine has stopped. Returns true when the task is done. */
bool tl_advance(struct timeline *tl);
/** The user wants it to stop; the machine stands. */
bool tl_abandon(struct timeline *tl);

#endif
