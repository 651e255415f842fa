/* SPDX-License-Identifier: MIT */
/*
 * The wall clock words of shared_info: UTC at domain time 0. The version is
 * odd while they change (xen.h, vcpu_time_info).
 */
#include <hv/shared.h>

#define NS_PER_SECOND 1000000000UL

static u64 set_utc_ns;
static bool was_set;

u64 wallclock_base_ns(void)
{
	return was_set ? set_utc_ns : boot_wallclock_ns();
}

void wallclock_set(u64 utc_ns)
{
	struct domain *d;

	set_utc_ns = utc_ns;
	was_set = true;
	for_each_domain (d) {
		if (!d->traced && d->shared != NULL) {
			wallclock_write(d, utc_ns);
		}
	}
}

void wallclock_write(struct domain *d, u64 utc_ns)
{
	struct shared_info *s = d->shared;
	u64 seconds = utc_ns / NS_PER_SECOND;
	u32 version = (s->wc_version | 1) + 2;

	d->s.wallclock_ns = utc_ns;
	__atomic_store_n(&s->wc_version, version, __ATOMIC_SEQ_CST);
	s->wc_sec = (u32)seconds;
	s->wc_sec_hi = (u32)(seconds >> 32);
	s->wc_nsec = (u32)(utc_ns % NS_PER_SECOND);
	__atomic_store_n(&s->wc_version, version + 1, __ATOMIC_SEQ_CST);
}
