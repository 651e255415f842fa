/* SPDX-License-Identifier: MIT */
/*
 * EVTCHNOP_alloc_unbound and EVTCHNOP_bind_*: making the ends of channels
 * (event_channel.h).
 */
#include "ports.h"

#include <hv/hypercall.h>

int evtchn_alloc_unbound(struct domain *d, domid_t remote)
{
	int port;

	spin_lock(&evtchn_lock);
	port = port_alloc(d, EVTCHN_UNBOUND);
	if (port > 0) {
		d->ports[port].remote_domid = remote;
	}
	spin_unlock(&evtchn_lock);
	return port;
}

long hc_evtchn_alloc_unbound(struct vcpu *v, struct hc_frame *f)
{
	struct evtchn_alloc_unbound *a =
		hc_arg_as(f, struct evtchn_alloc_unbound);
	struct domain *d;
	int err, port;

	d = port_domain(v, a->dom, &err);
	if (d == NULL) {
		return err;
	}
	port = evtchn_alloc_unbound(d, a->remote_dom == DOMID_SELF
	                                       ? v->domain->self
	                                       : a->remote_dom);
	if (port < 0) {
		return port;
	}
	a->port = (evtchn_port_t)port;
	return 0;
}

/* Connects a new port of @d to @rport of @rd, which must wait for @d. The
 * peer may have sent before anybody listened, so the new end starts pending.
 * Nobody connects to a traced domain, whose ports would change unseen (R14). */
static int connect(struct domain *d, struct domain *rd, u32 rport)
{
	struct evtchn_state *r = port_get(rd, rport);
	int port;

	if (r == NULL || r->state != EVTCHN_UNBOUND ||
	    r->remote_domid != d->self || (rd != d && rd->traced)) {
		return -XEN_EINVAL;
	}
	port = port_alloc(d, EVTCHN_INTERDOMAIN);
	if (port < 0) {
		return port;
	}
	d->ports[port].remote_domid = rd->self;
	d->ports[port].remote_port = rport;
	r->state = EVTCHN_INTERDOMAIN;
	r->remote_port = (u32)port;
	return port;
}

long hc_evtchn_bind_interdomain(struct vcpu *v, struct hc_frame *f)
{
	struct evtchn_bind_interdomain *a =
		hc_arg_as(f, struct evtchn_bind_interdomain);
	struct domain *d = v->domain;
	struct domain *rd = domain_resolve(a->remote_dom);
	int port;

	if (rd == NULL || rd->dying) {
		return -XEN_ESRCH;
	}
	spin_lock(&evtchn_lock);
	port = connect(d, rd, a->remote_port);
	spin_unlock(&evtchn_lock);
	if (port < 0) {
		return port;
	}
	evtchn_publish(d, (unsigned int)port);
	a->local_port = (evtchn_port_t)port;
	return 0;
}

static int bind_virq(struct domain *d, u32 virq, u32 vcpu)
{
	u16 *slot = virq_slot(d, virq, vcpu);
	int port;

	if (*slot != 0) {
		return -XEN_EEXIST;
	}
	port = port_alloc(d, EVTCHN_VIRQ);
	if (port > 0) {
		d->ports[port].vcpu = (u16)vcpu;
		d->ports[port].virq = (u16)virq;
		*slot = (u16)port;
	}
	return port;
}

long hc_evtchn_bind_virq(struct vcpu *v, struct hc_frame *f)
{
	struct evtchn_bind_virq *a = hc_arg_as(f, struct evtchn_bind_virq);
	struct domain *d = v->domain;
	int port;

	if (a->virq >= NR_VIRQS ||
	    (!virq_is_per_vcpu(a->virq) && a->vcpu != 0)) {
		return -XEN_EINVAL;
	}
	if (a->vcpu >= MAX_VCPUS || d->vcpu[a->vcpu] == NULL) {
		return -XEN_ENOENT;
	}
	spin_lock(&evtchn_lock);
	port = bind_virq(d, a->virq, a->vcpu);
	spin_unlock(&evtchn_lock);
	if (port < 0) {
		return port;
	}
	a->port = (evtchn_port_t)port;
	return 0;
}

long hc_evtchn_bind_ipi(struct vcpu *v, struct hc_frame *f)
{
	struct evtchn_bind_ipi *a = hc_arg_as(f, struct evtchn_bind_ipi);
	struct domain *d = v->domain;
	int port;

	if (a->vcpu >= MAX_VCPUS || d->vcpu[a->vcpu] == NULL) {
		return -XEN_ENOENT;
	}
	spin_lock(&evtchn_lock);
	port = port_alloc(d, EVTCHN_IPI);
	if (port > 0) {
		d->ports[port].vcpu = (u16)a->vcpu;
	}
	spin_unlock(&evtchn_lock);
	if (port < 0) {
		return port;
	}
	a->port = (evtchn_port_t)port;
	return 0;
}

/* Which vCPU an IPI or a per-vCPU VIRQ notifies is fixed when it is bound. */
static int bind_vcpu(struct evtchn_state *e, u32 vcpu)
{
	switch (e->state) {
	case EVTCHN_VIRQ:
		if (virq_is_per_vcpu(e->virq)) {
			return -XEN_EINVAL;
		}
		break;
	case EVTCHN_UNBOUND:
	case EVTCHN_INTERDOMAIN:
	case EVTCHN_PIRQ:
		break;
	default:
		return -XEN_EINVAL;
	}
	e->vcpu = (u16)vcpu;
	return 0;
}

long hc_evtchn_bind_vcpu(struct vcpu *v, struct hc_frame *f)
{
	const struct evtchn_bind_vcpu *a =
		hc_arg_as(f, struct evtchn_bind_vcpu);
	struct domain *d = v->domain;
	struct evtchn_state *e = port_get(d, a->port);
	int err;

	if (a->vcpu >= MAX_VCPUS || d->vcpu[a->vcpu] == NULL) {
		return -XEN_ENOENT;
	}
	if (e == NULL) {
		return -XEN_EINVAL;
	}
	spin_lock(&evtchn_lock);
	err = bind_vcpu(e, a->vcpu);
	spin_unlock(&evtchn_lock);
	return err;
}
