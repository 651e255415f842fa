/* SPDX-License-Identifier: MIT */
/*
 * Event channels, 2-level ABI, on vCPU 0 (xen/event_channel.h).
 *
 * The default upcall counts deliveries per port and calls the port's hook.
 * A guest starts with events masked; tests unmask them for as long as they
 * want upcalls.
 */
#ifndef GUEST_EVENT_H
#define GUEST_EVENT_H

#include <guest/abi.h>

#define EVENT_PORTS 4096

/** Upcalls seen, and deliveries per port, since event_reset(). */
extern volatile unsigned int event_upcalls;
extern volatile unsigned int event_count[EVENT_PORTS];

void event_init(void);

/** Closes every port but the ones the guest was born with; masks events. */
void event_reset(void);

/** Handles all pending unmasked ports; called by the upcall. */
void event_dispatch(void);

/** Called for each delivery of @port; NULL removes it. */
void event_hook_set(evtchn_port_t port, void (*hook)(evtchn_port_t port));

/** evtchn_upcall_mask = 1; returns what it was. */
bool events_mask(void);

/** evtchn_upcall_mask = 0, and takes upcalls that were pending. */
void events_unmask(void);

/** The mask bit of @port in shared_info. */
void port_mask(evtchn_port_t port);

/** Clears the mask bit through EVTCHNOP_unmask. */
long port_unmask(evtchn_port_t port);
bool port_is_masked(evtchn_port_t port);
bool port_is_pending(evtchn_port_t port);
void port_clear_pending(evtchn_port_t port);

/** Each returns the new port, or a negative error. New ports are unmasked. */
long port_alloc_unbound(unsigned int dom, unsigned int remote);
long port_bind_interdomain(unsigned int remote_dom, evtchn_port_t remote_port);
long port_bind_virq(unsigned int virq, unsigned int vcpu);
long port_bind_ipi(unsigned int vcpu);

long port_send(evtchn_port_t port);
long port_close(evtchn_port_t port);

/** Fills @st for @port of this domain. */
long port_status(evtchn_port_t port, struct evtchn_status *st);

#endif /* GUEST_EVENT_H */
