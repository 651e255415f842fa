/* SPDX-License-Identifier: MIT */
/*
 * Page tables of guests: what an entry may hold, what it refers to, and how
 * tables become and stop being tables.
 *
 * Work on tables is bounded. Each entry that is checked or dropped costs one
 * unit of a budget that a hypercall refills when it begins; when it is used up
 * the work stops where it is and -XEN_ERESTART travels up. A table that is cut
 * while it is validated holds a plain and a type reference on itself
 * (PGF_PARTIAL), whoever comes next for the same type goes on, and the two
 * pass to the one who completes it. A table that is taken apart (PGF_TEARDOWN)
 * holds the same two and lies on its owner's stack of work. So no state ever
 * depends on who was cut, and no path recurses deeper than the four levels.
 *
 * All of this runs on one CPU with interrupts off.
 */
#ifndef MM_TABLE_H
#define MM_TABLE_H

#include <hv/mm.h>

#define TABLE_ENTRIES 512

/* Entries that one hypercall checks or drops before it is cut. */
#define MM_CUT_ENTRIES  2048
/* Requests that one mmu_update or mmuext_op carries out before it is cut. */
#define MM_CUT_REQUESTS 256

static inline u64 *table_entries(const struct page *table)
{
	return page_va(table);
}

/** True for the L4 entries that belong to the hypervisor. */
static inline bool is_hv_slot(unsigned int level, unsigned int index)
{
	return level == PGT_L4 && index >= HV_SLOT_FIRST &&
	       index <= HV_SLOT_LAST;
}

/* ---- mm/work.c ----------------------------------------------------------- */

/** Refills the budget and continues what waits on @d. 0 or -ERESTART. */
int mm_begin(struct domain *d) __must_check;
/** Continues what waits on @d with the budget left. 0 or -ERESTART. */
int mm_work(struct domain *d);
/** Spends one unit; false when there was none left: the caller stops. */
bool mm_spend(void);
/** Refills the budget alone. */
void mm_refill(void);
/** Puts @table, whose first @entries hold references, on its owner's stack.
 *  It brings a plain and a type reference of its own. */
void mm_work_push(struct page *table, unsigned int entries);

/* ---- mm/entry.c ---------------------------------------------------------- */

/** Checks the flag bits of a present entry for @level and adjusts them as the
 *  ABI says. 0 or -EINVAL. */
int entry_check(unsigned int level, u64 *pte) __must_check;
/** Takes the references of a present, checked entry of a table of @d that
 *  names a frame of @source. A frame number of @source's becomes @d's. 0, or
 *  -EINVAL, -EBUSY (the frame may not be mapped writable), -ERESTART, with none
 *  taken. */
int entry_get(struct domain *d, struct domain *source, unsigned int level,
              u64 *pte) __must_check;
/** Drops the references of an entry that was stored. */
void entry_put(struct domain *d, unsigned int level, u64 pte);

/* ---- mm/page.c ----------------------------------------------------------- */

/** Drops a type and a plain reference. Never works on tables: the last one
 *  leaves them on the stack. */
void page_put_and_type_later(struct page *pg);

/* ---- mm/validate.c ------------------------------------------------------- */

/** Begins or continues the validation of @pg, whose type and PGF_PARTIAL are
 *  set. 0, or -ERESTART, or an error with entries below `partial` referenced.
 */
int table_validate(struct page *pg) __must_check;

/* ---- mm/update.c --------------------------------------------------------- */

/** Replaces entry @index of a validated table by @pte, whose frame @source
 *  owns. What is dropped waits on the owner's stack: mm_work() comes next.
 *  0, -EINVAL, -EBUSY, -ERESTART. */
int table_update(struct page *table, unsigned int index, u64 pte,
                 struct domain *source, bool preserve_ad) __must_check;

/* ---- mm/table_address.c -------------------------------------------------- */

/** Entry @index of @table, which is about to be or is live, refers to the table
 *  @child, which holds the reference. Both have twins. */
void table_linked(const struct page *table, unsigned int index,
                  struct page *child);
/** @table, which just got its twin, is referred to by no live entry. */
void table_unlinked(struct page *table);
/** Flushes the addresses that entry @index of @table translates. False when
 *  not all of them are known. */
bool table_entry_flush(const struct page *table, unsigned int index);

/* ---- mm/tlb.c ------------------------------------------------------------ */

/** A present entry of a live table was replaced: TLBs may hold the old one. */
void tlb_note_stale(void);
/** Before a frame or a twin goes to another use: flushes at once if an entry
 *  that referred to it may still be in a TLB. */
void tlb_flush_stale(void);

#endif
