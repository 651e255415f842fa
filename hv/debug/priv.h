/* SPDX-License-Identifier: MIT */
/*
 * What the files of hv/debug share.
 *
 * Time is counted in ticks: one for each instruction that the guest completes
 * and one for each entry that it causes without completing one. So a step is a
 * tick, whatever happens in it.
 */
#ifndef HV_DEBUG_PRIV_H
#define HV_DEBUG_PRIV_H

#include <hv/debug.h>
#include <hv/lib.h>
#include <rr/position.h>
#include <xen/errno.h>

#define MAX_LIFTS    8
#define GUARD_SLOTS  512
#define WATCH_LENGTH 4096

/* What a vCPU did so far. */
struct debug_cpu {
	u64 ticks;
	u64 entry; /* entries that ticks includes */
	u64 insns; /* without a session: since the last entry's exit */
	u64 previous_offset;
	u64 exit_insns;    /* insns when the guest last came back */
	bool exit_counted; /* ... the instruction that made it do so included */
	bool trap_flag;    /* single step by RFLAGS.TF */
	/* Where it was last looked at, before it ran. */
	u64 checked_ticks, checked_rip;
};

/* The watched bytes, and the frames they are in. */
struct watch_value {
	u64 frame[2];
	u64 word[2]; /* the bytes, or their hash when there are more than 16 */
	bool known;
};

struct brk {
	struct chrono_break b;
	struct watch_value before;
};

struct debug {
	struct domain *d;
	struct debug_cpu cpu[MAX_VCPUS];

	/* The run under way, or the last one. */
	struct chrono_run run;
	struct vcpu *stepped;
	u64 from_ticks;
	u8 interrupt; /* CHRONO_STOP_* to stop with, or 0 */

	u8 stop;
	struct chrono_break hit; /* id 0: none */
	u64 stop_address;
	void (*on_stop)(struct domain *d); /* NULL: CHRONO_VIRQ */

	struct brk *brk;
	unsigned int nr_breaks, nr_values; /* values: those that are compared */
	u32 last_id;
	u16 guard[GUARD_SLOTS]; /* pages with breaks, by L1 index */

	/* Pages with all rights while one instruction runs. */
	u64 lift[MAX_LIFTS];
	unsigned int nr_lifts;
	struct chrono_break access; /* read by it if it completes; id 0: none */
	bool stops_fetch;
	bool delivered;
};

/** Position of @v, after the last whole instruction. */
struct rr_position debug_position(const struct vcpu *v);
/** The domain stands from now on. */
void debug_stop(struct debug *g, u8 why);

/* ---- step.c -------------------------------------------------------------- */

/** Makes @v come back after @count instructions at the latest. */
void step_arrange(struct vcpu *v, u64 count);
/** Takes back what that left in the guest's registers. */
void step_undo(struct vcpu *v);
/** True when the exit of @v is the end of a step by trap flag. */
bool step_took_trap(struct vcpu *v);
/** True when the instruction that caused this exit of @v is part of what the
 *  clock counted. */
bool step_exit_counted(struct vcpu *v);

/* ---- breaks.c ------------------------------------------------------------ */

/** The execution break at @address, or NULL. */
const struct chrono_break *break_at(const struct debug *g, u64 address);
/** Ends the lending of rights. */
void lifts_end(struct vcpu *v);

/* ---- watch.c ------------------------------------------------------------- */

/** Remembers the bytes of all watches. */
void watches_remember(struct vcpu *v);
/** The first watch whose bytes are not what was remembered becomes the hit. */
void watches_compare(struct vcpu *v);
void watch_remember(struct vcpu *v, struct brk *b);

/* ---- access.c ------------------------------------------------------------ */

/* What an instruction does to memory beside being fetched. */
struct access {
	u64 address;
	u32 size;
	bool read, write;
};
#define MAX_ACCESSES 4

/** What the instruction at rip is about to access; never too little: with an
 *  unknown one *all is set. */
unsigned int access_decode(struct vcpu *v, struct access *a, bool *all);
/** The instruction at rip is a string operation with a repeat prefix. */
bool insn_repeats(struct vcpu *v);

#endif
