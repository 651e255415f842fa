/* SPDX-License-Identifier: MIT */
/*
 * Time and timers. Host time is nanoseconds since boot, from the TSC. A
 * timer's function runs in the main loop, never in the middle of a hypercall.
 */
#ifndef HV_TIMER_H
#define HV_TIMER_H

#include <hv/list.h>
#include <hv/types.h>

struct timer {
	struct list link;
	u64 deadline_ns;
	void (*fn)(void *arg);
	void *arg;
};

/** Host time in nanoseconds since boot. */
u64 now_ns(void);
/** UTC in nanoseconds at host time 0. */
u64 boot_wallclock_ns(void);
/** TSC frequency. */
u64 tsc_khz(void);

void timer_init(struct timer *t, void (*fn)(void *arg), void *arg);
/** (Re)arms @t for host time @deadline_ns; a past one fires at once, ~0 never.
 */
void timer_set(struct timer *t, u64 deadline_ns);
void timer_stop(struct timer *t);
/** Runs all that is due. Main loop only. */
void timers_run(void);
/** The earliest deadline, or ~0. */
u64 timers_next_ns(void);

struct domain;
/** The domain's own time: what its clock shows now, in nanoseconds. For an
 *  untraced domain this is host time; for a traced one the virtual clock, not
 *  stepped (R10). */
u64 domain_now_ns(struct domain *d);
/** The host time at which domain time will be @ns. */
u64 domain_to_host_ns(struct domain *d, u64 ns);

#endif
