/* SPDX-License-Identifier: MIT */
/*
 * XENMEM_exchange: frames against others of another size (memory.h). The call
 * works chunk by chunk, a chunk being one extent of the larger order. A chunk
 * is exchanged wholly or not at all, and nr_exchanged in the guest's struct
 * always says how far it is; a cut call goes on from there.
 */
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <mm/foreign.h>
#include <mm/table.h>
#include <xen/memory.h>

#define MAX_ORDER  9
#define CUT_FRAMES 2048

struct exchange {
	struct domain *d;
	u64 in, out; /* guest addresses of the extent lists */
	unsigned int in_order, out_order, order; /* the last: of a chunk */
	unsigned int address_bits;
	u64 chunk, chunks; /* next, all */
	unsigned int nr_claimed;
	u32 claimed[1 << MAX_ORDER]; /* frames of the chunk in hand, mfns */
};

static u64 in_per_chunk(const struct exchange *x)
{
	return 1UL << (x->order - x->in_order);
}

static u64 out_per_chunk(const struct exchange *x)
{
	return 1UL << (x->order - x->out_order);
}

static int read_request(struct vcpu *v, struct xen_memory_exchange *a,
                        struct exchange *x)
{
	u64 done = a->nr_exchanged;
	int err;

	if (a->in.extent_order > MAX_ORDER || a->out.extent_order > MAX_ORDER ||
	    a->in.domid != a->out.domid || a->in.nr_extents > 1UL << 32 ||
	    a->out.nr_extents > 1UL << 32 || done > a->in.nr_extents ||
	    a->in.nr_extents << a->in.extent_order !=
	            a->out.nr_extents << a->out.extent_order) {
		return -XEN_EINVAL;
	}
	x->d = mm_target(v->domain, a->in.domid, &err);
	if (x->d == NULL) {
		return err;
	}
	if (x->d->traced) {
		return -XEN_ENOSYS;
	}
	x->in = (u64)a->in.extent_start.p;
	x->out = (u64)a->out.extent_start.p;
	x->in_order = a->in.extent_order;
	x->out_order = a->out.extent_order;
	x->order = MAX(x->in_order, x->out_order);
	x->address_bits = XENMEMF_get_address_bits(a->out.mem_flags);
	if (a->in.nr_extents % in_per_chunk(x) != 0 ||
	    done % in_per_chunk(x) != 0) {
		return -XEN_EINVAL;
	}
	x->chunk = done / in_per_chunk(x);
	x->chunks = a->in.nr_extents / in_per_chunk(x);
	return 0;
}

static void unclaim(struct exchange *x)
{
	while (x->nr_claimed > 0) {
		mfn_page(x->claimed[--x->nr_claimed])->flags |= PGF_ALLOCATED;
	}
}

/* A frame can be given away when only its allocation refers to it. Claimed,
 * it is not allocated any more, so a list cannot name it twice. */
static bool claim_frame(struct exchange *x, u64 gmfn)
{
	struct page *pg = domain_frame(x->d, gmfn);

	if (pg == NULL || pg->owner != x->d || !(pg->flags & PGF_ALLOCATED) ||
	    pg->refs != 1) {
		return false;
	}
	pg->flags &= ~PGF_ALLOCATED;
	x->claimed[x->nr_claimed++] = (u32)page_mfn(pg);
	return true;
}

static int claim_extent(struct hc_frame *f, struct exchange *x, u64 index)
{
	u64 gmfn;

	if (hc_read(f, &gmfn, x->in + index * sizeof(gmfn), sizeof(gmfn)) !=
	    0) {
		return -XEN_EFAULT;
	}
	for (u64 i = 0; i < 1UL << x->in_order; i++) {
		if (!claim_frame(x, gmfn + i)) {
			return -XEN_EINVAL;
		}
	}
	return 0;
}

static int claim_input(struct hc_frame *f, struct exchange *x)
{
	u64 n = in_per_chunk(x);

	for (u64 i = 0; i < n; i++) {
		int err = claim_extent(f, x, x->chunk * n + i);

		if (err != 0) {
			unclaim(x);
			return err;
		}
	}
	return 0;
}

static void release_input(struct exchange *x)
{
	while (x->nr_claimed > 0) {
		page_put(mfn_page(x->claimed[--x->nr_claimed]));
	}
}

static void drop(struct page *pg, unsigned int order)
{
	for (u64 i = 0; i < 1UL << order; i++) {
		pg[i].flags &= ~PGF_ALLOCATED;
		page_put(&pg[i]);
	}
}

/* New frames for one chunk, contiguous as a whole. The domain's limit is not
 * in the way: the old ones go right after. */
static struct page *allocate(struct exchange *x)
{
	u64 frames = 1UL << x->order, limit = x->d->max_pages;
	struct page *pg;

	x->d->max_pages = MAX(limit, x->d->nr_pages + frames);
	pg = domain_frames_alloc(x->d, x->order);
	x->d->max_pages = limit;
	if (pg != NULL && x->address_bits != 0 && x->address_bits < 64 &&
	    (page_pa(pg) + (PAGE_SIZE << x->order) - 1) >> x->address_bits) {
		drop(pg, x->order);
		return NULL;
	}
	return pg;
}

/* The output list's numbers become M2P entries, and machine frames take their
 * place. */
static int report(struct hc_frame *f, struct exchange *x, struct page *pg)
{
	u64 n = out_per_chunk(x);

	for (u64 i = 0; i < n; i++) {
		struct page *first = pg + (i << x->out_order);
		u64 gmfn = page_gmfn(first), pfn;
		u64 at = x->out + (x->chunk * n + i) * sizeof(pfn);

		if (hc_read(f, &pfn, at, sizeof(pfn)) != 0 ||
		    hc_write(f, at, &gmfn, sizeof(gmfn)) != 0) {
			return -XEN_EFAULT;
		}
		for (u64 k = 0; k < 1UL << x->out_order; k++) {
			m2p_set(x->d, &first[k], pfn + k);
		}
	}
	return 0;
}

static int exchange_chunk(struct hc_frame *f, struct exchange *x)
{
	struct page *pg;
	int err = claim_input(f, x);

	if (err != 0) {
		return err;
	}
	pg = allocate(x);
	if (pg == NULL) {
		unclaim(x);
		return -XEN_ENOMEM;
	}
	err = report(f, x, pg);
	if (err != 0) {
		drop(pg, x->order);
		unclaim(x);
		return err;
	}
	release_input(x);
	return 0;
}

static int write_progress(struct hc_frame *f, const struct exchange *x)
{
	u64 done = x->chunk * in_per_chunk(x);

	return hc_write(
		f,
		f->args[1] + offsetof(struct xen_memory_exchange, nr_exchanged),
		&done, sizeof(done));
}

long hc_memory_exchange(struct vcpu *v, struct hc_frame *f)
{
	struct xen_memory_exchange *a =
		hc_arg_as(f, struct xen_memory_exchange);
	struct exchange x = {0};
	u64 left = CUT_FRAMES;
	int err = read_request(v, a, &x);

	if (err != 0) {
		return err;
	}
	err = mm_begin(x.d);
	while (err == 0 && x.chunk < x.chunks) {
		if (left < 1UL << x.order) {
			err = HC_RESTART;
			break;
		}
		left -= 1UL << x.order;
		err = exchange_chunk(f, &x);
		if (err == 0) {
			x.chunk++;
		}
	}
	a->nr_exchanged = x.chunk * in_per_chunk(&x);
	if (err != 0 && write_progress(f, &x) != 0) {
		return -XEN_EFAULT;
	}
	return err;
}
