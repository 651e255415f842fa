/* SPDX-License-Identifier: MIT */
/*
 * A domain's start in its trace (D10): hypervisor-private state, then its
 * frames, runs of zeros named and not stored.
 */
#include <rr_hv/machine.h>

#include <hv/lib.h>
#include <hv/mm.h>

#define RAW_SIZE    TF_RAW_MAX
#define STATE_PIECE 65536U

struct snapshot_writer {
	struct rr_domain *rr;
	struct tf_writer w;
	u64 at, total; /* of the state */
	struct tf_hash128 digest;
};

static int put(struct snapshot_writer *sw, enum tf_id id, const void *record)
{
	struct trace_store *st = sw->rr->store;
	int err = tf_put(&sw->w, id, record);

	if (err == -TF_ENOSPC) {
		err = st->ops->seal(st, &sw->w);
		if (err == 0) {
			tf_writer_open(&sw->w, 0);
			err = tf_put(&sw->w, id, record);
		}
	}
	return err;
}

static int put_state(void *ctx, const void *data, size_t len)
{
	struct snapshot_writer *sw = ctx;
	const u8 *p = data;
	int err = 0;

	while (len != 0 && err == 0) {
		u32 n = (u32)MIN(len, STATE_PIECE);

		err = put(sw, TF_HV_STATE,
		          &(struct tf_hv_state){.total = sw->total,
		                                .at = sw->at,
		                                .data = {p, n}});
		sw->at += n;
		p += n;
		len -= n;
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

static int flush_zeros(struct snapshot_writer *sw, u64 first, u64 *count)
{
	struct tf_frame_zero z = {.first = first, .count = *count};

	*count = 0;
	return z.count == 0 ? 0 : put(sw, TF_FRAME_ZERO, &z);
}

static int put_frames(struct snapshot_writer *sw)
{
	const struct domain *d = sw->rr->d;
	u64 first = 0, zeros = 0;
	int err = 0;

	for (u64 g = 0; g < d->s.nr_frames && err == 0; g++) {
		const struct page *pg = d->frames[g];

		if (pg != NULL && all_zero(page_va(pg))) {
			first = zeros == 0 ? g : first;
			zeros++;
			continue;
		}
		err = flush_zeros(sw, first, &zeros);
		if (err == 0 && pg != NULL) {
			err = put(sw, TF_FRAME_DATA,
			          &(struct tf_frame_data){
					  .frame = g,
					  .data = {page_va(pg), PAGE_SIZE}});
		}
	}
	return err != 0 ? err : flush_zeros(sw, first, &zeros);
}

static int write_all(struct snapshot_writer *sw)
{
	struct rr_domain *rr = sw->rr;
	struct state_sink sink = {put_state, sw};
	u64 nr = rr->d->s.nr_frames;
	int err = put(
		sw, TF_SNAP_BEGIN,
		&(struct tf_snap_begin){.base_ns = rr->session.s.clock.base_ns,
	                                .nr_frames = nr});

	if (err == 0) {
		err = state_save(rr, &sink);
	}
	if (err == 0) {
		err = put_frames(sw);
	}
	if (err == 0) {
		err = put(sw, TF_SNAP_END,
		          &(struct tf_snap_end){
				  .nr_frames = nr,
				  .digest = frames_digest(rr->d, 0, nr)});
	}
	return err != 0 ? err : rr->store->ops->seal(rr->store, &sw->w);
}

int snapshot_write(struct rr_domain *rr)
{
	struct snapshot_writer sw = {.rr = rr, .total = state_size(rr)};
	void *raw = hv_pages_alloc(RAW_SIZE);
	int err = raw == NULL ? -TF_ENOSPC
	                      : tf_writer_init(&sw.w, TF_STREAM_SNAPSHOT, raw,
	                                       RAW_SIZE, NULL);

	if (err == 0) {
		tf_writer_open(&sw.w, 0);
		err = write_all(&sw);
	}
	if (raw != NULL) {
		hv_pages_free(raw, RAW_SIZE);
	}
	return err;
}

/* ---- reading ------------------------------------------------------------- */

struct snapshot_reader {
	struct rr_domain *rr;
	u8 *state; /* gathered HV_STATE bytes */
	u64 total, at;
	bool built, ended;
};

static int get_state(void *ctx, void *data, size_t len)
{
	struct snapshot_reader *sr = ctx;

	if (len > sr->total - sr->at) {
		return -1;
	}
	memcpy(data, sr->state + sr->at, len);
	sr->at += len;
	return 0;
}

static const char *take_state(struct snapshot_reader *sr,
                              const struct tf_hv_state *r)
{
	if (sr->state == NULL) {
		sr->total = state_size(sr->rr);
		sr->state = hv_pages_alloc(sr->total);
		if (sr->state == NULL) {
			return "no memory for its state";
		}
	}
	if (r->total != sr->total || r->at > sr->total ||
	    r->data.len > sr->total - r->at) {
		return "its state does not fit this domain";
	}
	memcpy(sr->state + r->at, r->data.data, r->data.len);
	return NULL;
}

/* The first frame record: all state is there, the domain's frames are made. */
static const char *build(struct snapshot_reader *sr)
{
	struct state_source src = {get_state, sr};

	if (sr->built) {
		return NULL;
	}
	sr->built = true;
	if (sr->state == NULL) {
		return "it has no state";
	}
	return state_load(sr->rr, &src) == 0 ? NULL
	                                     : "its state cannot be loaded";
}

static const char *fill(struct snapshot_reader *sr, u64 frame, u64 count,
                        const void *data)
{
	struct domain *d = sr->rr->d;
	const char *err = build(sr);

	if (err != NULL) {
		return err;
	}
	if (frame >= d->s.nr_frames || count > d->s.nr_frames - frame) {
		return "it names a frame beyond the domain";
	}
	for (u64 g = frame; g < frame + count; g++) {
		if (d->frames[g] == NULL) {
			return "it fills a frame that is not there";
		}
		if (data != NULL) {
			memcpy(page_va(d->frames[g]), data, PAGE_SIZE);
		} else {
			memset(page_va(d->frames[g]), 0, PAGE_SIZE);
		}
	}
	return NULL;
}

static const char *take_dup(struct snapshot_reader *sr,
                            const struct tf_frame_dup *r)
{
	struct domain *d = sr->rr->d;

	if (r->same_as >= d->s.nr_frames || d->frames[r->same_as] == NULL) {
		return "it repeats a frame that is not there";
	}
	return fill(sr, r->frame, 1, page_va(d->frames[r->same_as]));
}

static const char *take_end(struct snapshot_reader *sr,
                            const struct tf_snap_end *r)
{
	struct tf_hash128 h;

	if (!sr->built) {
		return "it has no frames";
	}
	h = frames_digest(sr->rr->d, 0, sr->rr->d->s.nr_frames);
	if (h.lo != r->digest.lo || h.hi != r->digest.hi) {
		return "its frames do not have its digest";
	}
	sr->ended = true;
	return NULL;
}

static const char *take(struct snapshot_reader *sr, const struct tf_record *r)
{
	switch (r->id) {
	case TF_HV_STATE:
		return take_state(sr, &r->u.hv_state);
	case TF_FRAME_ZERO:
		return fill(sr, r->u.frame_zero.first, r->u.frame_zero.count,
		            NULL);
	case TF_FRAME_DATA:
		return fill(sr, r->u.frame_data.frame, 1,
		            r->u.frame_data.data.data);
	case TF_FRAME_DUP:
		return take_dup(sr, &r->u.frame_dup);
	case TF_SNAP_END:
		return take_end(sr, &r->u.snap_end);
	default:
		return NULL;
	}
}

static const char *read_chunk(struct snapshot_reader *sr,
                              const struct rr_chunk_data *chunk)
{
	struct tf_reader rd;
	struct tf_record rec;
	const char *why = NULL;
	int err = tf_reader_init(&rd, &chunk->header, chunk->payload, NULL);

	while (err == 0 && why == NULL && !sr->ended) {
		err = tf_read(&rd, &rec);
		if (err == 0 && rec.known) {
			why = take(sr, &rec);
		}
	}
	if (why != NULL) {
		return why;
	}
	return err == 0 || err == -TF_EEND ? NULL : tf_strerror(err);
}

static const char *read_all(struct snapshot_reader *sr)
{
	struct trace_store *st = sr->rr->store;
	struct rr_chunk_data chunk;
	const char *why = NULL;

	for (u64 i = 0; why == NULL && !sr->ended; i++) {
		if (st->ops->load(st, TF_STREAM_SNAPSHOT, i, &chunk) !=
		    RR_LOAD_OK) {
			return "it is not whole";
		}
		why = read_chunk(sr, &chunk);
	}
	return why;
}

int snapshot_read(struct rr_domain *rr)
{
	struct snapshot_reader sr = {.rr = rr};
	const char *why = read_all(&sr);

	if (sr.state != NULL) {
		hv_pages_free(sr.state, sr.total);
	}
	if (why == NULL && state_rebuild(rr) != 0) {
		why = "its tables cannot be rebuilt";
	}
	if (why != NULL) {
		log_warn("snapshot of the trace: %s", why);
		return -1;
	}
	return 0;
}
