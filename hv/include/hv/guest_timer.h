/* SPDX-License-Identifier: MIT */
/*
 * A vCPU's timers: single-shot, periodic tick, and the timeout of a poll. The
 * deadlines in struct vcpu_state are domain time; the host timers here are
 * derived from them.
 */
#ifndef HV_GUEST_TIMER_H
#define HV_GUEST_TIMER_H

#include <hv/domain.h>
#include <tf/records.h>

/** A new vCPU's timers: off, but for the periodic tick of 100 Hz. */
void guest_timers_init(struct vcpu *v);
void guest_timers_stop(struct vcpu *v);
/** Sets the host timers from s, after it was restored. */
void guest_timers_rearm(struct vcpu *v);

/** Arms the single-shot timer for domain time @deadline_ns; a past one expires
 *  at once. 0 turns it off. */
void guest_singleshot_set(struct vcpu *v, u64 deadline_ns);
/** Period of the tick; 0 turns it off. */
void guest_periodic_set(struct vcpu *v, u64 period_ns);

/** What an expiry does to the guest: VIRQ_TIMER, or the end of a poll. For a
 *  traced domain only its session calls this. */
void guest_timer_apply(struct vcpu *v, enum tf_timer_source source,
                       u64 deadline_ns);

/** The tick comes while the vCPU is scheduled only. */
void guest_tick_resume(struct vcpu *v);
void guest_tick_suspend(struct vcpu *v);

#endif
