/* SPDX-License-Identifier: MIT */
/*
 * The set of a domain's breaks: found by id, by address, and by the index that
 * their pages have in an L1 table.
 */
#include "priv.h"

#include <mm/table.h>

#define BREAK_BYTES (CHRONO_MAX_BREAKS * sizeof(struct brk))
#define VALUE_BYTES (CHRONO_MAX_BREAKS * sizeof(u16))

bool debug_guards(const struct domain *d, unsigned int index)
{
	return d->debug != NULL && d->debug->guard[index] != NO_BREAK;
}

void debug_map_changed(struct domain *d)
{
	if (d->debug != NULL) {
		d->debug->map_changes++;
	}
}

static int break_check(const struct domain *d, const struct chrono_break *b)
{
	bool exec = b->kind == CHRONO_BREAK_EXEC;

	if (b->kind > CHRONO_BREAK_ACCESS || b->kind == 1) {
		return -XEN_EINVAL;
	}
	if (b->length == 0 || b->length > (exec ? 1 : WATCH_LENGTH) ||
	    break_last(b) < b->address || !is_canonical(b->address) ||
	    !is_canonical(break_last(b)) || is_hv_va(b->address) ||
	    is_hv_va(break_last(b))) {
		return -XEN_EINVAL;
	}
	return d->mmu == &mmu_twin ? 0 : -XEN_EBUSY;
}

static bool has_memory(struct debug *g)
{
	if (g->brk == NULL) {
		g->brk = hv_pages_alloc(BREAK_BYTES);
	}
	if (g->value == NULL) {
		g->value = hv_pages_alloc(VALUE_BYTES);
	}
	return g->brk != NULL && g->value != NULL;
}

void breaks_free(struct debug *g)
{
	hv_pages_free(g->brk, BREAK_BYTES);
	hv_pages_free(g->value, VALUE_BYTES);
}

void breaks_init(struct debug *g)
{
	for (unsigned int i = 0; i < GUARD_SLOTS; i++) {
		g->guard[i] = NO_BREAK;
	}
}

static u16 slot_take(struct debug *g)
{
	for (unsigned int i = 0; i < g->used; i++) {
		if (g->brk[i].b.id == 0) {
			return (u16)i;
		}
	}
	return (u16)g->used++;
}

static void guard_add(struct debug *g, u16 slot, unsigned int index)
{
	struct brk *b = &g->brk[slot];

	b->next[break_link(b, index)] = g->guard[index];
	g->guard[index] = slot;
	mmu_twin_forget_index(g->d, index);
}

/* Leaves with fewer rights than they might have now do no harm: the next fault
 * fills them. */
static void guard_remove(struct debug *g, u16 slot, unsigned int index)
{
	u16 *link = &g->guard[index];

	while (*link != slot) {
		struct brk *b = &g->brk[*link];

		link = &b->next[break_link(b, index)];
	}
	*link = g->brk[slot].next[break_link(&g->brk[slot], index)];
}

int debug_break_set(struct domain *d, struct chrono_break *b)
{
	struct debug *g = d->debug;
	unsigned int first, last;
	u16 slot;
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
	if (!has_memory(g)) {
		return -XEN_ENOMEM;
	}
	b->id = ++g->last_id;
	slot = slot_take(g);
	g->brk[slot] = (struct brk){.b = *b};
	g->nr_breaks++;
	first = guard_index(b->address);
	last = guard_index(break_last(b));
	guard_add(g, slot, first);
	if (last != first) {
		guard_add(g, slot, last);
	}
	if (watch_compares(b)) {
		g->value[g->nr_values++] = slot;
		watch_remember(d->vcpu[0], &g->brk[slot]);
	}
	return 0;
}

static void value_remove(struct debug *g, u16 slot)
{
	for (unsigned int i = 0; i < g->nr_values; i++) {
		if (g->value[i] == slot) {
			g->value[i] = g->value[--g->nr_values];
			return;
		}
	}
}

int debug_break_clear(struct domain *d, u32 id)
{
	struct debug *g = d->debug;

	for (unsigned int i = 0; g != NULL && id != 0 && i < g->used; i++) {
		struct chrono_break *b = &g->brk[i].b;
		unsigned int first = guard_index(b->address);
		unsigned int last = guard_index(break_last(b));

		if (b->id != id) {
			continue;
		}
		guard_remove(g, (u16)i, first);
		if (last != first) {
			guard_remove(g, (u16)i, last);
		}
		value_remove(g, (u16)i);
		b->id = 0;
		g->nr_breaks--;
		return 0;
	}
	return -XEN_ENOENT;
}

const struct chrono_break *break_at(const struct debug *g, u64 address)
{
	struct brk *b;

	for_each_guard(g, b, guard_index(address))
	{
		if (b->b.kind == CHRONO_BREAK_EXEC && b->b.address == address) {
			return &b->b;
		}
	}
	return NULL;
}
