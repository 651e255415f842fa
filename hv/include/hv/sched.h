/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: round robin over runnable vCPUs with a fixed time slice, a
 * timer preempting. Switching writes nothing that a traced guest can see.
 */
#ifndef HV_SCHED_H
#define HV_SCHED_H

#include <hv/domain.h>

#define SCHED_SLICE_NS 10000000UL

void sched_init(void);
/** @v became runnable or stopped being so: recomputed from its state. */
void sched_update(struct vcpu *v);
/** Gives up the rest of the slice. */
void sched_yield(struct vcpu *v);
/** The vCPU to run next, or NULL to idle. Accounts time, saves the old one's
 *  CPU state and loads the new one's when they differ. */
struct vcpu *sched_pick(void);
/** Another vCPU must be looked for before the guest runs again. */
void sched_request(void);
bool sched_requested(void);
/** Saves the CPU state of the vCPU whose registers are loaded, and runs on the
 *  hypervisor's own page tables. */
void sched_detach(void);
/** Forgets @v, which will never run again. */
void sched_remove(struct vcpu *v);
/** Makes s complete: saves the CPU state if it is in the hardware, where it is
 *  loaded from again before @v runs. */
void sched_sync(struct vcpu *v);
/** CPU time used so far. */
u64 vcpu_cpu_time_ns(const struct vcpu *v);
/** True when nothing keeps @v from running. */
bool vcpu_runnable(const struct vcpu *v);
/** Sets runstate and writes it to the guest's area if registered. */
void runstate_change(struct vcpu *v, int state);
/** Runs the vCPUs of all domains; never returns. core/loop.c */
void __noreturn hv_loop(void);

#endif
