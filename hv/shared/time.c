/* SPDX-License-Identifier: MIT */
/*
 * Domain time: host time, or while a session is attached its virtual clock,
 * not stepped (R10, tap 5). Both count from the same zero, so a recording
 * starts with the time that the domain saw before.
 */
#include <hv/domain.h>
#include <hv/rr.h>
#include <hv/timer.h>

u64 domain_now_ns(struct domain *d)
{
	return rr_attached(d) ? rr_domain_time(d) : now_ns();
}

u64 domain_to_host_ns(struct domain *d, u64 ns)
{
	(void)d;
	return ns;
}
