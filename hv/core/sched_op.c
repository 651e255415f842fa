/* SPDX-License-Identifier: MIT */
/*
 * SCHEDOP_* and set_timer_op (sched.h of the ABI).
 *
 * A wake-up is never lost: the vCPU is marked as blocked first, then what it
 * waits for is looked at.
 */
#include <hv/evtchn.h>
#include <hv/guest_timer.h>
#include <hv/hypercall.h>
#include <hv/sched.h>
#include <xen/sched.h>

#define MAX_POLL_PORTS 128
/* A timeout this far away is the sign of a clock that jumped: look again
 * after a moment, as the ABI's guests have come to rely on. */
#define FAR_AWAY_NS    (1UL << 50)
#define LOOK_AGAIN_NS  100000000UL

long hc_sched_yield(struct vcpu *v, struct hc_frame *f)
{
	(void)f;
	sched_yield(v);
	return 0;
}

long hc_sched_block(struct vcpu *v, struct hc_frame *f)
{
	(void)f;
	vcpu_info_written(v);
	v->info->evtchn_upcall_mask = 0;
	v->s.blocked = 1;
	if (vcpu_event_deliverable(v)) {
		v->s.blocked = 0;
	} else {
		sched_update(v);
	}
	return 0;
}

/* The ports come as 32-bit numbers, at most MAX_POLL_PORTS of them. */
static int read_ports(struct vcpu *v, struct hc_frame *f,
                      const struct sched_poll *a)
{
	u32 window[32];
	u64 va = (u64)a->ports.p;

	for (u32 i = 0; i < a->nr_ports; i += ARRAY_SIZE(window)) {
		u32 n = MIN((u32)ARRAY_SIZE(window), a->nr_ports - i);

		if (hc_read(f, window, va + i * 4UL, n * 4UL) != 0) {
			return -XEN_EFAULT;
		}
		for (u32 k = 0; k < n; k++) {
			if (window[k] == 0 ||
			    window[k] > v->domain->s.max_port) {
				return -XEN_EINVAL;
			}
			v->s.poll_ports[i + k] = (u16)window[k];
		}
	}
	return 0;
}

static bool polled_port_pending(const struct vcpu *v)
{
	for (u32 i = 0; i < v->s.poll_nr; i++) {
		if (evtchn_is_pending(v->domain, v->s.poll_ports[i])) {
			return true;
		}
	}
	return false;
}

long hc_sched_poll(struct vcpu *v, struct hc_frame *f)
{
	const struct sched_poll *a = hc_arg_as(f, struct sched_poll);
	int err;

	if (a->nr_ports > MAX_POLL_PORTS) {
		return -XEN_EINVAL;
	}
	err = read_ports(v, f, a);
	if (err != 0) {
		return err;
	}
	v->s.poll_nr = (u16)a->nr_ports;
	if (vcpu_event_deliverable(v) || polled_port_pending(v)) {
		v->s.poll_nr = 0;
		return 0;
	}
	v->s.polling = 1;
	v->s.blocked = 1;
	v->s.poll_deadline_ns = a->timeout;
	if (a->timeout != 0) {
		timer_set(&v->poll_timer,
		          domain_to_host_ns(v->domain, a->timeout));
	}
	sched_update(v);
	return 0;
}

long hc_sched_shutdown(struct vcpu *v, struct hc_frame *f)
{
	unsigned int reason = hc_arg_as(f, struct sched_shutdown)->reason;

	if (reason > SHUTDOWN_MAX) {
		return -XEN_EINVAL;
	}
	domain_shutdown(v->domain, reason);
	return 0;
}

long hc_set_timer_op(struct vcpu *v, struct hc_frame *f)
{
	u64 timeout_ns = f->args[0];
	u64 now = domain_now_ns(v->domain);

	if (timeout_ns != 0 && timeout_ns > now &&
	    timeout_ns - now > FAR_AWAY_NS) {
		timeout_ns = now + LOOK_AGAIN_NS;
	}
	guest_singleshot_set(v, timeout_ns);
	return 0;
}
