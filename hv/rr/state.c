/* SPDX-License-Identifier: MIT */
/*
 * All hypervisor-private state of a traced domain as bytes, and back (R12).
 *
 * The layout is a list of sections in a fixed order, each a plain structure or
 * array of state.h; it belongs to the trace's ABI version. Saving what was
 * loaded gives the same bytes.
 */
#include <rr_hv/machine.h>

#include <arch/entry.h>
#include <hv/evtchn.h>
#include <hv/grant.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/sched.h>
#include <hv/traps.h>
#include <mm/table.h>

/* One of the domain's frames, as a snapshot knows it. */
struct frame_state {
	u32 refs, type_refs;
	u32 work_next;
	u16 flags, partial;
	u8 type;
	u8 present;
	u8 pad[2];
};

static void frame_describe(const struct page *pg, struct frame_state *f)
{
	memset(f, 0, sizeof(*f));
	if (pg == NULL) {
		return;
	}
	f->present = 1;
	f->refs = pg->refs;
	f->type_refs = pg->type_refs;
	f->type = pg->type;
	f->flags = pg->flags & (u16) ~(PGF_DIRTY | PGF_DIGESTED);
	f->work_next = pg->work_next;
	f->partial = pg->partial;
}

static int save_frames(const struct domain *d, const struct state_sink *out)
{
	for (u64 g = 0; g < d->s.nr_frames; g++) {
		struct frame_state f;
		int err;

		frame_describe(d->frames[g], &f);
		err = out->put(out->ctx, &f, sizeof(f));
		if (err != 0) {
			return err;
		}
	}
	return 0;
}

static u64 m2p_bytes(const struct domain *d)
{
	return d->s.nr_frames * sizeof(u64);
}

u64 state_size(const struct rr_domain *rr)
{
	const struct domain *d = rr->d;

	return sizeof(d->s) + sizeof(rr->v->s) +
	       MAX_PORTS * sizeof(struct evtchn_state) +
	       d->s.nr_frames * sizeof(struct frame_state) + m2p_bytes(d) +
	       sizeof(rr->session.s);
}

int state_save(const struct rr_domain *rr, const struct state_sink *out)
{
	struct domain *d = rr->d;
	int err;

	d->s.max_pages = d->max_pages;
	err = out->put(out->ctx, &d->s, sizeof(d->s));

	if (err == 0) {
		err = save_frames(d, out);
	}
	if (err == 0) {
		err = out->put(out->ctx, d->m2p_view, m2p_bytes(d));
	}
	if (err == 0) {
		err = out->put(out->ctx, d->ports,
		               MAX_PORTS * sizeof(struct evtchn_state));
	}
	if (err == 0) {
		err = out->put(out->ctx, &rr->v->s, sizeof(rr->v->s));
	}
	if (err == 0) {
		err = out->put(out->ctx, &rr->session.s, sizeof(rr->session.s));
	}
	return err;
}

/* ---- and back ------------------------------------------------------------ */

/* What a frame of a domain can have; the rest is the hypervisor's alone. */
#define LOADED_FLAGS                                                           \
	(PGF_ALLOCATED | PGF_VALIDATED | PGF_PINNED | PGF_PARTIAL |            \
	 PGF_SHARED | PGF_TEARDOWN | PGF_RAM)

/* A frame of a snapshot that the domain being built already has: pages that
 * the hypervisor shares with it come with its creation. */
static bool frame_build(struct domain *d, u64 gmfn, const struct frame_state *f)
{
	struct page *pg = d->frames[gmfn];

	if (!f->present) {
		return pg == NULL;
	}
	if (pg == NULL && !(f->flags & PGF_SHARED)) {
		pg = domain_frame_alloc(d, gmfn);
	}
	if (pg == NULL || (pg->flags & PGF_SHARED) != (f->flags & PGF_SHARED)) {
		return false;
	}
	if ((f->flags & ~LOADED_FLAGS) != 0 || f->partial > TABLE_ENTRIES) {
		return false;
	}
	pg->refs = f->refs;
	pg->type_refs = f->type_refs;
	pg->type = f->type;
	pg->flags = f->flags | PGF_RAM | PGF_DIRTY;
	pg->work_next = f->work_next;
	pg->partial = f->partial;
	return true;
}

