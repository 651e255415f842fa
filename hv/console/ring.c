/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor as backend of a domain's console ring (io/console.h).
 *
 * The ring lies in the guest's memory, so each index is read once and a ring
 * whose indices make no sense is emptied. What is drained is a function of the
 * ring alone, and happens in record and in replay; only where the bytes go
 * differs (R3).
 */
#include <hv/console.h>
#include <hv/evtchn.h>
#include <hv/mm.h>
#include <hv/rr.h>
#include <xen/io/console.h>

/* Takes the ring's frame to write to it; NULL when the guest gave it away, or
 * made a page table or descriptors of it. */
static struct xencons_interface *ring_get(struct domain *d, struct page **pg)
{
	if (d->s.console_gmfn == GMFN_NONE || d->dying) {
		return NULL;
	}
	*pg = domain_frame(d, d->s.console_gmfn);
	if (*pg == NULL || page_get_and_type(*pg, d, PGT_WRITABLE) != 0) {
		return NULL;
	}
	return page_va(*pg);
}

static u32 load(const XENCONS_RING_IDX *index)
{
	return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static void store(struct page *pg, XENCONS_RING_IDX *index, u32 value)
{
	page_mark_dirty(pg);
	__atomic_store_n(index, value, __ATOMIC_RELEASE);
}

/* Writes out the bytes from @cons up to @prod. */
static void drain(struct domain *d, const struct xencons_interface *ring,
                  u32 cons, u32 prod)
{
	u32 n = prod - cons;
	char window[128];
	u32 len = 0;

	if (n > sizeof(ring->out)) {
		guest_log(d, "console ring has %u bytes of %zu: emptied", n,
		          sizeof(ring->out));
		return;
	}
	for (u32 i = 0; i < n; i++) {
		window[len++] = ring->out[(cons + i) % sizeof(ring->out)];
		if (len == sizeof(window) || i + 1 == n) {
			console_guest_write(d, window, len);
			len = 0;
		}
	}
}

void console_ring_notify(struct domain *d)
{
	struct xencons_interface *ring;
	struct page *pg;
	u32 cons, prod;

	ring = ring_get(d, &pg);
	if (ring == NULL) {
		return;
	}
	cons = load(&ring->out_cons);
	prod = load(&ring->out_prod);
	if (prod != cons) {
		drain(d, ring, cons, prod);
		store(pg, &ring->out_cons, prod);
		evtchn_publish(d, d->s.console_port);
	}
	page_put_and_type(pg);
}

size_t console_ring_put(struct domain *d, const char *s, size_t len)
{
	struct xencons_interface *ring;
	struct page *pg;
	u32 prod, used, n;

	ring = ring_get(d, &pg);
	if (ring == NULL) {
		return 0;
	}
	prod = load(&ring->in_prod);
	used = prod - load(&ring->in_cons);
	n = used > sizeof(ring->in) ? 0 : (u32)sizeof(ring->in) - used;
	n = (u32)MIN((size_t)n, len);
	page_mark_dirty(pg);
	for (u32 i = 0; i < n; i++) {
		ring->in[(prod + i) % sizeof(ring->in)] = s[i];
	}
	if (n != 0) {
		store(pg, &ring->in_prod, prod + n);
		evtchn_publish(d, d->s.console_port);
	}
	page_put_and_type(pg);
	return n;
}

size_t console_ring_input(struct domain *d, const char *s, size_t len)
{
	return rr_attached(d) ? rr_tap_console(d, s, len)
	                      : console_ring_put(d, s, len);
}
