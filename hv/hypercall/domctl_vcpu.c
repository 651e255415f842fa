/* SPDX-License-Identifier: MIT */
/*
 * XEN_DOMCTL_*: vCPU contexts and what is told of a vCPU.
 */
#include "domctl.h"

#include <hv/rr.h>
#include <hv/shared.h>

#include <hv/sched.h>
#include <hv/traps.h>

/* Above the size for a stack. One CPU, and no call that uses it nests. */
static struct vcpu_guest_context context;

/* What a context may not change once the vCPU runs on its own tables. */
static bool same_tables(struct vcpu *v, const struct vcpu_guest_context *c)
{
	static struct vcpu_guest_context now;

	memset(&now, 0, sizeof(now));
	vcpu_get_context(v, &now);
	return c->ctrlreg[3] == now.ctrlreg[3] &&
	       c->ctrlreg[1] == now.ctrlreg[1] && c->gdt_ents == now.gdt_ents &&
	       memcmp(c->gdt_frames, now.gdt_frames, sizeof(now.gdt_frames)) ==
	               0 &&
	       c->ldt_base == now.ldt_base && c->ldt_ents == now.ldt_ents;
}

static long set_context(struct vcpu *v)
{
	int err;

	sched_sync(v);
	if (v->s.initialised && !same_tables(v, &context)) {
		return -XEN_EOPNOTSUPP;
	}
	err = vcpu_set_context(v, &context);
	if (err == 0) {
		v->s.initialised = 1;
		v->s.online = (context.flags & VGCF_online) != 0;
		sched_update(v);
	}
	return err;
}

/* The vCPU that the call names; NULL and *err. */
static struct vcpu *target_vcpu(struct hc_frame *f, u32 id, long *err)
{
	struct domain *d = domctl_target(f, err);

	if (d == NULL) {
		return NULL;
	}
	if (id >= MAX_VCPUS || d->vcpu[id] == NULL) {
		*err = -XEN_EINVAL;
		return NULL;
	}
	return d->vcpu[id];
}

long hc_domctl_set_context(struct vcpu *v, struct hc_frame *f)
{
	const struct xen_domctl_vcpucontext *a = &domctl_arg(f)->u.vcpucontext;
	long err;
	struct vcpu *t = target_vcpu(f, a->vcpu, &err);

	if (t == NULL) {
		return err;
	}
	if (t->domain == v->domain) {
		return -XEN_EINVAL;
	}
	if (!rr_foreign_allowed(t->domain)) {
		return -XEN_EBUSY;
	}
	if (a->ctxt.p == NULL) {
		return -XEN_EOPNOTSUPP;
	}
	if (hc_read(f, &context, (u64)a->ctxt.p, sizeof(context)) != 0) {
		return -XEN_EFAULT;
	}
	domain_pause(t->domain);
	err = set_context(t);
	if (err == 0) {
		/* The tools' builder has cleared shared_info by now, and with
		 * it what is written only once (a traced domain's clock).
		 */
		wallclock_write(t->domain, wallclock_base_ns());
		pvclock_update(t, true);
	}
	domain_unpause(t->domain);
	return err;
}

long hc_domctl_get_context(struct vcpu *v, struct hc_frame *f)
{
	const struct xen_domctl_vcpucontext *a = &domctl_arg(f)->u.vcpucontext;
	long err;
	struct vcpu *t = target_vcpu(f, a->vcpu, &err);

	if (t == NULL) {
		return err;
	}
	if (t->domain == v->domain) {
		return -XEN_EINVAL;
	}
	if (!t->s.initialised) {
		return -XEN_ENODATA;
	}
	sched_sync(t);
	memset(&context, 0, sizeof(context));
	vcpu_get_context(t, &context);
	if (hc_write(f, (u64)a->ctxt.p, &context, sizeof(context)) != 0) {
		return -XEN_EFAULT;
	}
	return 0;
}

long hc_domctl_vcpu_info(struct vcpu *v, struct hc_frame *f)
{
	struct xen_domctl_getvcpuinfo *a = &domctl_arg(f)->u.getvcpuinfo;
	long err;
	struct vcpu *t = target_vcpu(f, a->vcpu, &err);

	(void)v;
	if (t == NULL) {
		return err == -XEN_EINVAL ? -XEN_ESRCH : err;
	}
	a->online = t->s.online;
	a->blocked = t->s.blocked;
	a->running = t->running;
	a->cpu_time = vcpu_cpu_time_ns(t);
	a->cpu = 0;
	return 0;
}
