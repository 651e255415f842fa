/* SPDX-License-Identifier: MIT */
/*
 * The start values of shared_info (xen.h).
 */
#include <hv/shared.h>

void shared_info_init(struct domain *d)
{
	memset(d->shared, 0, PAGE_SIZE);
	for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++) {
		d->shared->vcpu_info[i].evtchn_upcall_mask = 1;
	}
	wallclock_write(d, wallclock_base_ns());
}
