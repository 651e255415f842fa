/* SPDX-License-Identifier: MIT */
/*
 * Watches by value. A write watch reports a change of the watched bytes, by
 * the instruction that made it or by the hypervisor on the guest's behalf:
 * output of a hypercall, frames of bounces, published events, page-table
 * writes that were emulated. Bytes that are somewhere else than before, because
 * a page was mapped or another address space is loaded, were not written.
 */
#include "priv.h"

#include <hv/mm.h>
#include <mm/walk.h>
#include <tf/tf.h>

/* Where the byte at @va is for the guest kernel, which sees the user's too. */
static const u8 *byte_at(struct vcpu *v, u64 va, u64 *frame)
{
	struct walk w;

	if (!walk_root(v->domain, v->kernel_root, va, &w) || w.page == NULL) {
		return NULL;
	}
	*frame = page_gmfn(w.page);
	return (const u8 *)page_va(w.page) + (va & ~PAGE_MASK);
}

/* Bytes of the watch in its first page. */
static size_t first_part(const struct chrono_break *b)
{
	return MIN(b->length, PAGE_SIZE - (b->address & ~PAGE_MASK));
}

static void find(struct vcpu *v, const struct chrono_break *b,
                 struct watch_place *p)
{
	const struct debug *g = v->domain->debug;
	size_t n = first_part(b);

	if (p->root == v->kernel_root && p->map_changes == g->map_changes) {
		return;
	}
	*p = (struct watch_place){.root = v->kernel_root,
	                          .map_changes = g->map_changes};
	p->at[0] = byte_at(v, b->address, &p->frame[0]);
	if (n != b->length) {
		p->at[1] = byte_at(v, b->address + n, &p->frame[1]);
	}
}

static void value_read(struct vcpu *v, struct brk *b, struct watch_value *o)
{
	const struct watch_place *p = &b->place;
	size_t n = first_part(&b->b), rest = b->b.length - n;
	struct tf_hash128 h = {0, 0};

	find(v, &b->b, &b->place);
	*o = (struct watch_value){.frame = {p->frame[0], p->frame[1]},
	                          .known = p->at[0] != NULL &&
	                                   (rest == 0 || p->at[1] != NULL)};
	if (!o->known) {
		return;
	}
	if (rest == 0 && n <= sizeof(o->word)) {
		memcpy(o->word, p->at[0], n);
		return;
	}
	h = tf_hash(h, p->at[0], n);
	if (rest != 0) {
		h = tf_hash(h, p->at[1], rest);
	}
	o->word[0] = h.lo;
	o->word[1] = h.hi;
}

static bool value_changed(const struct watch_value *a,
                          const struct watch_value *b)
{
	return a->known && b->known && a->frame[0] == b->frame[0] &&
	       a->frame[1] == b->frame[1] &&
	       (a->word[0] != b->word[0] || a->word[1] != b->word[1]);
}

void watch_remember(struct vcpu *v, struct brk *b)
{
	value_read(v, b, &b->before);
}

void watch_compare(struct vcpu *v, struct brk *b)
{
	struct debug *g = v->domain->debug;
	struct watch_value now;

	if (g->hit.id == 0) {
		value_read(v, b, &now);
		if (value_changed(&b->before, &now)) {
			g->hit = b->b;
		}
	}
}

void watches_remember(struct vcpu *v)
{
	struct debug *g = v->domain->debug;

	for (unsigned int i = 0; i < g->nr_values; i++) {
		watch_remember(v, &g->brk[g->value[i]]);
	}
}

void watches_compare(struct vcpu *v)
{
	struct debug *g = v->domain->debug;

	for (unsigned int i = 0; i < g->nr_values; i++) {
		watch_compare(v, &g->brk[g->value[i]]);
	}
}
