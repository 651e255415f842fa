/* SPDX-License-Identifier: MIT */
/*
 * VCPUOP_* (vcpu.h of the ABI): hypercall argument 1 is the vCPU's id.
 */
#include <hv/evtchn.h>
#include <hv/guest_timer.h>
#include <hv/hypercall.h>
#include <hv/sched.h>
#include <hv/shared.h>
#include <hv/traps.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

#define MIN_PERIOD_NS 1000000UL
#define MAX_PERIOD_NS (1UL << 62)

/* The vCPU of @v's domain that the call names, or NULL: -XEN_ENOENT. */
static struct vcpu *target(struct vcpu *v, const struct hc_frame *f)
{
	u32 id = (u32)f->args[1];

	return id < MAX_VCPUS ? v->domain->vcpu[id] : NULL;
}

long hc_vcpu_initialise(struct vcpu *v, struct hc_frame *f)
{
	/* Above the size for a stack; one CPU, and the call never nests. */
	static struct vcpu_guest_context ctx;
	struct vcpu *t = target(v, f);
	int err;

	if (t == NULL) {
		return -XEN_ENOENT;
	}
	if (hc_read(f, &ctx, f->args[2], sizeof(ctx)) != 0) {
		return -XEN_EFAULT;
	}
	if (t->s.initialised) {
		return -XEN_EEXIST;
	}
	err = vcpu_set_context(t, &ctx);
	if (err != 0) {
		return err;
	}
	t->s.initialised = 1;
	t->s.online = (ctx.flags & VGCF_online) != 0;
	sched_update(t);
	return 0;
}

long hc_vcpu_up(struct vcpu *v, struct hc_frame *f)
{
	struct vcpu *t = target(v, f);

	if (t == NULL) {
		return -XEN_ENOENT;
	}
	if (!t->s.initialised) {
		return -XEN_EINVAL;
	}
	t->s.online = 1;
	sched_update(t);
	return 0;
}

/* The last one down switches the domain off. */
long hc_vcpu_down(struct vcpu *v, struct hc_frame *f)
{
	struct vcpu *t = target(v, f), *other;
	bool last = true;

	if (t == NULL) {
		return -XEN_ENOENT;
	}
	for_each_vcpu (v->domain, other) {
		last = last && (other == t || !other->s.online);
	}
	if (last) {
		domain_shutdown(v->domain, SHUTDOWN_poweroff);
		return 0;
	}
	t->s.online = 0;
	sched_update(t);
	return 0;
}

long hc_vcpu_is_up(struct vcpu *v, struct hc_frame *f)
{
	struct vcpu *t = target(v, f);

	return t != NULL ? t->s.online : -XEN_ENOENT;
}

long hc_vcpu_get_runstate(struct vcpu *v, struct hc_frame *f)
{
	struct vcpu *t = target(v, f);

	if (t == NULL) {
		return -XEN_ENOENT;
	}
	runstate_get(t, hc_arg_as(f, struct vcpu_runstate_info));
	return 0;
}

long hc_vcpu_register_runstate(struct vcpu *v, struct hc_frame *f)
{
	struct vcpu *t = target(v, f);

	if (t == NULL) {
		return -XEN_ENOENT;
	}
	return runstate_register(
		t, hc_arg_as(f, struct vcpu_register_runstate_memory_area)
			   ->addr.p);
}

long hc_vcpu_set_periodic(struct vcpu *v, struct hc_frame *f)
{
	u64 period_ns = hc_arg_as(f, struct vcpu_set_periodic_timer)->period_ns;
	struct vcpu *t = target(v, f);

	if (t == NULL) {
		return -XEN_ENOENT;
	}
	if (period_ns < MIN_PERIOD_NS || period_ns > MAX_PERIOD_NS) {
		return -XEN_EINVAL;
	}
	guest_periodic_set(t, period_ns);
	return 0;
}

long hc_vcpu_stop_periodic(struct vcpu *v, struct hc_frame *f)
{
	struct vcpu *t = target(v, f);

	if (t == NULL) {
		return -XEN_ENOENT;
	}
	guest_periodic_set(t, 0);
	return 0;
}

/* A deadline in the past fires at once, whatever the flags say of it. 0 means
 * off in struct vcpu_state; the ABI's 0 is long past. */
long hc_vcpu_set_singleshot(struct vcpu *v, struct hc_frame *f)
{
	const struct vcpu_set_singleshot_timer *a =
		hc_arg_as(f, struct vcpu_set_singleshot_timer);
	struct vcpu *t = target(v, f);

	if (t == NULL) {
		return -XEN_ENOENT;
	}
	if (t != v) {
		return -XEN_EINVAL;
	}
	guest_singleshot_set(v, MAX(a->timeout_abs_ns, (u64)1));
	return 0;
}

long hc_vcpu_stop_singleshot(struct vcpu *v, struct hc_frame *f)
{
	struct vcpu *t = target(v, f);

	if (t == NULL) {
		return -XEN_ENOENT;
	}
	if (t != v) {
		return -XEN_EINVAL;
	}
	guest_singleshot_set(v, 0);
	return 0;
}

long hc_vcpu_register_info(struct vcpu *v, struct hc_frame *f)
{
	const struct vcpu_register_vcpu_info *a =
		hc_arg_as(f, struct vcpu_register_vcpu_info);
	struct vcpu *t = target(v, f);

	if (t == NULL) {
		return -XEN_ENOENT;
	}
	return vcpu_info_register(t, a->mfn, a->offset);
}

long hc_vcpu_register_time(struct vcpu *v, struct hc_frame *f)
{
	struct vcpu *t = target(v, f);

	if (t == NULL) {
		return -XEN_ENOENT;
	}
	return pvclock_register(
		t, hc_arg_as(f, struct vcpu_register_time_memory_area)->addr.p);
}

long hc_vcpu_send_nmi(struct vcpu *v, struct hc_frame *f)
{
	struct vcpu *t = target(v, f);

	if (t == NULL) {
		return -XEN_ENOENT;
	}
	t->s.nmi_pending = 1;
	vcpu_wake(t);
	return 0;
}

/* Operations that there are not: the vCPU is looked at first. */
long hc_vcpu_unknown(struct vcpu *v, struct hc_frame *f)
{
	return target(v, f) == NULL ? -XEN_ENOENT : -XEN_ENOSYS;
}
