/* SPDX-License-Identifier: MIT */
/*
 * GNTTABOP_map_grant_ref and unmap_grant_ref.
 *
 * A host mapping is an entry of a page table of the caller, changed through
 * table_update() like every other, so its references are those of any entry:
 * a plain one, and a writable one unless the mapping is read-only.
 */
#include "batch.h"
#include "table.h"

#include <hv/errno.h>
#include <mm/table.h>

/* Bits 9 to 11 of an entry are the guest's, given in the flags' high half. */
#define AVAIL_SHIFT 9
#define AVAIL_BITS  7U

/* Where the entry of a host mapping is. */
struct place {
	struct page *table;
	unsigned int index;
};

static bool place_by_address(struct domain *d, u64 addr, struct place *p)
{
	struct page *pg = domain_frame(d, addr >> PAGE_SHIFT);

	if (addr % sizeof(u64) != 0 || pg == NULL || pg->owner != d ||
	    !page_is_table(pg) || pg->type != PGT_L1) {
		return false;
	}
	p->table = pg;
	p->index = (unsigned int)(addr % PAGE_SIZE / sizeof(u64));
	return true;
}

static bool place_by_va(struct vcpu *v, u64 va, struct place *p)
{
	struct walk w;

	(void)guest_walk(v, va, &w);
	p->table = w.table[PGT_L1];
	p->index = w.index[PGT_L1];
	return p->table != NULL && p->table->owner == v->domain;
}

static bool place_find(struct vcpu *v, u64 host_addr, bool is_pte,
                       struct place *p)
{
	return is_pte ? place_by_address(v->domain, host_addr, p)
	              : place_by_va(v, host_addr, p);
}

static u64 place_read(const struct place *p)
{
	return ((const u64 *)page_va(p->table))[p->index];
}

static u64 mapping_pte(const struct page *pg, u32 flags)
{
	u64 pte = (u64)page_gmfn(pg) << PAGE_SHIFT | PTE_P | PTE_A | PTE_D;

	if (!(flags & GNTMAP_readonly)) {
		pte |= PTE_RW;
	}
	if (flags & GNTMAP_application_map) {
		pte |= PTE_U;
	}
	return pte | (u64)(flags >> _GNTMAP_guest_avail0 & AVAIL_BITS)
	                     << AVAIL_SHIFT;
}

/* GNTST_* or HC_RESTART. */
static long map_host(struct vcpu *v, const struct gnttab_map_grant_ref *op,
                     struct domain *rd, const struct page *pg)
{
	struct place p;
	int err;

	if (!place_find(v, op->host_addr, op->flags & GNTMAP_contains_pte,
	                &p)) {
		return GNTST_general_error;
	}
	if (place_read(&p) & PTE_P) {
		tlb_flush_domain(v->domain);
	}
	err = table_update(p.table, p.index, mapping_pte(pg, op->flags), rd,
	                   false);
	if (err == -XEN_ERESTART) {
		return HC_RESTART;
	}
	return err == 0 ? GNTST_okay : GNTST_general_error;
}

/* Makes the parts that @op asks for; on an error none is left. */
static long map_parts(struct vcpu *v, struct gnttab_map_grant_ref *op,
                      struct domain *rd, struct grant_handle *h)
{
	bool write = !(op->flags & GNTMAP_readonly);
	struct page *pg;
	long status = GNTST_okay;

	if (op->flags & GNTMAP_device_map) {
		status = grant_begin(rd, op->ref, v->domain, write, &pg);
		if (status != GNTST_okay) {
			return status;
		}
		h->flags |= HANDLE_DEVICE;
	}
	if (op->flags & GNTMAP_host_map) {
		status = grant_begin(rd, op->ref, v->domain, write, &pg);
		if (status == GNTST_okay) {
			h->flags |= HANDLE_HOST;
			status = map_host(v, op, rd, pg);
		}
	}
	if (status == GNTST_okay) {
		op->dev_bus_addr = page_pa(pg);
		return status;
	}
	handle_end_parts(h, h->flags & HANDLE_PARTS);
	return status;
}

