/* SPDX-License-Identifier: MIT */
/*
 * The scheduler (sched.h), for one CPU.
 *
 * The queue holds every runnable vCPU, the running one at its head. `running`
 * is who has the CPU; `current` is whose state is in the hardware, which stays
 * when the CPU idles, so a vCPU that wakes up alone costs no load.
 */
#include <arch/entry.h>
#include <hv/guest_timer.h>
#include <hv/sched.h>
#include <hv/shared.h>
#include <xen/vcpu.h>

static struct list queue = {&queue, &queue};
static struct vcpu *running;
static struct timer slice;
static bool requested;

void sched_request(void)
{
	requested = true;
}

bool sched_requested(void)
{
	return requested;
}

static bool queue_is_shared(void)
{
	return !list_empty(&queue) && queue.next->next != &queue;
}

static void to_tail(struct vcpu *v)
{
	list_del(&v->run_link);
	list_add_tail(&queue, &v->run_link);
	requested = true;
}

static void slice_ended(void *arg)
{
	(void)arg;
	if (running != NULL && !list_empty(&running->run_link) &&
	    queue_is_shared()) {
		to_tail(running);
	}
}

/* The running vCPU keeps the CPU until its slice is over; a slice counts only
 * while somebody else waits. */
static void slice_start(void)
{
	if (running != NULL && queue_is_shared()) {
		timer_set(&slice, running->scheduled_at_ns + SCHED_SLICE_NS);
	} else {
		timer_stop(&slice);
	}
}

void sched_init(void)
{
	timer_init(&slice, slice_ended, NULL);
}

void sched_yield(struct vcpu *v)
{
	if (!list_empty(&v->run_link) && queue_is_shared()) {
		to_tail(v);
	}
}

bool vcpu_runnable(const struct vcpu *v)
{
	const struct domain *d = v->domain;

	/* Asked twice on each way into a guest: one condition, no branches. */
	return !(!v->s.initialised | !v->s.online | v->s.blocked | v->crashed |
	         (v->pause_count | d->pause_count | d->s.is_shutdown) |
	         d->dying | d->debug_standing);
}

static int waiting_state(const struct vcpu *v)
{
	if (v->s.blocked) {
		return RUNSTATE_blocked;
	}
	return vcpu_runnable(v) ? RUNSTATE_runnable : RUNSTATE_offline;
}

void sched_update(struct vcpu *v)
{
	bool queued = !list_empty(&v->run_link);
	bool runnable = vcpu_runnable(v);

	if (runnable && !queued) {
		list_add_tail(&queue, &v->run_link);
		if (running == NULL) {
			requested = true;
		}
		slice_start();
	} else if (!runnable && queued) {
		list_del(&v->run_link);
	}
	if (v == running) {
		requested |= runnable != queued;
	} else if (!v->domain->dying) {
		runstate_change(v, waiting_state(v));
	}
}

void sched_remove(struct vcpu *v)
{
	list_del(&v->run_link);
	if (v == running) {
		running = NULL;
		v->running = false;
		requested = true;
	}
	if (v == current) {
		sched_detach();
	}
}

void sched_sync(struct vcpu *v)
{
	if (v == current) {
		sched_detach();
	}
}

void sched_detach(void)
{
	if (current != NULL) {
		arch_save_vcpu(current);
		arch_load_idle();
		requested = true;
	}
}

u64 vcpu_cpu_time_ns(const struct vcpu *v)
{
	return v->cpu_time_ns +
	       (v->running ? now_ns() - v->scheduled_at_ns : 0);
}

static void stop_running(u64 now)
{
	struct vcpu *v = running;

	if (v == NULL) {
		return;
	}
	v->running = false;
	v->cpu_time_ns += now - v->scheduled_at_ns;
	guest_tick_suspend(v);
	runstate_change(v, waiting_state(v));
	running = NULL;
}

static void start_running(struct vcpu *v, u64 now)
{
	running = v;
	v->running = true;
	v->scheduled_at_ns = now;
	guest_tick_resume(v);
	pvclock_update(v, false);
	runstate_change(v, RUNSTATE_running);
}

static void load(struct vcpu *v)
{
	if (v == current) {
		return;
	}
	if (current != NULL) {
		arch_save_vcpu(current);
	}
	arch_load_vcpu(v);
}

struct vcpu *sched_pick(void)
{
	struct vcpu *next = NULL;
	u64 now;

	if (!requested) {
		return running;
	}
	requested = false;
	if (!list_empty(&queue)) {
		next = CONTAINER_OF(queue.next, struct vcpu, run_link);
	}
	if (next != running) {
		now = now_ns();
		stop_running(now);
		if (next != NULL) {
			start_running(next, now);
		}
	}
	if (next != NULL) {
		load(next);
	}
	slice_start();
	return next;
}
