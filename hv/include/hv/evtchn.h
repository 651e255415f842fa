/* SPDX-License-Identifier: MIT */
/*
 * Event channels, 2-level ABI (event_channel.h).
 *
 * A port becomes visible to its guest only through evtchn_publish(). What the
 * domain itself causes is published at once; what comes from outside goes
 * through evtchn_raise(), which for a traced domain hands it to the replay
 * session to be published at a logged position (D5, R10).
 */
#ifndef HV_EVTCHN_H
#define HV_EVTCHN_H

#include <hv/domain.h>

enum evtchn_kind {
	EVTCHN_FREE,
	EVTCHN_RESERVED,
	EVTCHN_UNBOUND,
	EVTCHN_INTERDOMAIN,
	EVTCHN_PIRQ,
	EVTCHN_VIRQ,
	EVTCHN_IPI,
};

int evtchn_init(struct domain *d);
/** Frees the table; closes what is still open. */
void evtchn_destroy(struct domain *d);
/** Closes all ports of a dying domain; peers become unbound. */
void evtchn_close_all(struct domain *d);
/** Recomputes what is derived from d->ports after they were restored. */
void evtchn_rebuild(struct domain *d);
/** A port of @d that waits for @remote, or -XEN_ENOSPC. */
int evtchn_alloc_unbound(struct domain *d, domid_t remote);

/** For the builder of the first domain: a port of @d whose other end is the
 *  hypervisor's console backend (console_ring_notify()). 0 when none is
 *  free. */
unsigned int evtchn_reserve_console(struct domain *d);

/** Sets pending bit, selector and upcall flag, and wakes the vCPU. */
void evtchn_publish(struct domain *d, unsigned int port);
/** An event from outside the domain's own execution. */
void evtchn_raise(struct domain *d, unsigned int port);
/** EVTCHNOP_send by @d; 0 or -XEN_EINVAL. */
int evtchn_send(struct domain *d, unsigned int port);
/** Clears the mask bit of a valid port; an event that waits is notified. */
void evtchn_unmask(struct domain *d, unsigned int port);
bool evtchn_is_pending(struct domain *d, unsigned int port);
/** Raises the port bound to a per-vCPU VIRQ, if any. */
void virq_raise(struct vcpu *v, unsigned int virq);
/** Raises a global VIRQ at its handler (the control domain). */
void virq_raise_global(unsigned int virq);
/** Port bound to @virq on @v, or 0. */
unsigned int virq_port(struct vcpu *v, unsigned int virq);

/** The hypervisor is about to write to @v's vcpu_info. */
void vcpu_info_written(struct vcpu *v);
/** upcall_pending set and not masked. */
bool vcpu_event_deliverable(struct vcpu *v);
/** upcall_pending set, or a polled port pending. */
bool vcpu_has_event(struct vcpu *v);

/** Moves the vCPU's vcpu_info; VCPUOP_register_vcpu_info. */
int vcpu_info_register(struct vcpu *v, u64 gmfn, u64 offset);

/** Ends a block or poll because an event came. */
void vcpu_wake(struct vcpu *v);

#endif