static int load_frames(struct domain *d, const struct state_source *in)
{
	for (u64 g = 0; g < d->s.nr_frames; g++) {
		struct frame_state f;
		int err = in->get(in->ctx, &f, sizeof(f));

		if (err != 0) {
			return err;
		}
		if (f.type > PGT_WRITABLE || !frame_build(d, g, &f)) {
			log_warn("snapshot: frame %lu cannot be had", g);
			return -XEN_ENOMEM;
		}
	}
	return 0;
}

int state_load(struct rr_domain *rr, const struct state_source *in)
{
	struct domain *d = rr->d;
	u64 nr_frames = d->s.nr_frames;
	int err = in->get(in->ctx, &d->s, sizeof(d->s));

	if (err != 0 || d->s.nr_frames != nr_frames) {
		d->s.nr_frames = nr_frames;
		return -XEN_EINVAL;
	}
	err = grant_restore(d);
	if (err == 0) {
		err = load_frames(d, in);
	}
	d->max_pages = d->s.max_pages;
	if (err == 0) {
		err = in->get(in->ctx, d->m2p_view, m2p_bytes(d));
	}
	if (err == 0) {
		err = in->get(in->ctx, d->ports,
		              MAX_PORTS * sizeof(struct evtchn_state));
	}
	if (err == 0) {
		err = in->get(in->ctx, &rr->v->s, sizeof(rr->v->s));
	}
	if (err == 0) {
		err = in->get(in->ctx, &rr->session.s, sizeof(rr->session.s));
	}
	return err;
}

static struct page *frame_or_null(struct domain *d, u64 gmfn)
{
	return gmfn < d->s.nr_frames ? d->frames[gmfn] : NULL;
}

int state_rebuild(struct rr_domain *rr)
{
	struct domain *d = rr->d;
	struct vcpu *v = rr->v;
	int err = mmu_twin_rebuild(d);

	v->kernel_root = frame_or_null(d, v->s.kernel_root);
	v->user_root = frame_or_null(d, v->s.user_root);
	v->info_page = frame_or_null(d, v->s.vcpu_info_gmfn);
	v->info = v->info_page == NULL ? &d->shared->vcpu_info[v->id]
	                               : (void *)((u8 *)page_va(v->info_page) +
	                                          v->s.vcpu_info_offset);
	if (err == 0 && v->kernel_root == NULL) {
		err = -XEN_EINVAL;
	}
	if (err != 0) {
		return err;
	}
	evtchn_rebuild(d);
	return vcpu_descriptors_rebuild(v);
}

/* ---- when that does not come to an end ----------------------------------- */

/* @pg is held by its owner and by nobody else, whatever a trace said of it. */
static void frame_abandon(struct page *pg)
{
	bool shared = (pg->flags & PGF_SHARED) != 0;

	pg->flags = PGF_RAM | PGF_DIRTY | (shared ? PGF_SHARED : PGF_ALLOCATED);
	pg->type = shared ? PGT_WRITABLE : PGT_NONE;
	pg->type_refs = shared ? 1 : 0;
	pg->refs = 1;
	pg->partial = 0;
	pg->work_next = 0;
}

void state_abandon(struct rr_domain *rr)
{
	struct domain *d = rr->d;
	struct vcpu *v = rr->v;

	sched_sync(v);
	for (u64 g = 0; g < d->s.nr_frames; g++) {
		if (d->frames[g] != NULL) {
			frame_abandon(d->frames[g]);
		}
	}
	for (u64 g = 0; g < d->s.nr_frames; g++) {
		if (d->frames[g] != NULL && d->frames[g]->twin != NULL) {
			mmu_twin_discard(d->frames[g]);
		}
	}
	d->s.mm_work = 0;
	d->s.max_port = MAX_PORTS - 1;
	grant_abandon(d);
	memset(d->ports, 0, MAX_PORTS * sizeof(struct evtchn_state));
	v->kernel_root = NULL;
	v->user_root = NULL;
	v->info_page = NULL;
	v->info = &d->shared->vcpu_info[v->id];
	vcpu_descriptors_abandon(v);
}
