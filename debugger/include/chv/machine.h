/* SPDX-License-Identifier: MIT */
/*
 * A machine: one domain under the debugger's control, that can run forward to
 * a condition and, in a replay, be put back to a kept moment. The timeline
 * makes a target that runs both ways out of it.
 *
 * Nothing here blocks: run() starts, status() tells whether it still runs.
 */
#ifndef CHV_MACHINE_H
#define CHV_MACHINE_H

#include <chv/target.h>

enum machine_stop {
	MACHINE_RUNNING,
	MACHINE_STANDING, /* Not started yet, or put somewhere. */
	MACHINE_STEPPED,
	MACHINE_LIMIT, /* At the position given to run(). */
	MACHINE_BREAK, /* About to execute at break_address. */
	MACHINE_WATCH, /* Just behind an access to break_address. */
	MACHINE_INTERRUPTED,
	MACHINE_END,      /* No more trace. */
	MACHINE_SHUTDOWN, /* Live: the guest is over. */
	MACHINE_DIVERGED,
	MACHINE_WAITING, /* For bytes that feed() brings. */
};

struct machine_status {
	enum machine_stop stop;
	struct chv_position pos; /* Its event number is not filled in. */
	enum chv_break_kind break_kind;
	uint64_t break_address;
	/* At offset 0: the offset of the state before this one. */
	uint64_t previous_offset;
};

struct machine;

struct machine_ops {
	bool replay; /* Has checkpoints, a first and a last position. */

	int (*status)(struct machine *m, struct machine_status *st);
	/**
	 * Run @steps instructions, or with 0 freely: to a break, to @limit
	 * (NULL: none) or to the end. @past ignores a break at the present
	 * rip.
	 */
	int (*run)(struct machine *m, uint64_t steps, bool past,
	           const struct chv_position *limit);
	void (*interrupt)(struct machine *m);
	int (*feed)(struct machine *m);
	int (*event_fd)(struct machine *m);

	int (*break_set)(struct machine *m, const struct chv_break *b,
	                 uint32_t *id);
	void (*break_clear)(struct machine *m, uint32_t id);

	int (*checkpoint)(struct machine *m, uint32_t *id);
	int (*restore)(struct machine *m, uint32_t id);
	void (*drop)(struct machine *m, uint32_t id);

	int (*get_regs)(struct machine *m, struct chv_regs *regs);
	int (*set_regs)(struct machine *m, const struct chv_regs *regs);
	ssize_t (*read_mem)(struct machine *m, uint64_t va, void *buf,
	                    size_t len);
	ssize_t (*write_mem)(struct machine *m, uint64_t va, const void *buf,
	                     size_t len);

	unsigned int (*domid)(struct machine *m);
	void (*describe)(struct machine *m, enum chv_info what, char *buf,
	                 size_t size);
	/** See chv_target_ops. */
	int (*symbol_file)(struct machine *m);
	char *(*module_text)(struct machine *m, const char *name);
	/** The first and the last position of a replay. */
	int (*span)(struct machine *m, struct chv_position *first,
	            struct chv_position *last);
	/** Where an absolute moment is; -ENOENT outside of the history. */
	int (*find)(struct machine *m, const struct chv_moment *moment,
	            struct chv_position *pos);
	/** The number of the trace's records up to @pos. */
	uint64_t (*event_at)(struct machine *m, const struct chv_position *pos);
	/** Let go of the domain; with @resume it runs on by itself. */
	void (*detach)(struct machine *m);
};

/** Implementations embed this as their first member. */
struct machine {
	const struct machine_ops *ops;
};

struct timeline;

/** A timeline over @m, which outlives it. NULL without memory. */
struct timeline *timeline_new(struct machine *m);
void timeline_free(struct timeline *tl);
struct chv_target *timeline_target(struct timeline *tl);

#endif
