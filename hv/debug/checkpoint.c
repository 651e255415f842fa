/* SPDX-License-Identifier: MIT */
/*
 * Checkpoints of a replay: moments at which a domain stood and can be put
 * again, in any order. The hypervisor-private state is saved whole, as for the
 * start of a trace, in pages shared with the checkpoint before where they are
 * equal; the frames are kept as kept.h says.
 */
#include "kept.h"

#include <hv/mm.h>
#include <hv/rr.h>
#include <hv/sched.h>
#include <rr_hv/lifecycle.h>

#define MAX_CHECKPOINTS 1024
/* A page for each so many frames stays free for copies to come. */
#define RESERVE_SHARE   64

/* Bytes of state on their way into pieces. */
struct piece_writer {
	struct checkpoints *cs;
	struct checkpoint *c;
	const struct checkpoint *like; /* whose pieces may be shared, or NULL */
	u8 *page;
	size_t at;
	bool compare; /* only compares; `same` is the result */
	bool same;
};

struct piece_reader {
	const struct checkpoint *c;
	unsigned int piece;
	u8 *page;
	size_t at;
};

static size_t map_bytes(const struct domain *d)
{
	return d->s.nr_frames * sizeof(kept_t);
}

static unsigned int max_pieces(const struct rr_domain *rr)
{
	return (unsigned int)((state_size(rr) + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

void checkpoint_free(struct checkpoints *cs, struct checkpoint *c)
{
	for (u64 g = 0; c->frame != NULL && g < cs->d->s.nr_frames; g++) {
		kept_put(cs, c->frame[g]);
	}
	for (unsigned int i = 0; i < c->nr_pieces; i++) {
		kept_put(cs, c->piece[i]);
	}
	hv_pages_free(c->frame, map_bytes(cs->d));
	hv_pages_free(c->piece, max_pieces(cs->d->rr) * sizeof(kept_t));
	list_del(&c->link);
	cs->nr--;
	hv_page_free(c);
}

static struct checkpoint *find(const struct domain *d, u32 id)
{
	struct checkpoint *c;

	if (d->checkpoints == NULL) {
		return NULL;
	}
	list_for_each (c, &d->checkpoints->all, link) {
		if (c->id == id) {
			return c;
		}
	}
	return NULL;
}

/* ---- state in pieces ----------------------------------------------------- */

static int piece_finish(struct piece_writer *w)
{
	unsigned int i = w->c->nr_pieces;
	kept_t like = w->like != NULL && i < w->like->nr_pieces
	                      ? w->like->piece[i]
	                      : KEPT_ABSENT;
	bool equal;

	memset(w->page + w->at, 0, PAGE_SIZE - w->at);
	w->at = 0;
	equal = kept_equals(like, w->page);
	if (w->compare) {
		if (!equal && w->same) {
			log_info("d%u: its state differs from checkpoint %u "
			         "in page %u",
			         w->cs->d->id, w->like->id, i);
		}
		w->same = w->same && equal;
	} else if (equal) {
		kept_get(like);
		w->c->piece[i] = like;
	} else if (!kept_make(w->cs, w->page, &w->c->piece[i])) {
		return -XEN_ENOMEM;
	}
	w->c->nr_pieces++;
	return 0;
}

static int piece_put(void *ctx, const void *data, size_t len)
{
	struct piece_writer *w = ctx;
	const u8 *p = data;

	while (len != 0) {
		size_t n = MIN(len, PAGE_SIZE - w->at);

		memcpy(w->page + w->at, p, n);
		w->at += n;
		p += n;
		len -= n;
		if (w->at == PAGE_SIZE && piece_finish(w) != 0) {
			return -XEN_ENOMEM;
		}
	}
	return 0;
}

static int pieces_save(struct piece_writer *w)
{
	struct rr_domain *rr = w->cs->d->rr;
	struct state_sink sink = {piece_put, w};
	int err;

	w->page = hv_page_alloc();
	if (w->page == NULL) {
		return -XEN_ENOMEM;
	}
	sched_sync(rr->v);
	err = state_save(rr, &sink);
	if (err == 0 && w->at != 0) {
		err = piece_finish(w);
	}
	hv_page_free(w->page);
	return err;
}

static int piece_get(void *ctx, void *data, size_t len)
{
	struct piece_reader *r = ctx;
	u8 *p = data;

	while (len != 0) {
		size_t n;

		if (r->at == PAGE_SIZE) {
			kept_read(r->c->piece[r->piece++], r->page);
			r->at = 0;
		}
		n = MIN(len, PAGE_SIZE - r->at);
		memcpy(p, r->page + r->at, n);
		r->at += n;
		p += n;
		len -= n;
	}
	return 0;
}

static int pieces_load(struct rr_domain *rr, const struct checkpoint *c)
{
	struct piece_reader r = {.c = c, .at = PAGE_SIZE};
	struct state_source src = {piece_get, &r};
	int err;

	r.page = hv_page_alloc();
	if (r.page == NULL) {
		return -XEN_ENOMEM;
	}
	err = state_load(rr, &src);
	hv_page_free(r.page);
	return err;
}

/* ---- take ---------------------------------------------------------------- */

static struct checkpoints *set_of(struct domain *d)
{
	struct checkpoints *cs = d->checkpoints;

	if (cs == NULL) {
		cs = hv_page_alloc();
		if (cs != NULL) {
			cs->d = d;
			list_init(&cs->all);
			d->checkpoints = cs;
			d->first_write = kept_first_write;
		}
	}
	return cs;
}

static bool at_rest(const struct domain *d)
{
	const struct rr_domain *rr = d->rr;

	return d->debug != NULL && d->debug_standing && rr != NULL &&
	       rr->session.mode == RR_REPLAY && rr->reading == NULL;
}

static struct checkpoint *make(struct checkpoints *cs)
{
	struct domain *d = cs->d;
	struct checkpoint *c = hv_page_alloc();

	if (c == NULL) {
		return NULL;
	}
	c->id = ++cs->last_id;
	cs->nr++;
	list_add_tail(&cs->all, &c->link);
	c->frame = hv_pages_alloc(map_bytes(d));
	c->piece = hv_pages_alloc(max_pieces(d->rr) * sizeof(kept_t));
	if (c->frame == NULL || c->piece == NULL) {
		checkpoint_free(cs, c);
		return NULL;
	}
	for (u64 g = 0; g < d->s.nr_frames; g++) {
		const struct page *pg = d->frames[g];

		c->frame[g] = pg != NULL ? KEPT_LIVE : KEPT_ABSENT;
		c->nr_tables += pg != NULL && pg->twin != NULL;
	}
	return c;
}

static void note_rest(struct checkpoint *c, const struct domain *d)
{
	const struct rr_domain *rr = d->rr;

	c->records_done = rr->session.records_done;
	c->insns = rr->insns;
	c->deliver = rr->deliver;
	c->nr_entries = rr->v->nr_entries;
	c->cpu = d->debug->cpu[rr->v->id];
}

static u64 reserve(const struct domain *d)
{
	return d->s.nr_frames / RESERVE_SHARE +
	       (map_bytes(d) + state_size(d->rr)) / PAGE_SIZE;
}

int checkpoint_take(struct domain *d, u32 *id, u64 *bytes)
{
	struct checkpoints *cs;
	struct piece_writer w = {0};
	u64 before;

	if (!at_rest(d) || d->rr->session.state != RR_RUNNING || d->rr->retry) {
		return -XEN_EINVAL;
	}
	cs = set_of(d);
	if (cs == NULL || frames_free_count() < reserve(d)) {
		return -XEN_ENOMEM;
	}
	if (cs->nr == MAX_CHECKPOINTS) {
		return -XEN_ENOSPC;
	}
	before = cs->bytes;
	w.cs = cs;
	w.like = list_empty(&cs->all)
	                 ? NULL
	                 : CONTAINER_OF(cs->all.prev, struct checkpoint, link);
	w.c = make(cs);
	if (w.c == NULL) {
		return -XEN_ENOMEM;
	}
	if (pieces_save(&w) != 0) {
		checkpoint_free(cs, w.c);
		return -XEN_ENOMEM;
	}
	note_rest(w.c, d);
	mmu_twin_epoch(d);
	*id = w.c->id;
	*bytes = cs->bytes - before + map_bytes(d);
	return 0;
}

/* ---- restore, drop ------------------------------------------------------- */

static void resume(struct rr_domain *rr, const struct checkpoint *c)
{
	struct rr_shared_state s = rr->session.s;
	struct debug *g = rr->d->debug;

	rr->insns = c->insns;
	rr->deliver = c->deliver;
	rr->retry = false;
	rr->place_most_ns = 0;
	rr->in_entry = false;
	rr->v->nr_entries = c->nr_entries;
	rr->v->trap.pending = false;
	g->cpu[rr->v->id] = c->cpu;
	g->hit.id = 0;
	g->delivered = false;
	g->stop = CHRONO_STOP_LIMIT;
	rr_hold(rr, false);
	rr_replay_resume(&rr->session, &s, c->records_done);
	sched_update(rr->v);
}

int checkpoint_restore(struct domain *d, u32 id)
{
	struct checkpoint *c = find(d, id);
	struct rr_domain *rr = d->rr;
	struct vcpu *v;
	int err;

	if (c == NULL) {
		return -XEN_ENOENT;
	}
	if (!at_rest(d)) {
		return -XEN_EINVAL;
	}
	if (frames_free_count() <
	    kept_frames_need(d->checkpoints, c) + max_pieces(rr)) {
		return -XEN_ENOMEM;
	}
	for_each_vcpu (d, v) {
		lifts_end(v);
		sched_sync(v);
	}
	kept_frames_leave(d->checkpoints, c);
	err = pieces_load(rr, c);
	if (err == 0) {
		kept_frames_fill(d->checkpoints, c);
		err = state_rebuild(rr);
	}
	if (err != 0) {
		log_error("d%u: checkpoint %u cannot be restored: error %d",
		          d->id, id, -err);
		rr->session.state = RR_FAILED;
		return err;
	}
	mmu_twin_epoch(d);
	resume(rr, c);
	return 0;
}

int checkpoint_drop(struct domain *d, u32 id)
{
	struct checkpoint *c = find(d, id);

	if (c == NULL) {
		return -XEN_ENOENT;
	}
	checkpoint_free(d->checkpoints, c);
	return 0;
}

void checkpoint_drop_all(struct domain *d)
{
	struct checkpoints *cs = d->checkpoints;

	if (cs == NULL) {
		return;
	}
	while (!list_empty(&cs->all)) {
		checkpoint_free(cs, CONTAINER_OF(cs->all.next,
		                                 struct checkpoint, link));
	}
	d->first_write = NULL;
	d->checkpoints = NULL;
	hv_page_free(cs);
}

bool checkpoint_same(struct domain *d, u32 id)
{
	struct checkpoint *c = find(d, id);
	struct checkpoint scratch = {0};
	struct piece_writer w = {.cs = d->checkpoints,
	                         .c = &scratch,
	                         .like = c,
	                         .compare = true,
	                         .same = true};

	return c != NULL && pieces_save(&w) == 0 && w.same &&
	       scratch.nr_pieces == c->nr_pieces;
}
