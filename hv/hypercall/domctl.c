/* SPDX-License-Identifier: MIT */
/*
 * XEN_DOMCTL_*: creating domains, and stopping, starting and ending them.
 */
#include "domctl.h"

#include <hv/grant.h>
#include <hv/sched.h>

/* The newest grant table a tool may ask for as a maximum. Guests that want
 * version 2 are told that there is only 1. */
#define MAX_GRANT_VERSION 2

long domctl_check(struct hc_frame *f)
{
	return domctl_arg(f)->interface_version == XEN_DOMCTL_INTERFACE_VERSION
	               ? 0
	               : -XEN_EACCES;
}

struct domain *domctl_target(struct hc_frame *f, long *err)
{
	struct domain *d;

	*err = domctl_check(f);
	if (*err != 0) {
		return NULL;
	}
	d = domain_find(domctl_arg(f)->domain);
	if (d == NULL || d->dying) {
		*err = -XEN_ESRCH;
		return NULL;
	}
	return d;
}

static bool config_ok(const struct xen_domctl_createdomain *c)
{
	u32 version = XEN_DOMCTL_GRANT_version(c->grant_opts);

	return (c->flags & ~XEN_DOMCTL_CDF_oos_off) == 0 &&
	       c->iommu_opts == 0 && c->max_vcpus >= 1 &&
	       c->max_vcpus <= MAX_VCPUS &&
	       c->max_grant_frames <= GRANT_MAX_FRAMES && version >= 1 &&
	       version <= MAX_GRANT_VERSION && c->vmtrace_size == 0 &&
	       c->arch.emulation_flags == 0;
}

/* The tools count from 1 and take 0, like all that is no domain's id, as "any".
 */
static domid_t wanted_id(domid_t id)
{
	return id == 0 ? DOMID_INVALID : id;
}

long hc_domctl_create(struct vcpu *v, struct hc_frame *f)
{
	struct xen_domctl *op = domctl_arg(f);
	struct xen_domctl_createdomain *c = &op->u.createdomain;
	struct domain_config config = {
		.id = wanted_id(op->domain),
		.max_vcpus = c->max_vcpus,
		.max_port = c->max_evtchn_port,
		.max_grant_frames = c->max_grant_frames < 0
	                                    ? GRANT_MAX_FRAMES
	                                    : (u32)c->max_grant_frames,
	};
	struct domain *d;
	int err = (int)domctl_check(f);

	(void)v;
	if (err == 0 && !config_ok(c)) {
		err = -XEN_EINVAL;
	}
	if (err != 0) {
		return err;
	}
	d = domain_create(&config, &err);
	if (d == NULL) {
		return err;
	}
	memcpy(d->handle, c->handle, sizeof(d->handle));
	op->domain = d->id;
	c->flags |= XEN_DOMCTL_CDF_oos_off;
	return 0;
}

/* A zombie may be named again, to no effect. */
long hc_domctl_destroy(struct vcpu *v, struct hc_frame *f)
{
	long err = domctl_check(f);
	struct domain *d = domain_find(domctl_arg(f)->domain);

	if (err != 0) {
		return err;
	}
	if (d == NULL) {
		return -XEN_ESRCH;
	}
	if (d == v->domain) {
		return -XEN_EINVAL;
	}
	return domain_kill(d);
}

long hc_domctl_pause(struct vcpu *v, struct hc_frame *f)
{
	long err;
	struct domain *d = domctl_target(f, &err);

	if (d == NULL) {
		return err;
	}
	if (d == v->domain || d->controller_paused == ~0U) {
		return -XEN_EINVAL;
	}
	domain_pause(d);
	d->controller_paused++;
	return 0;
}

long hc_domctl_unpause(struct vcpu *v, struct hc_frame *f)
{
	long err;
	struct domain *d = domctl_target(f, &err);

	(void)v;
	if (d == NULL) {
		return err;
	}
	if (d->controller_paused == 0) {
		return -XEN_EINVAL;
	}
	d->controller_paused--;
	domain_unpause(d);
	return 0;
}

long hc_domctl_resume(struct vcpu *v, struct hc_frame *f)
{
	long err;
	struct domain *d = domctl_target(f, &err);

	if (d == NULL) {
		return err;
	}
	return d == v->domain ? -XEN_EINVAL : domain_resume(d);
}

long hc_domctl_max_vcpus(struct vcpu *v, struct hc_frame *f)
{
	u32 max = domctl_arg(f)->u.max_vcpus.max;
	long err;
	struct domain *d = domctl_target(f, &err);

	if (d == NULL) {
		return err;
	}
	if (d == v->domain || max != d->s.nr_vcpus) {
		return -XEN_EINVAL;
	}
	for (u32 i = 0; i < max && err == 0; i++) {
		if (d->vcpu[i] == NULL) {
			err = vcpu_create(d, i);
		}
	}
	return err;
}
