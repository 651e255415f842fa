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

/* Where the bytes were found; good until a mapping changes. */
struct watch_place {
	const u8 *at[2];
	u64 frame[2];
	const struct page *root;
	u64 map_changes;
};

#define NO_BREAK 0xffff

/* A break, or with id 0 a free one. On the lists of the L1 indexes of its first
 * and, if that is another, last page. */
struct brk {
	struct chrono_break b;
	u16 next[2];
	struct watch_value before;
	struct watch_place place;
};

/* A page with all rights while one instruction runs. */
struct lift {
	u64 page;
	unsigned int deny; /* NO_*: why it had to be lent */
};

/* Rights that a page must not have. */
#define NO_EXEC   1u
#define NO_WRITE  2u
#define NO_ACCESS 4u

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

	struct brk *brk;   /* CHRONO_MAX_BREAKS of them */
	unsigned int used; /* those beyond were never set */
	unsigned int nr_breaks;
	u16 guard[GUARD_SLOTS]; /* lists, by L1 index */
	u16 *value;             /* breaks that compare bytes */
	unsigned int nr_values;
	u32 last_id;
	u64 map_changes; /* of the guest's tables */

	struct lift lift[MAX_LIFTS];
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

void breaks_init(struct debug *g);
void breaks_free(struct debug *g);
/** The execution break at @address, or NULL. */
const struct chrono_break *break_at(const struct debug *g, u64 address);
static inline u64 break_last(const struct chrono_break *b)
{
	return b->address + b->length - 1;
}
static inline unsigned int guard_index(u64 va)
{
	return va >> PAGE_SHIFT & (GUARD_SLOTS - 1);
}
/** Which link of @b belongs to the list of L1 index @index. */
static inline unsigned int break_link(const struct brk *b, unsigned int index)
{
	return guard_index(b->b.address) == index ? 0 : 1;
}
#define for_each_guard(g, b, index)                                            \
	for (u16 i_##b = (g)->guard[index];                                    \
	     i_##b != NO_BREAK && ((b) = &(g)->brk[i_##b]);                    \
	     i_##b = (b)->next[break_link((b), (index))])

/* ---- lift.c -------------------------------------------------------------- */

/** Instructions have completed while pages were lent: the watches of these are
 *  looked at. What the next one needs may stay. */
void lifts_step_done(struct vcpu *v);
/** Ends the lending of rights. */
void lifts_end(struct vcpu *v);

/* ---- watch.c ------------------------------------------------------------- */

/** True for breaks that compare bytes. */
static inline bool watch_compares(const struct chrono_break *b)
{
	return b->kind == CHRONO_BREAK_WRITE || b->kind == CHRONO_BREAK_ACCESS;
}
/** Remembers the bytes of @b, of all watches. */
void watch_remember(struct vcpu *v, struct brk *b);
void watches_remember(struct vcpu *v);
/** If the bytes of @b are not what was remembered, it is the hit. */
void watch_compare(struct vcpu *v, struct brk *b);
void watches_compare(struct vcpu *v);

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
/** Opcode of the 64-bit instruction at rip, 0fxx for those of two bytes; -1 if
 *  it cannot be read. *modrm is the byte after it. */
int insn_opcode(struct vcpu *v, u8 *modrm, bool *rep);
/** The instruction at rip is a string operation with a repeat prefix. */
bool insn_repeats(struct vcpu *v);

#endif
