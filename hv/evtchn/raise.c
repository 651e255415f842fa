/* SPDX-License-Identifier: MIT */
/*
 * Events from outside a domain's own execution: the one place where they meet
 * the replay session of a traced domain (tap 4, R10).
 */
#include "ports.h"

#include <hv/rr.h>

void evtchn_raise(struct domain *d, unsigned int port)
{
	if (!rr_tap_port(d, port)) {
		evtchn_publish(d, port);
	}
}

void virq_raise(struct vcpu *v, unsigned int virq)
{
	unsigned int port = virq_port(v, virq);

	if (port != 0) {
		evtchn_raise(v->domain, port);
	}
}

void virq_raise_global(unsigned int virq)
{
	struct domain *d;

	for_each_domain (d) {
		if (d->privileged && !d->dying && d->vcpu[0] != NULL) {
			virq_raise(d->vcpu[0], virq);
			return;
		}
	}
}
