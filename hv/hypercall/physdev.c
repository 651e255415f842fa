/* SPDX-License-Identifier: MIT */
/*
 * PHYSDEVOP_*: the virtual I/O privilege (physdev.h). It decides whether the
 * guest's own port accesses are emulated or refused; no port is passed on.
 */
#include <hv/hypercall.h>
#include <xen/physdev.h>

#define NR_PORTS 65536

long hc_physdev_set_iopl(struct vcpu *v, struct hc_frame *f)
{
	u32 iopl = hc_arg_as(f, struct physdev_set_iopl)->iopl;

	if (iopl > 3) {
		return -XEN_EINVAL;
	}
	v->s.iopl = (u8)iopl;
	return 0;
}

/* There is no port that a bitmap could open to user code; none is kept. */
long hc_physdev_set_iobitmap(struct vcpu *v, struct hc_frame *f)
{
	u32 ports = hc_arg_as(f, struct physdev_set_iobitmap)->nr_ports;

	(void)v;
	if (ports > NR_PORTS) {
		return -XEN_EINVAL;
	}
	return ports == 0 ? 0 : -XEN_EPERM;
}
