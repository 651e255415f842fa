/* SPDX-License-Identifier: MIT */
/*
 * The argument of XEN_SYSCTL_* (sysctl.h of the ABI).
 */
#ifndef HV_HYPERCALL_SYSCTL_H
#define HV_HYPERCALL_SYSCTL_H

#include <hv/hypercall.h>
#include <xen/sysctl.h>

#define sysctl_arg(f) hc_arg_as(f, struct xen_sysctl)

/** 0, or -XEN_EACCES when the caller was built for another version. */
long sysctl_check(struct hc_frame *f);

#endif
