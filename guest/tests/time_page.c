/* SPDX-License-Identifier: MIT */
/*
 * The time page: version even at rest, a multiplier with its top bit set,
 * time that never goes back and that moves on with the TSC; wallclock with
 * an even version and a date after 2020.
 *
 * ABI: xen.h vcpu_time_info, shared_info wc_*.
 */
#include <guest/event.h>
#include <guest/test.h>
#include <guest/time.h>

static void monotonic(void)
{
	uint64_t last = time_now_ns(), first = last;

	for (unsigned int i = 0; i < 200000; i++) {
		uint64_t now = time_now_ns();

		if (!check(now >= last, "time went from %lu to %lu", last,
		           now)) {
			return;
		}
		last = now;
		if (i % 1000 == 0) {
			hc_xen_version(XENVER_version, NULL);
		}
	}
	check(last > first, "time stands still at %lu", last);
}

GUEST_TEST(time_page)
{
	struct vcpu_time_info page = time_page_read();
	volatile struct shared_info *s = boot_shared_info;
	uint64_t sec = s->wc_sec | (uint64_t)s->wc_sec_hi << 32;

	check(page.version >= 2, "version %u", page.version);
	check(page.tsc_to_system_mul & 0x80000000, "multiplier %x",
	      page.tsc_to_system_mul);
	check(page.tsc_shift > -32 && page.tsc_shift < 32, "shift %d",
	      page.tsc_shift);
	check(page.system_time > 0, "system time 0");
	check(page.tsc_timestamp <= tsc_read(), "timestamp in the future");
	check(!(page.flags & XEN_PVCLOCK_GUEST_STOPPED), "guest stopped");
	check(!(s->wc_version & 1), "wallclock version %u", s->wc_version);
	check(sec > 1577836800UL, "wallclock %lu s", sec);
	check(s->wc_nsec < 1000000000, "wallclock %u ns", s->wc_nsec);
	monotonic();
}
