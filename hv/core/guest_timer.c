/* SPDX-License-Identifier: MIT */
/*
 * The timers of a vCPU (guest_timer.h).
 */
#include <hv/evtchn.h>
#include <hv/guest_timer.h>

/* What a vCPU's tick is set to until its kernel sets it (vcpu.h). */
#define TICK_NS 10000000UL

/* Where a timer's expiry becomes an event: from outside, for a traced domain
 * too, whose session re-bases its clock when it publishes it (R10). */
static void timer_event(struct vcpu *v)
{
	virq_raise(v, VIRQ_TIMER);
}

static void singleshot_expired(void *arg)
{
	struct vcpu *v = arg;

	v->s.timer_deadline_ns = 0;
	timer_event(v);
}

/* Ticks that were missed are not made up for. */
static void tick(void *arg)
{
	struct vcpu *v = arg;
	u64 now = domain_now_ns(v->domain);

	v->s.periodic_next_ns += v->s.timer_period_ns;
	if (v->s.periodic_next_ns <= now) {
		v->s.periodic_next_ns = now + v->s.timer_period_ns;
	}
	timer_set(&v->periodic,
	          domain_to_host_ns(v->domain, v->s.periodic_next_ns));
	timer_event(v);
}

static void poll_expired(void *arg)
{
	vcpu_wake(arg);
}

void guest_timers_init(struct vcpu *v)
{
	timer_init(&v->singleshot, singleshot_expired, v);
	timer_init(&v->periodic, tick, v);
	timer_init(&v->poll_timer, poll_expired, v);
	v->s.timer_period_ns = TICK_NS;
}

void guest_timers_stop(struct vcpu *v)
{
	timer_stop(&v->singleshot);
	timer_stop(&v->periodic);
	timer_stop(&v->poll_timer);
}

static void rearm(struct vcpu *v, struct timer *t, u64 deadline_ns)
{
	if (deadline_ns != 0) {
		timer_set(t, domain_to_host_ns(v->domain, deadline_ns));
	} else {
		timer_stop(t);
	}
}

void guest_timers_rearm(struct vcpu *v)
{
	rearm(v, &v->singleshot, v->s.timer_deadline_ns);
	rearm(v, &v->poll_timer, v->s.poll_deadline_ns);
	if (v->running) {
		guest_tick_resume(v);
	}
}

void guest_singleshot_set(struct vcpu *v, u64 deadline_ns)
{
	v->s.timer_deadline_ns = deadline_ns;
	rearm(v, &v->singleshot, deadline_ns);
}

void guest_periodic_set(struct vcpu *v, u64 period_ns)
{
	v->s.timer_period_ns = period_ns;
	v->s.periodic_next_ns =
		period_ns ? domain_now_ns(v->domain) + period_ns : 0;
	if (v->running) {
		guest_tick_resume(v);
	}
}

void guest_tick_resume(struct vcpu *v)
{
	if (v->s.timer_period_ns != 0 && v->s.periodic_next_ns == 0) {
		v->s.periodic_next_ns =
			domain_now_ns(v->domain) + v->s.timer_period_ns;
	}
	rearm(v, &v->periodic, v->s.periodic_next_ns);
}

void guest_tick_suspend(struct vcpu *v)
{
	timer_stop(&v->periodic);
}
