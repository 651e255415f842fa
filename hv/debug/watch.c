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

static bool is_compared(const struct brk *b)
{
	return b->b.kind == CHRONO_BREAK_WRITE ||
	       b->b.kind == CHRONO_BREAK_ACCESS;
}

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

static void digest(struct watch_value *o, const u8 *p, size_t n, bool more)
{
	struct tf_hash128 h = {o->word[0], o->word[1]};

	if (!more && n <= sizeof(o->word)) {
		memcpy(o->word, p, n);
		return;
	}
	h = tf_hash(h, p, n);
	o->word[0] = h.lo;
	o->word[1] = h.hi;
}

static void value_read(struct vcpu *v, const struct chrono_break *b,
                       struct watch_value *o)
{
	size_t in_page = PAGE_SIZE - (b->address & ~PAGE_MASK);
	size_t n = MIN(b->length, in_page);
	const u8 *p;

	*o = (struct watch_value){.known = false};
	p = byte_at(v, b->address, &o->frame[0]);
	if (p == NULL) {
		return;
	}
	digest(o, p, n, n != b->length);
	if (n != b->length) {
		p = byte_at(v, b->address + n, &o->frame[1]);
		if (p == NULL) {
			return;
		}
		digest(o, p, b->length - n, true);
	}
	o->known = true;
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
	if (is_compared(b)) {
		value_read(v, &b->b, &b->before);
	}
}

void watches_remember(struct vcpu *v)
{
	struct debug *g = v->domain->debug;

	for (unsigned int i = 0; g->nr_values != 0 && i < g->nr_breaks; i++) {
		watch_remember(v, &g->brk[i]);
	}
}

void watches_compare(struct vcpu *v)
{
	struct debug *g = v->domain->debug;

	for (unsigned int i = 0; g->nr_values != 0 && i < g->nr_breaks; i++) {
		struct brk *b = &g->brk[i];
		struct watch_value now;

		if (!is_compared(b) || g->hit.id != 0) {
			continue;
		}
		value_read(v, &b->b, &now);
		if (value_changed(&b->before, &now)) {
			g->hit = b->b;
		}
	}
}
