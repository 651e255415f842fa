/* SPDX-License-Identifier: MIT */
/*
 * GNTTABOP_setup_table, query_size, set_version, get_version.
 */
#include "table.h"

#include <hv/hypercall.h>
#include <hv/rr.h>

struct domain *grant_domain(struct domain *caller, domid_t id, s16 *status)
{
	struct domain *d = domain_named(caller, id);

	*status = GNTST_okay;
	if (d == NULL || d->dying) {
		*status = GNTST_bad_domain;
	} else if (d != caller &&
	           (!caller->privileged || !rr_foreign_allowed(d))) {
		*status = GNTST_permission_denied;
	}
	return *status == GNTST_okay ? d : NULL;
}

static int write_frame_list(struct hc_frame *f, const struct domain *d, u64 va,
                            u32 frames)
{
	return hc_write(f, va, d->s.grant_gmfn, frames * sizeof(u64));
}

/* Only one structure a call, as the ABI's own implementation has it. */
long hc_grant_setup_table(struct vcpu *v, struct hc_frame *f)
{
	struct gnttab_setup_table *a = hc_arg_as(f, struct gnttab_setup_table);
	struct domain *d;

	if (f->args[2] != 1) {
		return -XEN_EINVAL;
	}
	d = grant_domain(v->domain, a->dom, &a->status);
	if (d == NULL) {
		return 0;
	}
	if (grant_grow(d, a->nr_frames) != 0) {
		a->status = GNTST_general_error;
		return 0;
	}
	return write_frame_list(f, d, (u64)a->frame_list.p, a->nr_frames);
}

long hc_grant_query_size(struct vcpu *v, struct hc_frame *f)
{
	struct gnttab_query_size *a = hc_arg_as(f, struct gnttab_query_size);
	struct domain *d;

	if (f->args[2] != 1) {
		return -XEN_EINVAL;
	}
	a->nr_frames = 0;
	a->max_nr_frames = 0;
	d = grant_domain(v->domain, a->dom, &a->status);
	if (d != NULL) {
		a->nr_frames = d->s.grant_frames;
		a->max_nr_frames = d->grant->max_frames;
	}
	return 0;
}

long hc_grant_set_version(struct vcpu *v, struct hc_frame *f)
{
	(void)v;
	return hc_arg_as(f, struct gnttab_set_version)->version == 1
	               ? 0
	               : -XEN_EINVAL;
}

long hc_grant_get_version(struct vcpu *v, struct hc_frame *f)
{
	struct gnttab_get_version *a = hc_arg_as(f, struct gnttab_get_version);
	struct domain *d = domain_resolve(a->dom);

	if (d == NULL) {
		return -XEN_ESRCH;
	}
	if (d != v->domain && !v->domain->privileged) {
		return -XEN_EPERM;
	}
	a->version = 1;
	return 0;
}
