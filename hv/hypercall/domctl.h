/* SPDX-License-Identifier: MIT */
/*
 * What the files of the control domain's calls share. Their ABI is that of
 * one tools' version, which each call names (domctl.h, sysctl.h).
 */
#ifndef HV_HYPERCALL_DOMCTL_H
#define HV_HYPERCALL_DOMCTL_H

#include <hv/hypercall.h>
#include <xen/domctl.h>

#define domctl_arg(f) hc_arg_as(f, struct xen_domctl)

/** 0, or -XEN_EACCES when the caller was built for another version. */
long domctl_check(struct hc_frame *f);
/** The living domain that the call names; NULL and *err = -XEN_EACCES or
 *  -XEN_ESRCH. */
struct domain *domctl_target(struct hc_frame *f, long *err);
/** What the tools are told of @d. */
void domctl_fill_info(struct domain *d, struct xen_domctl_getdomaininfo *info);
/** The domain with the lowest id from @id on, or NULL. */
struct domain *domctl_next_domain(domid_t id);

#endif
