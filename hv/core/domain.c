/* SPDX-License-Identifier: MIT */
/*
 * Domains from creation to death.
 *
 * Life of the reference count: one from domain_create(), dropped when
 * domain_kill() has given back everything; one for each frame the domain owns.
 * A killed domain stays in the list, dying, until the last goes.
 */
#include "vcpu.h"

#include <arch/entry.h>
#include <hv/console.h>
#include <hv/debug.h>
#include <hv/evtchn.h>
#include <hv/grant.h>
#include <hv/guest_timer.h>
#include <hv/mm.h>
#include <hv/rr_control.h>
#include <hv/sched.h>
#include <hv/shared.h>
#include <xen/errno.h>
#include <xen/sched.h>

/* Frames of a traced domain beside its memory: shared_info, grant table. */
#define EXTRA_FRAMES 64

bool audit_on_death;

struct list all_domains = {&all_domains, &all_domains};

struct domain *domain_find(domid_t id)
{
	struct domain *d;

	for_each_domain (d) {
		if (d->id == id) {
			return d;
		}
	}
	return NULL;
}

struct domain *domain_named(struct domain *by, domid_t id)
{
	if (id == DOMID_SELF || id == by->self) {
		return by;
	}
	return by->traced ? NULL : domain_find(id);
}

struct domain *domain_resolve(domid_t id)
{
	return domain_named(current->domain, id);
}

/* The lowest id not given before, so that a name is reused late. */
static int pick_id(domid_t wanted, domid_t *id)
{
	static domid_t last;

	if (wanted < DOMID_FIRST_RESERVED) {
		*id = wanted;
		return domain_find(wanted) ? -XEN_EEXIST : 0;
	}
	for (unsigned int i = 1; i < DOMID_FIRST_RESERVED; i++) {
		domid_t next = (domid_t)((last + i) % DOMID_FIRST_RESERVED);

		if (next != 0 && domain_find(next) == NULL) {
			last = next;
			*id = next;
			return 0;
		}
	}
	return -XEN_ENOSPC;
}

static void list_insert(struct domain *d)
{
	struct domain *other;

	for_each_domain (other) {
		if (other->id > d->id) {
			break;
		}
	}
	list_add_tail(&other->link, &d->link);
}

static void set_start_values(struct domain *d, const struct domain_config *c)
{
	d->refs = 1;
	d->privileged = c->privileged;
	d->pause_count = 1;
	d->controller_paused = 1;
	d->s.nr_vcpus = c->max_vcpus;
	d->s.max_port = MIN(c->max_port, MAX_PORTS - 1U);
	d->s.next_port_hint = 1;
	d->s.shared_gmfn = GMFN_NONE;
	d->s.console_gmfn = GMFN_NONE;
	d->s.store_gmfn = GMFN_NONE;
	list_init(&d->link);
	list_init(&d->pages);
}

static int init_parts(struct domain *d, const struct domain_config *c)
{
	int err;

	d->shared = hv_page_alloc();
	if (d->shared == NULL) {
		return -XEN_ENOMEM;
	}
	shared_info_init(d);
	err = evtchn_init(d);
	if (err == 0) {
		err = grant_init(d, c->max_grant_frames);
	}
	if (err == 0) {
		d->traced = c->traced;
		d->s.nr_frames = c->traced ? c->max_frames : 0;
		err = domain_mm_init(d);
	}
	return err;
}

/* Frees the struct and what hangs on it, which may be incomplete. */
static void domain_free(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu (d, v) {
		vcpu_free(v);
	}
	rr_release(d);
	console_buffer_free(d);
	evtchn_destroy(d);
	grant_destroy(d);
	domain_mm_destroy(d);
	hv_page_free(d->shared);
	list_del(&d->link);
	hv_pages_free(d, sizeof(*d));
}

struct domain *domain_create(const struct domain_config *c, int *err)
{
	struct domain *d = hv_pages_alloc(sizeof(*d));
	domid_t id = 0;

	*err = -XEN_ENOMEM;
	if (d == NULL) {
		return NULL;
	}
	set_start_values(d, c);
	*err = pick_id(c->id, &id);
	d->id = id;
	d->self = id;
	if (*err == 0) {
		*err = init_parts(d, c);
	}
	if (*err != 0) {
		domain_free(d);
		return NULL;
	}
	list_insert(d);
	return d;
}

int domain_set_traced(struct domain *d)
{
	struct vcpu *v;

	if (d->traced || d->dying || d->nr_pages != 0 ||
	    d->shared_page != NULL || d->s.grant_frames != 0) {
		return -XEN_EBUSY;
	}
	for_each_vcpu (d, v) {
		return -XEN_EBUSY;
	}
	if (d->max_pages == 0) {
		return -XEN_EINVAL;
	}
	domain_mm_destroy(d);
	d->traced = true;
	d->s.nr_frames = d->max_pages + EXTRA_FRAMES;
	return domain_mm_init(d);
}

static void update_vcpus(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu (d, v) {
		sched_update(v);
	}
}

void domain_pause(struct domain *d)
{
	d->pause_count++;
	update_vcpus(d);
}

void domain_unpause(struct domain *d)
{
	BUG_ON(d->pause_count == 0);
	d->pause_count--;
	d->controller_paused = MIN(d->controller_paused, d->pause_count);
	update_vcpus(d);
}

int domain_resume(struct domain *d)
{
	if (!d->s.is_shutdown || d->s.shutdown_code != SHUTDOWN_suspend) {
		return -XEN_EINVAL;
	}
	d->s.is_shutdown = 0;
	d->s.shutdown_code = 0;
	update_vcpus(d);
	return 0;
}

/* Events and timers first: nothing may reach a dying domain. */
static void begin_death(struct domain *d)
{
	struct vcpu *v;

	d->dying = true;
	debug_detach(d);
	for_each_vcpu (d, v) {
		guest_timers_stop(v);
		sched_remove(v);
	}
	evtchn_close_all(d);
}

/* A page that was shared belongs to whoever still maps it. */
static void release_shared(struct domain *d)
{
	if (d->shared_page != NULL) {
		domain_unshare_page(d->shared);
		d->shared_page = NULL;
		d->shared = NULL;
	}
}

int domain_kill(struct domain *d)
{
	struct vcpu *v;
	int err;

	if (d->dead) {
		return 0;
	}
	if (!d->dying) {
		begin_death(d);
	}
	err = grant_release(d);
	if (err != 0) {
		return err;
	}
	for_each_vcpu (d, v) {
		vcpu_release_frames(v);
	}
	release_shared(d);
	err = domain_mm_release(d);
	if (err != 0) {
		return err;
	}
	d->dead = true;
	if (audit_on_death) {
		log_info("d%u is dead: %u frames differ from the recount",
		         d->id, mm_audit());
	}
	virq_raise_global(VIRQ_DOM_EXC);
	domain_put(d);
	return 0;
}

void domain_get(struct domain *d)
{
	d->refs++;
}

void domain_put(struct domain *d)
{
	BUG_ON(d->refs == 0);
	if (--d->refs == 0) {
		domain_free(d);
		virq_raise_global(VIRQ_DOM_EXC);
	}
}