static long map_one(struct vcpu *v, struct gnttab_map_grant_ref *op)
{
	bool write = !(op->flags & GNTMAP_readonly);
	struct domain *rd = domain_resolve(op->dom);
	struct grant_handle *h;
	long status;
	int n;

	if (rd == NULL || rd->dying) {
		return GNTST_bad_domain;
	}
	if (!(op->flags & (GNTMAP_host_map | GNTMAP_device_map))) {
		return GNTST_bad_gntref;
	}
	if (grant_refused(rd, v->domain)) {
		return GNTST_permission_denied;
	}
	n = handle_alloc(v->domain);
	if (n < 0) {
		return GNTST_no_space;
	}
	h = handle_at(v->domain, (u32)n);
	h->ref = op->ref;
	h->domid = rd->id;
	h->flags = (u16)((write ? 0 : HANDLE_READONLY) |
	                 (op->flags & GNTMAP_contains_pte ? HANDLE_PTE : 0));
	status = map_parts(v, op, rd, h);
	if (status != GNTST_okay) {
		handle_free(v->domain, (u32)n);
		return status;
	}
	op->handle = (grant_handle_t)n;
	return GNTST_okay;
}

static s16 unmap_host(struct vcpu *v, const struct gnttab_unmap_grant_ref *op,
                      const struct grant_handle *h, const struct page *pg)
{
	u64 rw = h->flags & HANDLE_READONLY ? 0 : PTE_RW;
	struct place p;
	u64 pte;

	if (!place_find(v, op->host_addr, h->flags & HANDLE_PTE, &p)) {
		return GNTST_general_error;
	}
	pte = place_read(&p);
	if (!(pte & PTE_P) || (pte & PTE_RW) != rw ||
	    domain_frame(v->domain, pte_frame(pte)) != pg ||
	    table_update(p.table, p.index, 0, v->domain, false) != 0) {
		return GNTST_general_error;
	}
	return GNTST_okay;
}

static void drop_parts(struct domain *d, u32 n, u16 parts)
{
	struct grant_handle *h = handle_get(d, n);

	h->flags &= ~parts;
	handle_end_parts(h, parts);
	if (!(h->flags & HANDLE_PARTS)) {
		handle_free(d, n);
	}
}

/* Each part that is named goes by itself; the handle goes with the last. */
static s16 unmap_one(struct vcpu *v, const struct gnttab_unmap_grant_ref *op)
{
	struct grant_handle *h = handle_get(v->domain, op->handle);
	struct domain *rd = h != NULL ? domain_find(h->domid) : NULL;
	const struct page *pg;
	s16 status = GNTST_okay;
	u16 gone = 0;

	if (rd == NULL) {
		return GNTST_bad_handle;
	}
	pg = grant_active_get(rd, h->ref)->page;
	if (op->dev_bus_addr != 0 && (h->flags & HANDLE_DEVICE)) {
		if (op->dev_bus_addr != page_pa(pg)) {
			return GNTST_general_error;
		}
		gone |= HANDLE_DEVICE;
	}
	if (op->host_addr != 0 && (h->flags & HANDLE_HOST)) {
		status = unmap_host(v, op, h, pg);
		if (status != GNTST_okay) {
			return status;
		}
		gone |= HANDLE_HOST;
	}
	drop_parts(v->domain, op->handle, gone);
	return status;
}

static long do_map(struct vcpu *v, void *op)
{
	struct gnttab_map_grant_ref *m = op;
	long status = map_one(v, m);

	m->status = (s16)status;
	return status;
}

static long do_unmap(struct vcpu *v, void *op)
{
	struct gnttab_unmap_grant_ref *u = op;

	u->status = unmap_one(v, u);
	return u->status;
}

long hc_grant_map(struct vcpu *v, struct hc_frame *f)
{
	struct gnttab_map_grant_ref op;

	return grant_run_batch(v, f, &op, sizeof(op), do_map);
}

/* No translation outlives its mapping: the frame's owner may reuse it. */
long hc_grant_unmap(struct vcpu *v, struct hc_frame *f)
{
	struct gnttab_unmap_grant_ref op;
	long ret = grant_run_batch(v, f, &op, sizeof(op), do_unmap);

	tlb_flush_domain(v->domain);
	return ret;
}
