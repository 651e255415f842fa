/* SPDX-License-Identifier: MIT */
/*
 * A target: one domain that somebody looks at, live or in replay.
 *
 * The GDB server and the shell drive every target through this const table
 * of operations and know nothing else of it. No operation blocks: whatever
 * makes the guest run is started by resume() or seek() and finished by
 * poll_stop(), so one poll() loop serves the client and the guest.
 *
 * Invariant: between a stop and the next resume() or seek() the guest does
 * not move, and reading it changes nothing in it.
 */
#ifndef CHV_TARGET_H
#define CHV_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <chv/moment.h>
#include <chv/regs.h>

#define CHV_MAX_VCPUS 64

struct chv_target;

enum chv_stop_reason {
	CHV_STOP_NONE,      /* Still running. */
	CHV_STOP_STEP,      /* A step or a range of steps is complete. */
	CHV_STOP_BREAK,     /* CHV_BREAK_SW at rip. */
	CHV_STOP_BREAK_HW,  /* CHV_BREAK_HW at rip. */
	CHV_STOP_WATCH,     /* Data was touched: see stop.addr, stop.kind. */
	CHV_STOP_INTERRUPT, /* Somebody asked for a stop. */
	CHV_STOP_MOVED,     /* A seek arrived; also "paused on attach". */
	CHV_STOP_HISTORY_BEGIN, /* Ran backwards into the first moment. */
	CHV_STOP_HISTORY_END,   /* Ran forwards into the last moment. */
	CHV_STOP_CRASH,         /* The guest reported a crash. */
	CHV_STOP_DIVERGED,      /* Replay no longer matches the trace. */
	CHV_STOP_GONE,          /* The live domain does not exist any more. */
	CHV_STOP_FAILED, /* The operation could not be done: stop.error. */
};

/* In the order of GDB's Z packets: the value is the packet's digit. */
enum chv_break_kind {
	CHV_BREAK_SW,
	CHV_BREAK_HW,
	CHV_WATCH_WRITE,
	CHV_WATCH_READ,
	CHV_WATCH_ACCESS,
	CHV_BREAK_KINDS
};

/**
 * One breakpoint or watchpoint.
 *
 * The target calls @condition, when there is one, at each hit and with the
 * guest standing at the hit; false means "go on". It may read registers and
 * memory of the target and must do nothing else. A write watchpoint reports
 * changes of value only, an access watchpoint every access.
 */
struct chv_break {
	enum chv_break_kind kind;
	uint64_t addr;
	uint64_t len; /* Bytes watched; 1 for the two kinds of breakpoint. */
	bool (*condition)(void *ctx, unsigned int vcpu);
	void *ctx;
};

enum chv_resume_action {
	CHV_RESUME_CONTINUE,
	CHV_RESUME_STEP,  /* Until @vcpu has retired one instruction. */
	CHV_RESUME_RANGE, /* Step while @vcpu's rip is in [start, end). */
};

struct chv_resume {
	enum chv_resume_action action;
	bool backwards;
	unsigned int vcpu; /* Of a step; ignored by continue. */
	uint64_t range_start;
	uint64_t range_end;
};

struct chv_stop {
	enum chv_stop_reason reason;
	unsigned int vcpu;
	enum chv_break_kind kind; /* Of a CHV_STOP_WATCH. */
	uint64_t addr;            /* Of a CHV_STOP_WATCH: the data address. */
	int error;                /* Of a CHV_STOP_FAILED: a negative errno. */
	int progress_percent;     /* While running: 0..100, or -1 unknown. */
};

/* What describe() can be asked for. */
enum chv_info {
	CHV_INFO_NAME,        /* The domain's or trace's name. */
	CHV_INFO_KERNEL_FILE, /* Name of an ELF file with symbols, or "". */
	CHV_INFO_VCPU,        /* One line on the state of one vCPU. */
	CHV_INFO_TARGET,      /* Lines on the whole target, for people. */
};

struct chv_target_ops {
	/** "live" or "replay": shown to people. */
	const char *kind;
	/** True when the target can run backwards and seek. */
	bool reversible;

