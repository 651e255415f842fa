/* SPDX-License-Identifier: MIT */
/*
 * XEN_DOMCTL_*: limits, names, word width, clock mode, the hypercall page.
 */
#include "domctl.h"

#include <hv/hypercall_page.h>
#include <hv/mm.h>
#include <hv/rr.h>
#include <hv/timer.h>

#define WORD_BITS 64

/* The clock modes of the tools that mean the native TSC (time.h there). */
#define TSC_MODE_DEFAULT 0
#define TSC_MODE_NATIVE  2

/* As domctl_target(), for calls that change what the domain can see. */
static struct domain *changed_target(struct hc_frame *f, long *err)
{
	struct domain *d = domctl_target(f, err);

	if (d != NULL && !rr_foreign_allowed(d)) {
		*err = -XEN_EBUSY;
		d = NULL;
	}
	return d;
}

long hc_domctl_max_mem(struct vcpu *v, struct hc_frame *f)
{
	long err;
	struct domain *d = changed_target(f, &err);

	(void)v;
	if (d != NULL) {
		d->max_pages =
			domctl_arg(f)->u.max_mem.max_memkb >> (PAGE_SHIFT - 10);
	}
	return err;
}

long hc_domctl_set_handle(struct vcpu *v, struct hc_frame *f)
{
	long err;
	struct domain *d = changed_target(f, &err);

	(void)v;
	if (d != NULL) {
		memcpy(d->handle, domctl_arg(f)->u.setdomainhandle.handle,
		       sizeof(d->handle));
	}
	return err;
}

long hc_domctl_set_width(struct vcpu *v, struct hc_frame *f)
{
	long err;
	struct domain *d = domctl_target(f, &err);

	(void)v;
	if (d != NULL && domctl_arg(f)->u.address_size.size != WORD_BITS) {
		err = -XEN_EINVAL;
	}
	return err;
}

long hc_domctl_get_width(struct vcpu *v, struct hc_frame *f)
{
	long err;
	struct domain *d = domctl_target(f, &err);

	(void)v;
	if (d != NULL) {
		domctl_arg(f)->u.address_size.size = WORD_BITS;
	}
	return err;
}

long hc_domctl_set_tsc(struct vcpu *v, struct hc_frame *f)
{
	u32 mode = domctl_arg(f)->u.tsc_info.tsc_mode;
	long err;
	struct domain *d = domctl_target(f, &err);

	(void)v;
	if (d != NULL && mode != TSC_MODE_DEFAULT && mode != TSC_MODE_NATIVE) {
		err = -XEN_EOPNOTSUPP;
	}
	return err;
}

long hc_domctl_get_tsc(struct vcpu *v, struct hc_frame *f)
{
	struct xen_domctl_tsc_info *a = &domctl_arg(f)->u.tsc_info;
	long err;
	struct domain *d = domctl_target(f, &err);

	(void)v;
	if (d == NULL) {
		return err;
	}
	memset(a, 0, sizeof(*a));
	a->gtsc_khz = (u32)tsc_khz();
	a->elapsed_nsec = domain_now_ns(d);
	return 0;
}

long hc_domctl_hypercall_init(struct vcpu *v, struct hc_frame *f)
{
	u64 gmfn = domctl_arg(f)->u.hypercall_init.gmfn;
	long err;
	struct domain *d = changed_target(f, &err);
	struct page *pg;

	(void)v;
	if (d == NULL) {
		return err;
	}
	pg = domain_frame(d, gmfn);
	if (pg == NULL || page_get_and_type(pg, d, PGT_WRITABLE) != 0) {
		return -XEN_EINVAL;
	}
	page_mark_dirty(pg);
	hypercall_page_fill(page_va(pg));
	page_put_and_type(pg);
	return 0;
}
