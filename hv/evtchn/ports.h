/* SPDX-License-Identifier: MIT */
/*
 * The table of ports behind d->ports, for the files of hv/evtchn alone.
 *
 * Channels connect domains, so one lock covers all tables. Invariants: the
 * peer of an interdomain port exists and names it back; virq[] is what the
 * ports of kind EVTCHN_VIRQ say and can be rebuilt from them.
 */
#ifndef HV_EVTCHN_PORTS_H
#define HV_EVTCHN_PORTS_H

#include <hv/evtchn.h>
#include <hv/lock.h>
#include <xen/errno.h>
#include <xen/event_channel.h>

struct port_table {
	struct evtchn_state ports[MAX_PORTS]; /* d->ports points here */
	u16 virq[MAX_VCPUS][NR_VIRQS];        /* port bound to it, or 0 */
};

extern struct spinlock evtchn_lock;

static inline struct port_table *port_table(struct domain *d)
{
	return CONTAINER_OF(d->ports, struct port_table, ports[0]);
}

/** Where the port of @virq of vCPU @vcpu is kept; a global VIRQ has one place,
 *  whichever vCPU it notifies. */
u16 *virq_slot(struct domain *d, u32 virq, u32 vcpu);
/** Port @port of @d, or NULL when it has no such port. 0 is never one. */
struct evtchn_state *port_get(struct domain *d, u32 port);
/** The lowest free port, put in state @kind and bound to vCPU 0, or
 *  -XEN_ENOSPC. */
int port_alloc(struct domain *d, enum evtchn_kind kind);
/** The hypervisor is about to write to @d's shared_info. */
void shared_written(struct domain *d);
/** Frees a port. Its peer, if any, becomes unbound and waits for @d. */
void port_close(struct domain *d, u32 port);
/** True for the VIRQs of which every vCPU has its own. */
bool virq_is_per_vcpu(u32 virq);
/** The domain that an operation names: @v's own, or, for the control domain,
 *  another living one. NULL and *err = -XEN_ESRCH, -XEN_EPERM, or -XEN_EBUSY
 *  when that one is recorded or replayed (R14). */
struct domain *port_domain(struct vcpu *v, domid_t id, int *err);

#endif