	/** The number of vCPUs, 1..CHV_MAX_VCPUS; never changes. */
	unsigned int (*nr_vcpus)(struct chv_target *t);
	/** The domain's number; GDB sees it plus one as its process id. */
	unsigned int (*domid)(struct chv_target *t);

	/** Read all registers of @vcpu. Returns 0 or a negative errno. */
	int (*get_regs)(struct chv_target *t, unsigned int vcpu,
	                struct chv_regs *regs);
	/** Write all registers; -EROFS when the past cannot be altered. */
	int (*set_regs)(struct chv_target *t, unsigned int vcpu,
	                const struct chv_regs *regs);

	/**
	 * Read guest memory at virtual address @va, as @vcpu's active page
	 * tables map it now. Returns the number of bytes up to the first one
	 * that is not mapped (0 when that is the first), or a negative errno.
	 */
	ssize_t (*read_mem)(struct chv_target *t, unsigned int vcpu,
	                    uint64_t va, void *buf, size_t len);
	/** Like read_mem(), writing; -EROFS when the past is read-only. */
	ssize_t (*write_mem)(struct chv_target *t, unsigned int vcpu,
	                     uint64_t va, const void *buf, size_t len);

	/**
	 * Arm @b, which stays valid until remove_break(). Returns 0, -ENOSPC
	 * when the machine has no more of this kind, -EINVAL for a length
	 * that cannot be watched.
	 */
	int (*insert_break)(struct chv_target *t, const struct chv_break *b);
	/** Disarm @b. Cannot fail. */
	void (*remove_break)(struct chv_target *t, const struct chv_break *b);

	/**
	 * Start running. A breakpoint at the present rip is hit at once when
	 * going forward and not at all when going backward; a watchpoint met
	 * backward stops before the access, forward after it. Returns 0, or
	 * -ENOTSUP for a direction that this target does not have.
	 */
	int (*resume)(struct chv_target *t, const struct chv_resume *r);
	/**
	 * Start going to @m; ends in CHV_STOP_MOVED. Returns 0, -ENOTSUP, or
	 * -ENOENT for a moment outside the history. A failed seek stays.
	 */
	int (*seek)(struct chv_target *t, const struct chv_moment *m);
	/**
	 * Ask a running target to stop. Any number of calls before the stop
	 * count as one; backwards, the guest returns to where it started.
	 */
	void (*interrupt)(struct chv_target *t);
	/** Fill @stop. Returns true when the target stands still. */
	bool (*poll_stop)(struct chv_target *t, struct chv_stop *stop);
	/**
	 * A descriptor that becomes readable when poll_stop() has news, or
	 * -1: then poll_stop() is the engine and wants to be called at once,
	 * each call doing a few milliseconds of work.
	 */
	int (*event_fd)(struct chv_target *t);

	/** Where the guest stands. Returns 0 or a negative errno. */
	int (*position)(struct chv_target *t, struct chv_position *pos);
	/** First and last moment of the history; -ENOTSUP when live. */
	int (*span)(struct chv_target *t, struct chv_position *first,
	            struct chv_position *last);
	/**
	 * Put text into @buf of @size bytes, always terminated. It may hold
	 * bytes that the guest chose: escape it before printing.
	 */
	void (*describe)(struct chv_target *t, enum chv_info what,
	                 unsigned int vcpu, char *buf, size_t size);
	/**
	 * Open CHV_INFO_KERNEL_FILE, with the symbols that the guest has now,
	 * for reading. Returns a descriptor that the caller closes, or a
	 * negative errno. Called only when there is such a name.
	 */
	int (*symbol_file)(struct chv_target *t);
	/**
	 * Where the guest kernel's module @name has what: a line with
	 * address and name for each symbol; for "" a line with base, size and
	 * name for each module. To be freed; NULL when there is none. The
	 * operation may be missing.
	 */
	char *(*module_text)(struct chv_target *t, const char *name);
	/** The debugger leaves: drop all breakpoints, let go of the guest. */
	void (*detach)(struct chv_target *t);
};

/** Implementations embed this as their first member. */
struct chv_target {
	const struct chv_target_ops *ops;
};

#endif
