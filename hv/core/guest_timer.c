/* SPDX-License-Identifier: MIT */
/*
 * The timers of a vCPU (guest_timer.h).
 */
#include <hv/evtchn.h>
#include <hv/guest_timer.h>
#include <hv/rr.h>

/* What a vCPU's tick is set to until its kernel sets it (vcpu.h). */
#define TICK_NS 10000000UL

/* In replay expiries come from the trace, never from the host. */
static void rearm(struct vcpu *v, struct timer *t, u64 deadline_ns)
{
	u64 at = domain_to_host_ns(v->domain, deadline_ns);
	u64 jitter = rr_jitter_ns(v->domain);

	if (deadline_ns == 0 || !rr_timers_live(v->domain)) {
		timer_stop(t);
		return;
	}
	/* A deadline at the end of time stays there. */
	timer_set(t, at + jitter < at ? ~0UL : at + jitter);
}

static void publish_timer(struct vcpu *v)
{
	unsigned int port = virq_port(v, VIRQ_TIMER);

	if (port != 0) {
		evtchn_publish(v->domain, port);
	}
}

/* Ticks that were missed are not made up for. */
static void tick_apply(struct vcpu *v)
{
	u64 now = domain_now_ns(v->domain);

	if (v->s.timer_period_ns == 0) {
		return;
	}
	v->s.periodic_next_ns += v->s.timer_period_ns;
	if (v->s.periodic_next_ns <= now) {
		v->s.periodic_next_ns = now + v->s.timer_period_ns;
	}
	rearm(v, &v->periodic, v->s.periodic_next_ns);
	publish_timer(v);
}

void guest_timer_apply(struct vcpu *v, enum tf_timer_source source,
                       u64 deadline_ns)
{
	switch (source) {
	case TF_TIMER_SINGLESHOT:
	case TF_TIMER_SET_TIMER:
		/* It may have been set anew since it expired. */
		if (v->s.timer_deadline_ns == deadline_ns) {
			v->s.timer_deadline_ns = 0;
		}
		publish_timer(v);
		break;
	case TF_TIMER_PERIODIC:
		tick_apply(v);
		break;
	case TF_TIMER_POLL:
		vcpu_wake(v);
		break;
	}
}

/* A timer's expiry comes from outside: a traced domain's session publishes it
 * at a logged position and re-bases the clock there (R10). */
static void expired(struct vcpu *v, enum tf_timer_source source,
                    u64 deadline_ns)
{
	if (!rr_tap_timer(v, source, deadline_ns)) {
		guest_timer_apply(v, source, deadline_ns);
	}
}

static void singleshot_expired(void *arg)
{
	struct vcpu *v = arg;

	expired(v, TF_TIMER_SINGLESHOT, v->s.timer_deadline_ns);
}

static void tick_expired(void *arg)
{
	struct vcpu *v = arg;

	expired(v, TF_TIMER_PERIODIC, v->s.periodic_next_ns);
}

static void poll_expired(void *arg)
{
	struct vcpu *v = arg;

	expired(v, TF_TIMER_POLL, v->s.poll_deadline_ns);
}

void guest_timers_init(struct vcpu *v)
{
	timer_init(&v->singleshot, singleshot_expired, v);
	timer_init(&v->periodic, tick_expired, v);
	timer_init(&v->poll_timer, poll_expired, v);
	v->s.timer_period_ns = TICK_NS;
}

void guest_timers_stop(struct vcpu *v)
{
	timer_stop(&v->singleshot);
	timer_stop(&v->periodic);
	timer_stop(&v->poll_timer);
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
