/* SPDX-License-Identifier: MIT */
/*
 * XENPF_*: the control domain's calls about the machine (platform.h).
 */
#include <hv/hypercall.h>
#include <hv/shared.h>
#include <xen/platform.h>

#define NS_PER_SECOND 1000000000UL
#define MAX_SECONDS   (1UL << 33)

#define platform_arg(f) hc_arg_as(f, struct xen_platform_op)

static long check(struct hc_frame *f)
{
	return platform_arg(f)->interface_version == XENPF_INTERFACE_VERSION
	               ? 0
	               : -XEN_EACCES;
}

/* @secs and @nsecs are UTC when domain time was @system_time. */
static long set_time(u64 secs, u32 nsecs, u64 system_time)
{
	u64 utc_ns;

	if (secs > MAX_SECONDS || nsecs >= NS_PER_SECOND) {
		return -XEN_EINVAL;
	}
	utc_ns = secs * NS_PER_SECOND + nsecs;
	if (system_time > utc_ns) {
		return -XEN_EINVAL;
	}
	wallclock_set(utc_ns - system_time);
	return 0;
}

long hc_platform_settime(struct vcpu *v, struct hc_frame *f)
{
	const struct xen_platform_op *op = platform_arg(f);
	long err = check(f);

	(void)v;
	if (err != 0) {
		return err;
	}
	if (op->cmd == XENPF_settime32) {
		return set_time(op->u.settime32.secs, op->u.settime32.nsecs,
		                op->u.settime32.system_time);
	}
	if (op->u.settime64.mbz != 0) {
		return -XEN_EINVAL;
	}
	return set_time(op->u.settime64.secs, op->u.settime64.nsecs,
	                op->u.settime64.system_time);
}

long hc_platform_cpuinfo(struct vcpu *v, struct hc_frame *f)
{
	struct xenpf_pcpuinfo *a = &platform_arg(f)->u.pcpu_info;
	u32 id = a->xen_cpuid;
	long err = check(f);

	(void)v;
	if (err != 0) {
		return err;
	}
	memset(a, 0, sizeof(*a));
	a->xen_cpuid = id;
	if (id == 0) {
		a->flags = XEN_PCPU_FLAGS_ONLINE;
	} else {
		a->flags = XEN_PCPU_FLAGS_INVALID;
	}
	return 0;
}
