/* SPDX-License-Identifier: MIT */
/*
 * Breaks by page rights: the twin's leaf of a page with an execution break may
 * not be executed, that of a watched page not be written or not be there at
 * all. So each access that matters faults, before it happens, and there may be
 * any number of breaks. What turns out not to matter is let through by lending
 * the page's rights to one instruction.
 *
 * A leaf belongs to an index of an L1 table, and only the walk that faulted
 * says at which address it is used. Which other addresses lead to it depends
 * on how often the tables above are used: a break counts for a leaf if their
 * addresses agree in the bits that must then be equal (alias_mask()). A table
 * that becomes shared later makes all guarded leaves be filled anew.
 */
#include "priv.h"

#include <hv/rr.h>
#include <mm/table.h>

#define PAGES_MASK (~0UL << PAGE_SHIFT)
#define L1_BITS    0x1ff000UL
#define L2_BITS    0x3ffff000UL
#define L3_BITS    0x7ffffff000UL

static u64 alias_mask(const struct walk *w)
{
	if (mmu_table_shared(w->table[PGT_L1])) {
		return L1_BITS;
	}
	return mmu_table_shared(w->table[PGT_L2]) ? L2_BITS : L3_BITS;
}

static unsigned int break_denies(const struct chrono_break *b)
{
	switch (b->kind) {
	case CHRONO_BREAK_EXEC:
		return NO_EXEC;
	case CHRONO_BREAK_WRITE:
		return NO_WRITE;
	default:
		return NO_ACCESS;
	}
}

static bool on_page(const struct chrono_break *b, u64 va, u64 mask)
{
	return ((b->address ^ va) & mask) == 0 ||
	       ((break_last(b) ^ va) & mask) == 0;
}

/* What the breaks on the page of @va, or on one that shares its leaf, deny. */
static unsigned int denied(const struct debug *g, u64 va, u64 mask)
{
	unsigned int deny = 0;
	struct brk *b;

	for_each_guard(g, b, guard_index(va))
	{
		if (on_page(&b->b, va, mask)) {
			deny |= break_denies(&b->b);
		}
	}
	return deny;
}

static bool is_lifted(const struct debug *g, u64 page)
{
	for (unsigned int i = 0; i < g->nr_lifts; i++) {
		if (g->lift[i].page == page) {
			return true;
		}
	}
	return false;
}

static bool overlaps(const struct chrono_break *b, const struct access *a)
{
	return a->address <= break_last(b) &&
	       b->address <= a->address + a->size - 1;
}

static bool is_for(const struct chrono_break *b, const struct access *a)
{
	return ((b->kind == CHRONO_BREAK_READ && a->read) ||
	        b->kind == CHRONO_BREAK_ACCESS) &&
	       overlaps(b, a);
}

/* Before an instruction that touches a page with a read or access watch: is it
 * for the watch? */
static void note_access(struct vcpu *v, u64 va)
{
	struct debug *g = v->domain->debug;
	struct access a[MAX_ACCESSES + 1];
	bool all = false;
	unsigned int n = access_decode(v, a, &all);
	struct brk *b;

	if (all) {
		a[n++] =
			(struct access){va & PAGES_MASK, PAGE_SIZE, true, true};
	}
	for_each_guard(g, b, guard_index(va))
	{
		for (unsigned int i = 0; i < n && g->access.id == 0; i++) {
			if (is_for(&b->b, &a[i])) {
				g->access = b->b;
			}
		}
	}
}

/* More pages than an instruction can touch are never lent at a time; if they
 * were, the first would fault again. */
static void lift(struct vcpu *v, u64 va, unsigned int deny)
{
	struct debug *g = v->domain->debug;
	struct brk *b;

	if (deny & NO_ACCESS) {
		note_access(v, va);
	}
	for_each_guard(g, b, guard_index(va))
	{
		if (watch_compares(&b->b)) {
			watch_remember(v, b);
		}
	}
	if (g->nr_lifts == MAX_LIFTS) {
		mmu_twin_forget(v, g->lift[0].page);
		g->lift[0] = g->lift[--g->nr_lifts];
	}
	g->lift[g->nr_lifts++] = (struct lift){va & PAGES_MASK, deny};
}

void lifts_end(struct vcpu *v)
{
	struct debug *g = v->domain->debug;

	while (g->nr_lifts != 0) {
		mmu_twin_forget(v, g->lift[--g->nr_lifts].page);
	}
	g->access.id = 0;
}

/* Code on a page with execution breaks alone runs instruction by instruction,
 * looked at before each: the page stays as it is until rip leaves it. */
static bool stays(const struct vcpu *v, const struct lift *l)
{
	return l->deny == NO_EXEC && l->page == (v->s.regs.rip & PAGES_MASK) &&
	       (v->s.regs.vector == X86_DB ||
	        (v->s.regs.vector >= 32 && v->s.regs.vector < 256));
}

void lifts_step_done(struct vcpu *v)
{
	struct debug *g = v->domain->debug;
	unsigned int kept = 0;
	struct brk *b;

	if (g->access.id != 0) {
		g->hit = g->access;
		g->access.id = 0;
	}
	for (unsigned int i = 0; i < g->nr_lifts; i++) {
		struct lift l = g->lift[i];

		for_each_guard(g, b, guard_index(l.page))
		{
			if (watch_compares(&b->b)) {
				watch_compare(v, b);
			}
		}
		if (stays(v, &l)) {
			g->lift[kept++] = l;
		} else {
			mmu_twin_forget(v, l.page);
		}
	}
	g->nr_lifts = kept;
}

u64 debug_leaf(struct vcpu *v, u64 va, const struct walk *w, u64 leaf)
{
	struct debug *g = v->domain->debug;
	u32 code = v->s.regs.error_code;
	unsigned int deny;

	if (is_lifted(g, va & PAGES_MASK)) {
		return leaf;
	}
	deny = denied(g, va, alias_mask(w));
	if ((deny & NO_ACCESS) || ((deny & NO_EXEC) && (code & PFEC_FETCH)) ||
	    ((deny & NO_WRITE) && (code & PFEC_WRITE))) {
		lift(v, va, deny);
		return leaf;
	}
	if (deny & NO_EXEC) {
		leaf |= PTE_NX;
	}
	return deny & NO_WRITE ? leaf & ~PTE_RW : leaf;
}
