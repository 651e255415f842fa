/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's side of the taps: from vCPUs and hypercall frames to the
 * engine's terms.
 */
#include <hv/rr.h>

#include <hv/lib.h>
#include <hv/sched.h>
#include <hv/timer.h>
#include <rr_hv/machine.h>
#include <rr_hv/place.h>
#include <rr_hv/scout.h>

static struct rr_session *session(const struct domain *d)
{
	return &d->rr->session;
}

static struct rr_call describe(const struct hc_frame *f)
{
	return (struct rr_call){
		.nr = f->nr,
		.subop = f->sub,
		.class = f->row != NULL ? (u8)f->row->class : RR_PURE,
		.multi = f->in_multicall,
		.args = f->args,
	};
}

void rr_tap_entry(struct vcpu *v)
{
	struct rr_domain *rr = v->domain->rr;

	v->nr_entries++;
	if (!rr_attached(v->domain)) {
		return;
	}
	rr->in_entry = true;
	rr->deliver = true;
	rr->retry = false;
	rr->insns = 0;
	scout_end(rr);
	rr_entry(&rr->session);
}

void rr_tap_exit(struct vcpu *v)
{
	struct rr_domain *rr = v->domain->rr;

	if (!rr_attached(v->domain)) {
		return;
	}
	rr->in_entry = false;
	rr_exit(&rr->session);
	if (rr->expecting) {
		place_exit(rr);
	}
	if (v->s.blocked && rr->session.state == RR_RUNNING) {
		rr_blocked(&rr->session);
	}
}

/* Writes the logged output of an INPUT call back to the guest: a list of
 * (address, length, bytes). */
static long write_output(struct vcpu *v, const struct tf_bytes *out,
                         long result)
{
	const u8 *p = out->data;
	u32 left = out->len;

	while (left >= 16) {
		u64 head[2];

		memcpy(head, p, sizeof(head));
		p += sizeof(head);
		left -= (u32)sizeof(head);
		if (head[1] > left ||
		    vcpu_copy_to(v, head[0], p, head[1]) != 0) {
			return -XEN_EFAULT;
		}
		p += head[1];
		left -= (u32)head[1];
	}
	return result;
}

bool rr_tap_call_enter(struct vcpu *v, const struct hc_frame *f, long *result)
{
	struct tf_bytes output = {NULL, 0};
	struct rr_call c;
	int64_t answer = 0;

	if (!rr_attached(v->domain)) {
		return true;
	}
	c = describe(f);
	if (rr_call_enter(session(v->domain), &c, &answer, &output)) {
		return true;
	}
	*result = write_output(v, &output, answer);
	return false;
}

void rr_tap_call_exit(struct vcpu *v, const struct hc_frame *f, long result)
{
	if (rr_attached(v->domain)) {
		struct rr_call c = describe(f);

		rr_call_exit(session(v->domain), &c, result);
	}
}

void rr_tap_output(struct vcpu *v, const struct hc_frame *f, u64 va,
                   const void *data, size_t size)
{
	if (rr_attached(v->domain) && f->row != NULL &&
	    f->row->class == RR_INPUT) {
		rr_output(session(v->domain), va, data, size);
	}
}

u64 rr_tap_read_time(struct vcpu *v)
{
	return rr_attached(v->domain) ? rr_read_time(session(v->domain)) : 0;
}

u64 rr_domain_time(const struct domain *d)
{
	return rr_attached(d) ? rr_time(session(d)) : 0;
}

/* A vCPU that stands at the exit of an entry, blocked, sees the event at
 * once; a running or preempted one before it runs guest code again. */
static void kick(struct domain *d)
{
	struct rr_domain *rr = d->rr;

	if (rr->v->s.blocked && !rr->in_entry &&
	    rr_event_waiting(&rr->session)) {
		rr_exit(&rr->session);
	}
}

/* Notes when the oldest of the waiting events came. */
static void arrived(struct rr_domain *rr)
{
	if (!rr_event_waiting(&rr->session)) {
		rr->waiting_since_ns = vcpu_cpu_time_ns(rr->v);
		if (rr->hold_ns != 0 && rr->session.mode == RR_RECORD) {
			/* Without a clock it is looked at half way. */
			timer_set(&rr->hold_timer,
			          now_ns() + rr->hold_ns / (rr->exact ? 1 : 2));
		}
	}
}

bool rr_tap_port(struct domain *d, unsigned int port)
{
	if (!rr_attached(d)) {
		return false;
	}
	arrived(d->rr);
	rr_raise_port(session(d), port);
	kick(d);
	return true;
}

bool rr_tap_timer(struct vcpu *v, enum tf_timer_source source, u64 deadline_ns)
{
	if (!rr_attached(v->domain)) {
		return false;
	}
	arrived(v->domain->rr);
	rr_raise_timer(session(v->domain), source, deadline_ns);
	kick(v->domain);
	return true;
}

size_t rr_tap_console(struct domain *d, const void *data, size_t len)
{
	size_t taken;

	arrived(d->rr);
	taken = rr_raise_console(session(d), data, len);

	kick(d);
	return taken;
}

bool rr_tap_effect(struct domain *d, const void *data, size_t len)
{
	if (!rr_attached(d)) {
		return true;
	}
	rr_effect(session(d), data, len);
	return session(d)->mode == RR_RECORD;
}

void rr_tap_shutdown(struct domain *d, unsigned int reason)
{
	static const char *const names[] = {"poweroff", "reboot", "suspend",
	                                    "crash", "watchdog"};

	if (rr_attached(d)) {
		rr_finish(session(d), TF_END_SHUTDOWN, reason,
		          reason < ARRAY_SIZE(names) ? names[reason]
		                                     : "unknown reason");
	}
}

bool rr_out_of_memory(struct domain *d, const char *what)
{
	if (!rr_attached(d)) {
		return false;
	}
	rr_give_up(session(d), what);
	return session(d)->mode == RR_REPLAY;
}

bool rr_timers_live(const struct domain *d)
{
	return !rr_attached(d) || session(d)->mode == RR_RECORD;
}

/* xorshift64* (Vigna): small, and good enough to vary where events land. */
u64 rr_jitter_ns(struct domain *d)
{
	struct rr_domain *rr = d->rr;

	if (!rr_attached(d) || rr->jitter_max_ns == 0) {
		return 0;
	}
	rr->random ^= rr->random >> 12;
	rr->random ^= rr->random << 25;
	rr->random ^= rr->random >> 27;
	return rr->random * 0x2545f4914f6cdd1dUL % rr->jitter_max_ns;
}
