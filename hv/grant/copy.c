/* SPDX-License-Identifier: MIT */
/*
 * GNTTABOP_copy: the hypervisor copies between granted frames and the
 * caller's own.
 */
#include "batch.h"
#include "table.h"

#include <hv/errno.h>

/* One end of a copy while it is held. */
struct end {
	struct domain *d;
	struct page *page;
	u32 ref;
	bool granted, write;
};

static s16 hold_own(struct end *e, u64 gmfn)
{
	e->page = domain_frame(e->d, gmfn);
	if (e->page == NULL || !page_get(e->page, e->d)) {
		return GNTST_bad_page;
	}
	return GNTST_okay;
}

static void drop_plain(struct end *e)
{
	if (e->granted) {
		grant_end(e->d, e->ref, e->write);
	} else {
		page_put(e->page);
	}
}

/* What is written must be memory that the owner could write itself. */
static long hold(struct vcpu *v, const struct gnttab_copy_ptr *ptr,
                 struct end *e)
{
	s16 status;
	int err;

	if (!e->granted && ptr->domid != DOMID_SELF) {
		return GNTST_permission_denied;
	}
	e->d = domain_resolve(ptr->domid);
	if (e->d == NULL || e->d->dying) {
		return GNTST_bad_domain;
	}
	if (grant_refused(e->d, v->domain)) {
		return GNTST_permission_denied;
	}
	e->ref = ptr->u.ref;
	status = e->granted ? grant_begin(e->d, e->ref, v->domain, e->write,
	                                  &e->page)
	                    : hold_own(e, ptr->u.gmfn);
	if (status != GNTST_okay || !e->write) {
		return status;
	}
	err = page_get_type(e->page, PGT_WRITABLE);
	if (err != 0) {
		drop_plain(e);
		return err == -XEN_ERESTART ? HC_RESTART : GNTST_bad_page;
	}
	return GNTST_okay;
}

static void drop(struct end *e)
{
	if (e->write) {
		(void)page_put_type(e->page); /* not a table: all is done */
	}
	drop_plain(e);
}

static bool fits(const struct gnttab_copy *op)
{
	return (u32)op->source.offset + op->len <= PAGE_SIZE &&
	       (u32)op->dest.offset + op->len <= PAGE_SIZE;
}

static long copy_one(struct vcpu *v, const struct gnttab_copy *op)
{
	struct end src = {.granted = op->flags & GNTCOPY_source_gref};
	struct end dst = {.granted = op->flags & GNTCOPY_dest_gref,
	                  .write = true};
	long status;

	if (!fits(op)) {
		return GNTST_bad_copy_arg;
	}
	status = hold(v, &op->source, &src);
	if (status != GNTST_okay) {
		return status;
	}
	status = hold(v, &op->dest, &dst);
	if (status == GNTST_okay) {
		page_mark_dirty(dst.page);
		memmove((u8 *)page_va(dst.page) + op->dest.offset,
		        (u8 *)page_va(src.page) + op->source.offset, op->len);
		drop(&dst);
	}
	drop(&src);
	return status;
}

static long do_copy(struct vcpu *v, void *op)
{
	struct gnttab_copy *c = op;
	long status = copy_one(v, c);

	c->status = (s16)status;
	return status;
}

long hc_grant_copy(struct vcpu *v, struct hc_frame *f)
{
	struct gnttab_copy op;

	return grant_run_batch(v, f, &op, sizeof(op), do_copy);
}
