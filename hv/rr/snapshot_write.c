/* SPDX-License-Identifier: MIT */
/*
 * A domain's start into its trace (D10): hypervisor-private state, then its
 * frames, runs of zeros named and not stored. Done a chunk at a time, so that
 * a ring can be drained in between; the domain does not run meanwhile.
 */
#include <rr_hv/snapshot.h>

#include <hv/lib.h>
#include <hv/mm.h>

#define RAW_SIZE    TF_RAW_MAX
#define STATE_PIECE 65536U

enum phase { PHASE_BEGIN, PHASE_STATE, PHASE_FRAMES, PHASE_END, PHASE_DONE };

struct snapshot_writer {
	struct rr_domain *rr;
	struct tf_writer w;
	enum phase phase;
	u8 *state; /* all of it, saved when the writer was made */
	u64 at, total;
	u64 frame;        /* next frame to look at */
	u64 first, zeros; /* run of zero frames before it */
	void *raw;
};

static int collect(void *ctx, const void *data, size_t len)
{
	struct snapshot_writer *sw = ctx;

	if (len > sw->total - sw->at) {
		return -TF_EINVAL;
	}
	memcpy(sw->state + sw->at, data, len);
	sw->at += len;
	return 0;
}

struct snapshot_writer *snapshot_write_open(struct rr_domain *rr)
{
	struct snapshot_writer *sw = hv_pages_alloc(sizeof(*sw));
	struct state_sink sink = {collect, sw};

	if (sw == NULL) {
		return NULL;
	}
	sw->rr = rr;
	sw->total = state_size(rr);
	sw->state = hv_pages_alloc(sw->total);
	sw->raw = hv_pages_alloc(RAW_SIZE);
	if (sw->state == NULL || sw->raw == NULL ||
	    state_save(rr, &sink) != 0 ||
	    tf_writer_init(&sw->w, TF_STREAM_SNAPSHOT, sw->raw, RAW_SIZE,
	                   NULL) != 0) {
		snapshot_write_close(sw);
		return NULL;
	}
	sw->total = sw->at;
	sw->at = 0;
	tf_writer_open(&sw->w, 0);
	return sw;
}

void snapshot_write_close(struct snapshot_writer *sw)
{
	if (sw->state != NULL) {
		hv_pages_free(sw->state, state_size(sw->rr));
	}
	if (sw->raw != NULL) {
		hv_pages_free(sw->raw, RAW_SIZE);
	}
	hv_pages_free(sw, sizeof(*sw));
}

static int put_begin(struct snapshot_writer *sw)
{
	struct tf_snap_begin b = {
		.base_ns = sw->rr->session.s.clock.base_ns,
		.nr_frames = sw->rr->d->s.nr_frames,
	};
	int err = tf_put_snap_begin(&sw->w, &b);

	sw->phase = err == 0 ? PHASE_STATE : sw->phase;
	return err;
}

static int put_state(struct snapshot_writer *sw)
{
	u32 n = (u32)MIN(sw->total - sw->at, STATE_PIECE);
	struct tf_hv_state r = {.total = sw->total,
	                        .at = sw->at,
	                        .data = {sw->state + sw->at, n}};
	int err = tf_put_hv_state(&sw->w, &r);

	if (err == 0) {
		sw->at += n;
		sw->phase = sw->at == sw->total ? PHASE_FRAMES : sw->phase;
	}
	return err;
}

static bool all_zero(const void *page)
{
	const u64 *w = page;

	for (unsigned int i = 0; i < PAGE_SIZE / 8; i++) {
		if (w[i] != 0) {
			return false;
		}
	}
	return true;
}

static int flush_zeros(struct snapshot_writer *sw)
{
	struct tf_frame_zero z = {.first = sw->first, .count = sw->zeros};
	int err = sw->zeros == 0 ? 0 : tf_put_frame_zero(&sw->w, &z);

	sw->zeros = err == 0 ? 0 : sw->zeros;
	return err;
}

/* One frame, or the end of them. */
static int put_frame(struct snapshot_writer *sw)
{
	const struct domain *d = sw->rr->d;
	bool end = sw->frame == d->s.nr_frames;
	const struct page *pg = end ? NULL : d->frames[sw->frame];
	struct tf_frame_data r = {.frame = sw->frame};
	int err;

	if (pg != NULL && all_zero(page_va(pg))) {
		sw->first = sw->zeros++ == 0 ? sw->frame : sw->first;
		sw->frame++;
		return 0;
	}
	err = flush_zeros(sw);
	if (err == 0 && pg != NULL) {
		r.data = (struct tf_bytes){page_va(pg), PAGE_SIZE};
		err = tf_put_frame_data(&sw->w, &r);
	}
	if (err == 0) {
		sw->phase = end ? PHASE_END : sw->phase;
		sw->frame += end ? 0 : 1;
	}
	return err;
}

static int put_end(struct snapshot_writer *sw)
{
	u64 nr = sw->rr->d->s.nr_frames;
	struct tf_snap_end e = {.nr_frames = nr,
	                        .digest = frames_digest(sw->rr->d, 0, nr)};
	int err = tf_put_snap_end(&sw->w, &e);

	sw->phase = err == 0 ? PHASE_DONE : sw->phase;
	return err;
}

static int put_one(struct snapshot_writer *sw)
{
	switch (sw->phase) {
	case PHASE_BEGIN:
		return put_begin(sw);
	case PHASE_STATE:
		return put_state(sw);
	case PHASE_FRAMES:
		return put_frame(sw);
	default:
		return put_end(sw);
	}
}

int snapshot_write_step(struct snapshot_writer *sw)
{
	struct trace_store *st = sw->rr->store;
	int err = 0;

	while (err == 0 && sw->phase != PHASE_DONE) {
		err = put_one(sw);
	}
	if (err != 0 && err != -TF_ENOSPC) {
		return err;
	}
	err = st->ops->seal(st, &sw->w);
	if (err != 0) {
		return err;
	}
	tf_writer_open(&sw->w, 0);
	return sw->phase == PHASE_DONE ? 0 : 1;
}
