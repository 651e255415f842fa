/* SPDX-License-Identifier: MIT */
/*
 * Time of a guest, in nanoseconds since the system started, computed from
 * the time page of vCPU 0 and the TSC (xen.h vcpu_time_info).
 */
#ifndef GUEST_TIME_H
#define GUEST_TIME_H

#include <guest/abi.h>

#define MS 1000000UL

uint64_t tsc_read(void);

/** System time at the moment of the call. */
uint64_t time_now_ns(void);

/** A copy of the time page that no update tore. */
struct vcpu_time_info time_page_read(void);

/** What the clock of @page says at @tsc. */
uint64_t time_at_ns(const struct vcpu_time_info *page, uint64_t tsc);

/** VCPUOP_set_singleshot_timer on vCPU 0, with VCPU_SSHOTTMR_* flags. */
long timer_set(uint64_t deadline_ns, unsigned int flags);
long timer_stop(void);

/** VCPUOP_stop_periodic_timer on vCPU 0. */
long timer_stop_periodic(void);

/** Takes events until *@count reaches @want; false after @limit_ns. */
bool wait_for(const volatile unsigned int *count, unsigned int want,
              uint64_t limit_ns);

#endif /* GUEST_TIME_H */
