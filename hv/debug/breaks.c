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

/* Rights that a page must not have. */
#define NO_EXEC   1u
#define NO_WRITE  2u
#define NO_ACCESS 4u

static unsigned int guard_index(u64 va)
{
	return va >> PAGE_SHIFT & (GUARD_SLOTS - 1);
}

static u64 last_byte(const struct chrono_break *b)
{
	return b->address + b->length - 1;
}

static bool compared(const struct chrono_break *b)
{
	return b->kind == CHRONO_BREAK_WRITE || b->kind == CHRONO_BREAK_ACCESS;
}

bool debug_guards(const struct domain *d, unsigned int index)
{
	return d->debug != NULL && d->debug->guard[index] != 0;
}

/* ---- the set of breaks --------------------------------------------------- */

static int break_check(const struct domain *d, const struct chrono_break *b)
{
	bool exec = b->kind == CHRONO_BREAK_EXEC;

	if (b->kind > CHRONO_BREAK_ACCESS || b->kind == 1) {
		return -XEN_EINVAL;
	}
	if (b->length == 0 || b->length > (exec ? 1 : WATCH_LENGTH) ||
	    !is_canonical(b->address) || !is_canonical(last_byte(b)) ||
	    last_byte(b) < b->address || is_hv_va(b->address) ||
	    is_hv_va(last_byte(b))) {
		return -XEN_EINVAL;
	}
	return d->mmu == &mmu_twin ? 0 : -XEN_EBUSY;
}

static void guard(struct debug *g, const struct chrono_break *b, int change)
{
	unsigned int first = guard_index(b->address);
	unsigned int last = guard_index(last_byte(b));

	g->guard[first] = (u16)(g->guard[first] + change);
	if (last != first) {
		g->guard[last] = (u16)(g->guard[last] + change);
	}
	if (change > 0) {
		mmu_twin_forget_index(g->d, first);
		mmu_twin_forget_index(g->d, last);
	}
}

int debug_break_set(struct domain *d, struct chrono_break *b)
{
	struct debug *g = d->debug;
	struct brk *n;
	int err;

	if (g == NULL) {
		return -XEN_EINVAL;
	}
	err = break_check(d, b);
	if (err != 0) {
		return err;
	}
	if (g->nr_breaks == CHRONO_MAX_BREAKS) {
		return -XEN_ENOSPC;
	}
	if (g->brk == NULL) {
		g->brk = hv_pages_alloc(CHRONO_MAX_BREAKS * sizeof(*g->brk));
	}
	if (g->brk == NULL) {
		return -XEN_ENOMEM;
	}
	b->id = ++g->last_id;
	n = &g->brk[g->nr_breaks++];
	*n = (struct brk){.b = *b};
	g->nr_values += compared(b);
	guard(g, b, 1);
	watch_remember(d->vcpu[0], n);
	return 0;
}

/* Leaves with fewer rights than they might have now do no harm: the next fault
 * fills them. */
int debug_break_clear(struct domain *d, u32 id)
{
	struct debug *g = d->debug;

	for (unsigned int i = 0; g != NULL && i < g->nr_breaks; i++) {
		struct brk *b = &g->brk[i];

		if (b->b.id != id) {
			continue;
		}
		g->nr_values -= compared(&b->b);
		guard(g, &b->b, -1);
		*b = g->brk[--g->nr_breaks];
		return 0;
	}
	return -XEN_ENOENT;
}

const struct chrono_break *break_at(const struct debug *g, u64 address)
{
	if (g->guard[guard_index(address)] == 0) {
		return NULL;
	}
	for (unsigned int i = 0; i < g->nr_breaks; i++) {
		const struct chrono_break *b = &g->brk[i].b;

		if (b->kind == CHRONO_BREAK_EXEC && b->address == address) {
			return b;
		}
	}
	return NULL;
}

/* ---- leaves -------------------------------------------------------------- */

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

/* What the breaks on the page of @va, or on one that shares its leaf, deny. */
static unsigned int denied(const struct debug *g, u64 va, u64 mask)
{
	unsigned int deny = 0;

	for (unsigned int i = 0; i < g->nr_breaks; i++) {
		const struct chrono_break *b = &g->brk[i].b;

		if (((b->address ^ va) & mask) == 0 ||
		    ((last_byte(b) ^ va) & mask) == 0) {
			deny |= break_denies(b);
		}
	}
	return deny;
}

static bool is_lifted(const struct debug *g, u64 page)
{
	for (unsigned int i = 0; i < g->nr_lifts; i++) {
		if (g->lift[i] == page) {
			return true;
		}
	}
	return false;
}

static bool overlaps(const struct chrono_break *b, const struct access *a)
{
	return a->address <= last_byte(b) &&
	       b->address <= a->address + a->size - 1;
}

/* The first read or access watch that @a is for. */
static const struct chrono_break *accessed(const struct debug *g,
                                           const struct access *a)
{
	for (unsigned int i = 0; i < g->nr_breaks; i++) {
		const struct chrono_break *b = &g->brk[i].b;

		if (((b->kind == CHRONO_BREAK_READ && a->read) ||
		     b->kind == CHRONO_BREAK_ACCESS) &&
		    overlaps(b, a)) {
			return b;
		}
	}
	return NULL;
}

/* Before an instruction that touches a page with a read or access watch: is it
 * for the watch? */
static void note_access(struct vcpu *v, u64 va)
{
	struct debug *g = v->domain->debug;
	struct access a[MAX_ACCESSES + 1];
	bool all = false;
	unsigned int n = access_decode(v, a, &all);

	if (all) {
		a[n++] =
			(struct access){va & PAGES_MASK, PAGE_SIZE, true, true};
	}
	for (unsigned int i = 0; i < n && g->access.id == 0; i++) {
		const struct chrono_break *b = accessed(g, &a[i]);

		if (b != NULL) {
			g->access = *b;
		}
	}
}

/* More pages than an instruction can touch are never lent at a time; if they
 * were, the first would fault again. */
static void lift(struct vcpu *v, u64 va, unsigned int deny)
{
	struct debug *g = v->domain->debug;

	if (g->nr_lifts == 0) {
		g->access.id = 0;
		watches_remember(v);
	}
	if (deny & NO_ACCESS) {
		note_access(v, va);
	}
	if (g->nr_lifts == MAX_LIFTS) {
		mmu_twin_forget(v, g->lift[0]);
		g->lift[0] = g->lift[--g->nr_lifts];
	}
	g->lift[g->nr_lifts++] = va & PAGES_MASK;
}

void lifts_end(struct vcpu *v)
{
	struct debug *g = v->domain->debug;

	while (g->nr_lifts != 0) {
		mmu_twin_forget(v, g->lift[--g->nr_lifts]);
	}
	g->access.id = 0;
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

bool debug_stops_fetch(struct vcpu *v, u64 va)
{
	struct debug *g = v->domain->debug;
	const struct debug_cpu *c;
	u64 rip = v->s.regs.rip;

	if (g == NULL || !(v->s.regs.error_code & PFEC_FETCH) ||
	    (va & PAGES_MASK) != (rip & PAGES_MASK) ||
	    (v->domain->rr != NULL && v->domain->rr->retry)) {
		return false;
	}
	c = &g->cpu[v->id];
	if ((c->ticks == c->checked_ticks && rip == c->checked_rip) ||
	    break_at(g, rip) == NULL) {
		return false;
	}
	g->stops_fetch = true;
	return true;
}
