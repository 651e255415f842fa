/* SPDX-License-Identifier: MIT */
/*
 * What the state in a trace may say before anything is done with it. Checksums
 * only tell that it is what was written: a trace is a file from outside, and
 * whoever made it must not gain more than the guest in it has (no ring 0, no
 * faults in the hypervisor, no loops without bound).
 */
#include <rr_hv/machine.h>

#include <arch/regs.h>
#include <hv/evtchn.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <pv/cpu_state.h>

#define RPL_MASK      3
#define MXCSR_OFFSET  24 /* in an FXSAVE image */
#define MXCSR_INVALID 0xffff0000U
#define VCPU_INFO_MAX (PAGE_SIZE - sizeof(struct vcpu_info))

static bool frame_ok(const struct domain *d, u64 gmfn)
{
	return gmfn == GMFN_NONE ||
	       (gmfn < d->s.nr_frames && d->frames[gmfn] != NULL);
}

static const char *check_registers(struct vcpu *v)
{
	const struct cpu_regs *r = &v->s.regs;
	u32 mxcsr;

	memcpy(&mxcsr, v->s.fpu + MXCSR_OFFSET, sizeof(mxcsr));
	if ((r->cs & RPL_MASK) != RPL_MASK || (r->ss & RPL_MASK) != RPL_MASK) {
		return "its vCPU is not in ring 3";
	}
	if (guest_rflags(r->rflags) != r->rflags) {
		return "its vCPU has flags that no guest has";
	}
	if (mxcsr & MXCSR_INVALID) {
		return "its FPU state cannot be loaded";
	}
	if (!is_canonical(v->s.fs_base) || !is_canonical(v->s.gs_base_kernel) ||
	    !is_canonical(v->s.gs_base_user)) {
		return "a segment base of its is not canonical";
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(v->s.debugreg); i++) {
		if (i != 4 && i != 5 &&
		    debugreg_set(v, i, v->s.debugreg[i]) != 0) {
			return "its debug registers cannot be loaded";
		}
	}
	return NULL;
}

static const char *check_vcpu(struct vcpu *v)
{
	const struct vcpu_state *s = &v->s;

	if (s->runstate >= ARRAY_SIZE(s->runstate_ns)) {
		return "its runstate is none";
	}
	if (s->poll_nr > ARRAY_SIZE(s->poll_ports)) {
		return "it polls more ports than there can be";
	}
	if (!frame_ok(v->domain, s->vcpu_info_gmfn) ||
	    s->vcpu_info_offset > VCPU_INFO_MAX) {
		return "its vcpu_info is nowhere";
	}
	return check_registers(v);
}

/* A traced domain's channels connect it with itself, both ends naming the
 * other. */
static bool channel_ok(const struct domain *d, unsigned int port)
{
	const struct evtchn_state *e = &d->ports[port], *peer;

	if (e->state != EVTCHN_INTERDOMAIN) {
		return true;
	}
	if (e->remote_domid != d->self || e->remote_port >= MAX_PORTS) {
		return false;
	}
	peer = &d->ports[e->remote_port];
	return peer->state == EVTCHN_INTERDOMAIN && peer->remote_port == port;
}

static const char *check_ports(const struct domain *d)
{
	if (d->s.max_port >= MAX_PORTS || d->s.nr_vcpus != 1) {
		return "it has more ports or vCPUs than a traced domain";
	}
	for (unsigned int p = 0; p < MAX_PORTS; p++) {
		const struct evtchn_state *e = &d->ports[p];

		if (e->vcpu != 0 || e->state > EVTCHN_IPI ||
		    (e->state == EVTCHN_VIRQ && e->virq >= NR_VIRQS) ||
		    !channel_ok(d, p)) {
			return "one of its event channels is impossible";
		}
	}
	return NULL;
}

/* The stack of tables that are being taken apart. */
static const char *check_work(const struct domain *d)
{
	u64 g = d->s.mm_work;

	for (u64 n = 0; g != 0; n++) {
		if (n == d->s.nr_frames || !frame_ok(d, g) || g == GMFN_NONE ||
		    !(d->frames[g]->flags & PGF_TEARDOWN)) {
			return "its unfinished work is on no tables";
		}
		g = d->frames[g]->work_next;
	}
	return NULL;
}

const char *state_check(struct rr_domain *rr)
{
	const struct domain *d = rr->d;
	const char *why = check_ports(d);

	if (why == NULL) {
		why = check_work(d);
	}
	if (why == NULL && (!frame_ok(d, d->s.console_gmfn) ||
	                    !frame_ok(d, d->s.store_gmfn))) {
		why = "one of its rings is nowhere";
	}
	if (why == NULL && rr->session.s.slice_frame >= d->s.nr_frames) {
		why = "its next digest is of no frames";
	}
	return why != NULL ? why : check_vcpu(rr->v);
}
