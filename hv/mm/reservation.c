/* SPDX-License-Identifier: MIT */
/*
 * memory_op: a domain gets and gives back frames (memory.h). Progress of a
 * call that is cut is in argument 0 above the sub-op: the first extent that is
 * not done. The result is the number of extents done, also when no more could
 * be done, for whatever reason but a lack of privilege.
 */
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <mm/foreign.h>
#include <mm/table.h>
#include <xen/memory.h>

#define CMD_BITS   6
#define MAX_ORDER  9
/* Frames that one call moves before it is cut. */
#define CUT_FRAMES 2048

struct reservation {
	struct domain *d;
	u64 list; /* guest address of the extents */
	u64 start, count;
	unsigned int order;
	unsigned int address_bits; /* 0: any */
};

/* One extent; false when it could not be done. */
typedef bool extent_fn(struct hc_frame *f, struct reservation *r, u64 index);

static int read_request(struct vcpu *v, struct hc_frame *f,
                        struct reservation *r)
{
	const struct xen_memory_reservation *a =
		hc_arg_as(f, struct xen_memory_reservation);
	int err = hc_read(f, f->buf, f->args[1], sizeof(*a));

	r->d = err == 0 ? mm_target(v->domain, a->domid, &err) : NULL;
	if (r->d == NULL) {
		return err;
	}
	r->list = (u64)a->extent_start.p;
	r->start = f->args[0] >> CMD_BITS;
	r->count = a->nr_extents;
	r->order = a->extent_order;
	r->address_bits = XENMEMF_get_address_bits(a->mem_flags);
	if (r->count > 1UL << 32 || r->start > r->count) {
		return -XEN_EINVAL;
	}
	return 0;
}

static u64 extent_address(const struct reservation *r, u64 index)
{
	return r->list + index * sizeof(xen_pfn_t);
}

/* Runs @fn from the start on, until it fails or the call is cut. */
static long run(struct vcpu *v, struct hc_frame *f, extent_fn *fn)
{
	struct reservation r;
	int err = read_request(v, f, &r);
	u64 i, left = CUT_FRAMES;

	if (err == -XEN_EPERM) {
		return err;
	}
	if (err != 0 || r.order > MAX_ORDER) {
		return (long)(f->args[0] >> CMD_BITS);
	}
	if (mm_begin(r.d) != 0) {
		return HC_RESTART;
	}
	for (i = r.start; i < r.count; i++) {
		if (left < 1UL << r.order) {
			f->args[0] = f->sub | i << CMD_BITS;
			return HC_RESTART;
		}
		left -= 1UL << r.order;
		if (!fn(f, &r, i)) {
			break;
		}
	}
	return (long)i;
}

static void drop_frames(struct page *pg, unsigned int order)
{
	for (u64 i = 0; i < 1UL << order; i++) {
		pg[i].flags &= ~PGF_ALLOCATED;
		page_put(&pg[i]);
	}
}

static struct page *allocate(const struct reservation *r)
{
	struct page *pg = domain_frames_alloc(r->d, r->order);
	u64 last;

	if (pg == NULL || r->address_bits == 0 || r->d->traced) {
		return pg;
	}
	last = page_pa(pg) + (PAGE_SIZE << r->order) - 1;
	if (r->address_bits < 64 && last >> r->address_bits != 0) {
		drop_frames(pg, r->order);
		return NULL;
	}
	return pg;
}

/* Tells the guest where the extent is; takes it back if it cannot hear. */
static bool report(struct hc_frame *f, const struct reservation *r, u64 index,
                   struct page *pg)
{
	u64 gmfn = page_gmfn(pg);

	if (hc_write(f, extent_address(r, index), &gmfn, sizeof(gmfn)) != 0) {
		drop_frames(pg, r->order);
		return false;
	}
	return true;
}

static bool populate_extent(struct hc_frame *f, struct reservation *r,
                            u64 index)
{
	struct page *pg;
	u64 pfn;

	if (hc_read(f, &pfn, extent_address(r, index), sizeof(pfn)) != 0) {
		return false;
	}
	pg = allocate(r);
	if (pg == NULL) {
		return false;
	}
	for (u64 i = 0; i < 1UL << r->order; i++) {
		m2p_set(r->d, &pg[i], pfn + i);
	}
	return report(f, r, index, pg);
}

long hc_populate_physmap(struct vcpu *v, struct hc_frame *f)
{
	return run(v, f, populate_extent);
}

static bool increase_extent(struct hc_frame *f, struct reservation *r,
                            u64 index)
{
	struct page *pg = allocate(r);

	return pg != NULL && (r->list == 0 || report(f, r, index, pg));
}

long hc_increase_reservation(struct vcpu *v, struct hc_frame *f)
{
	return run(v, f, increase_extent);
}

/* The domain lets go of a frame; it is free once nothing refers to it. */
static bool release_frame(struct domain *d, u64 gmfn)
{
	struct page *pg = domain_frame(d, gmfn);

	if (pg == NULL || pg->owner != d || !(pg->flags & PGF_ALLOCATED)) {
		return false;
	}
	pg->flags &= ~PGF_ALLOCATED;
	page_put(pg);
	return true;
}

static bool decrease_extent(struct hc_frame *f, struct reservation *r,
                            u64 index)
{
	u64 gmfn;

	if (hc_read(f, &gmfn, extent_address(r, index), sizeof(gmfn)) != 0) {
		return false;
	}
	for (u64 i = 0; i < 1UL << r->order; i++) {
		if (!release_frame(r->d, gmfn + i)) {
			return false;
		}
	}
	return true;
}

long hc_decrease_reservation(struct vcpu *v, struct hc_frame *f)
{
	return run(v, f, decrease_extent);
}

static long domain_answer(struct vcpu *v, struct hc_frame *f,
                          u64 (*answer)(const struct domain *d))
{
	int err;
	struct domain *d = mm_target(v->domain, *hc_arg_as(f, domid_t), &err);

	return d == NULL ? err : (long)answer(d);
}

static u64 current_pages(const struct domain *d)
{
	return d->nr_pages;
}

static u64 maximum_pages(const struct domain *d)
{
	return d->max_pages;
}

/* The guest keeps the number of its frame list's entries in shared_info. */
static u64 maximum_gpfn(const struct domain *d)
{
	return d->shared == NULL ? ~0UL : d->shared->arch.max_pfn - 1;
}

long hc_current_reservation(struct vcpu *v, struct hc_frame *f)
{
	return domain_answer(v, f, current_pages);
}

long hc_maximum_reservation(struct vcpu *v, struct hc_frame *f)
{
	return domain_answer(v, f, maximum_pages);
}

long hc_maximum_gpfn(struct vcpu *v, struct hc_frame *f)
{
	return domain_answer(v, f, maximum_gpfn);
}
