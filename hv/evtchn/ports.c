/* SPDX-License-Identifier: MIT */
/*
 * Allocation and closing of ports.
 */
#include "ports.h"

#include <hv/mm.h>
#include <hv/rr.h>

struct spinlock evtchn_lock;

int evtchn_init(struct domain *d)
{
	struct port_table *t = hv_pages_alloc(sizeof(*t));

	if (t == NULL) {
		return -XEN_ENOMEM;
	}
	d->ports = t->ports;
	return 0;
}

void evtchn_destroy(struct domain *d)
{
	if (d->ports == NULL) {
		return;
	}
	evtchn_close_all(d);
	hv_pages_free(port_table(d), sizeof(struct port_table));
	d->ports = NULL;
}

void evtchn_close_all(struct domain *d)
{
	spin_lock(&evtchn_lock);
	for (u32 port = 1; port <= d->s.max_port; port++) {
		if (d->ports[port].state != EVTCHN_FREE) {
			port_close(d, port);
		}
	}
	spin_unlock(&evtchn_lock);
}

struct evtchn_state *port_get(struct domain *d, u32 port)
{
	if (port == 0 || port > d->s.max_port || d->ports == NULL) {
		return NULL;
	}
	return &d->ports[port];
}

/* next_port_hint is at most the lowest free port. */
int port_alloc(struct domain *d, enum evtchn_kind kind)
{
	for (u32 port = MAX(d->s.next_port_hint, 1U); port <= d->s.max_port;
	     port++) {
		if (d->ports[port].state == EVTCHN_FREE) {
			d->s.next_port_hint = port + 1;
			d->ports[port] = (struct evtchn_state){.state = kind};
			return (int)port;
		}
	}
	d->s.next_port_hint = d->s.max_port + 1;
	return -XEN_ENOSPC;
}

static void unbind_peer(struct domain *d, const struct evtchn_state *e)
{
	struct domain *peer = domain_named(d, e->remote_domid);
	struct evtchn_state *p;

	BUG_ON(peer == NULL);
	p = port_get(peer, e->remote_port);
	BUG_ON(p == NULL || p->state != EVTCHN_INTERDOMAIN);
	p->state = EVTCHN_UNBOUND;
	p->remote_domid = d->self;
	p->remote_port = 0;
}

void port_close(struct domain *d, u32 port)
{
	struct evtchn_state *e = &d->ports[port];

	if (e->state == EVTCHN_INTERDOMAIN) {
		unbind_peer(d, e);
	} else if (e->state == EVTCHN_VIRQ) {
		*virq_slot(d, e->virq, e->vcpu) = 0;
	}
	/* A loopback's peer is a port of the same table, never this one. */
	*e = (struct evtchn_state){.state = EVTCHN_FREE};
	d->s.next_port_hint = MIN(d->s.next_port_hint, port);
	shared_written(d);
	__atomic_fetch_and(&d->shared->evtchn_pending[port / 64],
	                   ~(1UL << port % 64), __ATOMIC_SEQ_CST);
}

bool virq_is_per_vcpu(u32 virq)
{
	switch (virq) {
	case VIRQ_TIMER:
	case VIRQ_DEBUG:
	case VIRQ_XENOPROF:
	case VIRQ_XENPMU:
		return true;
	default:
		return virq >= VIRQ_ARCH_0 && virq <= VIRQ_ARCH_7;
	}
}

u16 *virq_slot(struct domain *d, u32 virq, u32 vcpu)
{
	return &port_table(d)->virq[virq_is_per_vcpu(virq) ? vcpu : 0][virq];
}

struct domain *port_domain(struct vcpu *v, domid_t id, int *err)
{
	struct domain *d = domain_named(v->domain, id);

	*err = 0;
	if (d == NULL || d->dying) {
		*err = -XEN_ESRCH;
	} else if (d != v->domain && !v->domain->privileged) {
		*err = -XEN_EPERM;
	} else if (d != v->domain && !rr_foreign_allowed(d)) {
		*err = -XEN_EBUSY;
	}
	return *err == 0 ? d : NULL;
}

unsigned int virq_port(struct vcpu *v, unsigned int virq)
{
	if (virq >= NR_VIRQS || v->domain->ports == NULL) {
		return 0;
	}
	return *virq_slot(v->domain, virq, v->id);
}

void evtchn_rebuild(struct domain *d)
{
	struct port_table *t = port_table(d);

	memset(t->virq, 0, sizeof(t->virq));
	for (u32 port = 1; port <= d->s.max_port; port++) {
		const struct evtchn_state *e = &d->ports[port];

		if (e->state == EVTCHN_VIRQ) {
			*virq_slot(d, e->virq, e->vcpu) = (u16)port;
		}
	}
}

unsigned int evtchn_reserve_console(struct domain *d)
{
	int port;

	spin_lock(&evtchn_lock);
	port = port_alloc(d, EVTCHN_UNBOUND);
	if (port > 0) {
		d->ports[port].remote_domid = DOMID_XEN;
		d->s.console_port = (u32)port;
	}
	spin_unlock(&evtchn_lock);
	return port > 0 ? (unsigned int)port : 0;
}
