/* SPDX-License-Identifier: MIT */
/*
 * What a trapped read of the time stamp counter gives. An untraced domain has
 * the CPU's; that of a traced one counts its own time in nanoseconds, as its
 * time page states (D7, hv/shared.h).
 */
#include <arch/cpu.h>
#include <hv/rr.h>
#include <hv/timer.h>
#include <hv/traps.h>

u64 vcpu_read_tsc(struct vcpu *v)
{
	if (!v->domain->traced) {
		return rdtsc();
	}
	return rr_attached(v->domain) ? rr_tap_read_time(v)
	                              : domain_now_ns(v->domain);
}
