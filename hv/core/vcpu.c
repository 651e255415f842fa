/* SPDX-License-Identifier: MIT */
/*
 * Making and freeing vCPUs.
 */
#include "vcpu.h"

#include <hv/evtchn.h>
#include <hv/guest_timer.h>
#include <hv/mm.h>
#include <hv/sched.h>
#include <hv/shared.h>
#include <hv/traps.h>
#include <xen/errno.h>
#include <xen/vcpu.h>

/* Descriptor windows (layout.h). Two are no vCPU's own. */
#define NR_SLOTS 1024

static u64 slots_used[NR_SLOTS / 64] = {1 | 1 << SLOT_TRACED};

static int slot_alloc(void)
{
	for (unsigned int i = 0; i < NR_SLOTS; i++) {
		if (!bit_test(slots_used, i)) {
			bit_set(slots_used, i);
			return (int)i;
		}
	}
	return -XEN_ENOSPC;
}

/* The guest sees this page as one of its frames. It becomes one as late as
 * this, because only now it is settled whether the domain is traced (R5). */
static int share_info_page(struct domain *d)
{
	int err;

	if (d->shared_page != NULL) {
		return 0;
	}
	err = domain_share_page(d, d->shared);
	if (err == 0) {
		d->shared_page = va_page(d->shared);
		d->s.shared_gmfn = page_gmfn(d->shared_page);
	}
	return err;
}

static void vcpu_init(struct vcpu *v, struct domain *d, unsigned int id)
{
	v->domain = d;
	v->id = id;
	list_init(&v->run_link);
	vcpu_state_init(v);
	v->s.vcpu_info_gmfn = GMFN_NONE;
	v->s.runstate = d->traced ? RUNSTATE_running : RUNSTATE_offline;
	v->s.runstate_entry_ns = domain_now_ns(d);
	v->info = &d->shared->vcpu_info[id];
	v->info->evtchn_upcall_mask = 1;
	guest_timers_init(v);
	pvclock_update(v, true);
}

int vcpu_create(struct domain *d, unsigned int id)
{
	struct vcpu *v;
	int slot, err;

	if (id >= d->s.nr_vcpus || d->dying) {
		return -XEN_EINVAL;
	}
	if (d->vcpu[id] != NULL) {
		return -XEN_EEXIST;
	}
	err = share_info_page(d);
	if (err != 0) {
		return err;
	}
	slot = slot_alloc();
	if (slot < 0) {
		return slot;
	}
	v = hv_pages_alloc(sizeof(*v));
	if (v == NULL) {
		bit_clear(slots_used, (unsigned int)slot);
		return -XEN_ENOMEM;
	}
	v->slot = (unsigned int)slot;
	vcpu_init(v, d, id);
	d->vcpu[id] = v;
	return 0;
}

void vcpu_free(struct vcpu *v)
{
	bit_clear(slots_used, v->slot);
	v->domain->vcpu[v->id] = NULL;
	hv_pages_free(v, sizeof(*v));
}

void vcpu_pause(struct vcpu *v)
{
	v->pause_count++;
	sched_update(v);
}

void vcpu_unpause(struct vcpu *v)
{
	BUG_ON(v->pause_count == 0);
	v->pause_count--;
	sched_update(v);
}

void vcpu_wake(struct vcpu *v)
{
	if (!v->s.blocked) {
		return;
	}
	v->s.blocked = 0;
	v->s.polling = 0;
	v->s.poll_nr = 0;
	v->s.poll_deadline_ns = 0;
	timer_stop(&v->poll_timer);
	sched_update(v);
}
