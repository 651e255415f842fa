/* SPDX-License-Identifier: MIT */
/*
 * Making an event visible: pending bit, selector, upcall flag, wake-up, in
 * the order of the 2-level ABI (event_channel.h, xen.h). Nothing else writes
 * these words.
 */
#include "ports.h"

#include <hv/mm.h>

/* Atomic, for the guest's other vCPUs change these words too. True when the
 * bit was set before. */
static bool test_and_set(xen_ulong_t *map, u32 n)
{
	u64 bit = 1UL << n % 64;

	return __atomic_fetch_or(&map[n / 64], bit, __ATOMIC_SEQ_CST) & bit;
}

static bool test(const xen_ulong_t *map, u32 n)
{
	return __atomic_load_n(&map[n / 64], __ATOMIC_SEQ_CST) >> n % 64 & 1;
}

/* Before the first vCPU exists the page is not a frame of the domain yet. */
void shared_written(struct domain *d)
{
	if (d->shared_page != NULL) {
		page_mark_dirty(d->shared_page);
	}
}

void vcpu_info_written(struct vcpu *v)
{
	if (v->info_page != NULL) {
		page_mark_dirty(v->info_page);
	} else {
		shared_written(v->domain);
	}
}

static void mark_upcall(struct vcpu *v)
{
	if (__atomic_exchange_n(&v->info->evtchn_upcall_pending, 1,
	                        __ATOMIC_SEQ_CST) == 0) {
		vcpu_wake(v);
	}
}

static void notify(struct vcpu *v, u32 port)
{
	vcpu_info_written(v);
	if (!test_and_set(&v->info->evtchn_pending_sel, port / 64)) {
		mark_upcall(v);
	}
}

static bool polls(const struct vcpu *v, u32 port)
{
	for (u32 i = 0; v->s.polling && i < v->s.poll_nr; i++) {
		if (v->s.poll_ports[i] == port) {
			return true;
		}
	}
	return false;
}

/* Pollers wait for the pending bit, masked or not. */
static void wake_pollers(struct domain *d, u32 port)
{
	struct vcpu *v;

	for_each_vcpu (d, v) {
		if (polls(v, port)) {
			vcpu_wake(v);
		}
	}
}

void evtchn_publish(struct domain *d, unsigned int port)
{
	struct evtchn_state *e = port_get(d, port);
	struct vcpu *v;

	if (e == NULL || e->state == EVTCHN_FREE || d->dying) {
		return;
	}
	shared_written(d);
	if (test_and_set(d->shared->evtchn_pending, port)) {
		return;
	}
	v = d->vcpu[e->vcpu];
	if (v != NULL && !test(d->shared->evtchn_mask, port)) {
		notify(v, port);
	}
	wake_pollers(d, port);
}

void evtchn_unmask(struct domain *d, unsigned int port)
{
	struct vcpu *v = d->vcpu[d->ports[port].vcpu];
	u64 bit = 1UL << port % 64;
	u64 old;

	shared_written(d);
	old = __atomic_fetch_and(&d->shared->evtchn_mask[port / 64], ~bit,
	                         __ATOMIC_SEQ_CST);
	if (v != NULL && (old & bit) && test(d->shared->evtchn_pending, port)) {
		notify(v, port);
	}
}

bool vcpu_event_deliverable(struct vcpu *v)
{
	return v->info->evtchn_upcall_pending && !v->info->evtchn_upcall_mask;
}

bool vcpu_has_event(struct vcpu *v)
{
	struct domain *d = v->domain;

	if (v->info->evtchn_upcall_pending) {
		return true;
	}
	for (u32 i = 0; v->s.polling && i < v->s.poll_nr; i++) {
		if (test(d->shared->evtchn_pending, v->s.poll_ports[i])) {
			return true;
		}
	}
	return false;
}

bool evtchn_is_pending(struct domain *d, unsigned int port)
{
	return test(d->shared->evtchn_pending, port);
}
