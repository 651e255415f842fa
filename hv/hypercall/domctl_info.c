/* SPDX-License-Identifier: MIT */
/*
 * What the tools are told of domains: XEN_DOMCTL_getdomaininfo and
 * XEN_SYSCTL_getdomaininfolist.
 */
#include "domctl.h"
#include "sysctl.h"

#include <hv/sched.h>

/* Domains listed by one call before it is cut. */
#define BATCH 64

static u32 info_flags(struct domain *d)
{
	u32 flags = XEN_DOMINF_blocked;
	struct vcpu *v;

	for_each_vcpu (d, v) {
		if (!v->s.blocked && v->s.online) {
			flags &= ~XEN_DOMINF_blocked;
		}
		if (v->running) {
			flags |= XEN_DOMINF_running;
		}
	}
	flags |= d->dead ? XEN_DOMINF_dying : 0;
	flags |= d->controller_paused ? XEN_DOMINF_paused : 0;
	flags |= d->s.is_shutdown ? XEN_DOMINF_shutdown : 0;
	/* Not shut down reads as all-ones. */
	return flags | (d->s.is_shutdown ? d->s.shutdown_code : 0xffffU)
	                       << XEN_DOMINF_shutdownshift;
}

void domctl_fill_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	struct vcpu *v;

	memset(info, 0, sizeof(*info));
	info->domain = d->id;
	info->flags = info_flags(d);
	info->tot_pages = d->nr_pages;
	info->max_pages = d->max_pages;
	info->shared_info_frame = d->s.shared_gmfn;
	info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
	for_each_vcpu (d, v) {
		info->cpu_time += vcpu_cpu_time_ns(v);
		info->nr_online_vcpus += v->s.online;
		info->max_vcpu_id = v->id;
	}
	memcpy(info->handle, d->handle, sizeof(info->handle));
}

struct domain *domctl_next_domain(domid_t id)
{
	struct domain *d;

	for_each_domain (d) {
		if (d->id >= id) {
			return d;
		}
	}
	return NULL;
}

long hc_domctl_info(struct vcpu *v, struct hc_frame *f)
{
	struct xen_domctl *op = domctl_arg(f);
	long err = domctl_check(f);
	struct domain *d;

	(void)v;
	if (err != 0) {
		return err;
	}
	if (op->domain >= DOMID_FIRST_RESERVED) {
		return -XEN_EINVAL;
	}
	d = domctl_next_domain(op->domain);
	if (d == NULL) {
		return -XEN_ESRCH;
	}
	op->domain = d->id;
	domctl_fill_info(d, &op->u.getdomaininfo);
	return 0;
}

/* A list longer than a batch ends early, as one that changed meanwhile would:
 * the tools ask again from the last id on. */
long hc_sysctl_domain_list(struct vcpu *v, struct hc_frame *f)
{
	struct xen_sysctl_getdomaininfolist *a =
		&sysctl_arg(f)->u.getdomaininfolist;
	struct xen_domctl_getdomaininfo info;
	long err = sysctl_check(f);
	domid_t id = a->first_domain;
	u32 n;

	(void)v;
	if (err != 0) {
		return err;
	}
	for (n = 0; n < MIN(a->max_domains, (u32)BATCH); n++) {
		struct domain *d = domctl_next_domain(id);

		if (d == NULL) {
			break;
		}
		domctl_fill_info(d, &info);
		if (hc_write(f, (u64)a->buffer.p + n * sizeof(info), &info,
		             sizeof(info)) != 0) {
			return -XEN_EFAULT;
		}
		id = (domid_t)(d->id + 1);
	}
	a->num_domains = n;
	return 0;
}
