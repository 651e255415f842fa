/* SPDX-License-Identifier: MIT */
/*
 * The words that the hypervisor writes into pages a guest sees: clock, wall
 * clock, runstate. For a traced domain none of them changes after it was first
 * written (D5, R10): its clock is a fixed function of its virtual TSC, its
 * runstate always says running.
 */
#ifndef HV_SHARED_H
#define HV_SHARED_H

#include <hv/domain.h>

/* The virtual TSC of a traced domain counts nanoseconds. */
#define TRACED_TSC_HZ 1000000000UL

/** Puts a new domain's shared_info at its start values. */
void shared_info_init(struct domain *d);

/** Multiplier and shift of struct vcpu_time_info for a TSC of @hz,
 *  which is not 0. */
void pvclock_scale(u64 hz, u32 *mul, s8 *shift);
/** Writes @v's time page (and the registered copy). Untraced: when it is due,
 *  at schedule-in. Traced: the constants, from @force alone. */
void pvclock_update(struct vcpu *v, bool force);
/** VCPUOP_register_vcpu_time_memory_area: @va, or 0 to unregister. */
int pvclock_register(struct vcpu *v, u64 va);

/** UTC at domain time 0, in shared_info. */
void wallclock_write(struct domain *d, u64 utc_ns);
/** UTC at host time 0: what the control domain set, else what boot found. */
u64 wallclock_base_ns(void);
/** Sets it, for all domains but traced ones. */
void wallclock_set(u64 utc_ns);

/** Registers the runstate area of @v at @va in its kernel's address space and
 *  writes it. 0 or -XEN_EFAULT. */
int runstate_register(struct vcpu *v, u64 va);
/** The runstate of @v with the running interval added up to now. */
struct vcpu_runstate_info;
void runstate_get(struct vcpu *v, struct vcpu_runstate_info *out);

#endif
