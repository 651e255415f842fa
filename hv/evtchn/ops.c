/* SPDX-License-Identifier: MIT */
/*
 * What is done with ports that exist: send, close, status, unmask, reset
 * (event_channel.h).
 */
#include "ports.h"

#include <hv/console.h>
#include <hv/hypercall.h>

/* Ports looked at by one EVTCHNOP_reset call before it is cut (R11). */
#define RESET_BATCH 512

/* The far end sees an event from outside, unless it is this domain itself. */
static void send_to_peer(struct domain *d, const struct evtchn_state *e)
{
	struct domain *peer = domain_named(d, e->remote_domid);

	BUG_ON(peer == NULL);
	if (peer == d) {
		evtchn_publish(d, e->remote_port);
	} else {
		evtchn_raise(peer, e->remote_port);
	}
}

int evtchn_send(struct domain *d, unsigned int port)
{
	const struct evtchn_state *e = port_get(d, port);

	if (e == NULL) {
		return -XEN_EINVAL;
	}
	switch (e->state) {
	case EVTCHN_INTERDOMAIN:
		send_to_peer(d, e);
		return 0;
	case EVTCHN_IPI:
		evtchn_publish(d, port);
		return 0;
	case EVTCHN_UNBOUND:
		if (port == d->s.console_port &&
		    d->s.console_gmfn != GMFN_NONE) {
			console_ring_notify(d);
		}
		return 0;
	default:
		return -XEN_EINVAL;
	}
}

long hc_evtchn_send(struct vcpu *v, struct hc_frame *f)
{
	return evtchn_send(v->domain, hc_arg_as(f, struct evtchn_send)->port);
}

long hc_evtchn_close(struct vcpu *v, struct hc_frame *f)
{
	u32 port = hc_arg_as(f, struct evtchn_close)->port;
	struct evtchn_state *e = port_get(v->domain, port);
	int err = -XEN_EINVAL;

	spin_lock(&evtchn_lock);
	if (e != NULL && e->state != EVTCHN_FREE &&
	    e->state != EVTCHN_RESERVED) {
		port_close(v->domain, port);
		err = 0;
	}
	spin_unlock(&evtchn_lock);
	return err;
}

static void fill_status(struct evtchn_status *a, const struct evtchn_state *e)
{
	memset(&a->u, 0, sizeof(a->u));
	a->vcpu = e->vcpu;
	switch (e->state) {
	case EVTCHN_UNBOUND:
		a->status = EVTCHNSTAT_unbound;
		a->u.unbound.dom = e->remote_domid;
		break;
	case EVTCHN_INTERDOMAIN:
		a->status = EVTCHNSTAT_interdomain;
		a->u.interdomain.dom = e->remote_domid;
		a->u.interdomain.port = e->remote_port;
		break;
	case EVTCHN_PIRQ:
		a->status = EVTCHNSTAT_pirq;
		a->u.pirq = e->virq;
		break;
	case EVTCHN_VIRQ:
		a->status = EVTCHNSTAT_virq;
		a->u.virq = e->virq;
		break;
	case EVTCHN_IPI:
		a->status = EVTCHNSTAT_ipi;
		break;
	default:
		a->status = EVTCHNSTAT_closed;
		break;
	}
}

long hc_evtchn_status(struct vcpu *v, struct hc_frame *f)
{
	struct evtchn_status *a = hc_arg_as(f, struct evtchn_status);
	struct domain *d;
	int err;

	d = port_domain(v, a->dom, &err);
	if (d == NULL) {
		return err;
	}
	if (a->port > d->s.max_port) {
		return -XEN_EINVAL;
	}
	spin_lock(&evtchn_lock);
	fill_status(a, &d->ports[a->port]); /* port 0 reads as closed */
	spin_unlock(&evtchn_lock);
	return 0;
}

long hc_evtchn_unmask(struct vcpu *v, struct hc_frame *f)
{
	u32 port = hc_arg_as(f, struct evtchn_unmask)->port;

	if (port_get(v->domain, port) == NULL) {
		return -XEN_EINVAL;
	}
	evtchn_unmask(v->domain, port);
	return 0;
}

/* Closed ports stay closed, so issuing the call again is the continuation. */
long hc_evtchn_reset(struct vcpu *v, struct hc_frame *f)
{
	unsigned int closed = 0;
	struct domain *d;
	int err;

	d = port_domain(v, hc_arg_as(f, struct evtchn_reset)->dom, &err);
	if (d == NULL) {
		return err;
	}
	spin_lock(&evtchn_lock);
	for (u32 port = 1; port <= d->s.max_port && closed < RESET_BATCH;
	     port++) {
		if (d->ports[port].state != EVTCHN_FREE) {
			port_close(d, port);
			closed++;
		}
	}
	spin_unlock(&evtchn_lock);
	return closed == RESET_BATCH ? HC_RESTART : 0;
}
