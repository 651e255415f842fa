/* SPDX-License-Identifier: MIT */
/*
 * A domain's frames and state out of the start snapshot of a trace. The bytes
 * are a file's: whatever they say is checked against the domain.
 */
#include <rr_hv/snapshot.h>

#include <hv/lib.h>
#include <hv/mm.h>

struct snapshot_reader {
	struct rr_domain *rr;
	u8 *state; /* gathered HV_STATE bytes */
	u64 total, at;
	u64 gathered; /* bytes of it so far */
	u64 base_ns;  /* what SNAP_BEGIN says of the clock */
	u64 chunk;    /* next of the snapshot stream */
	bool begun, built, ended;
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

static const char *take_begin(struct snapshot_reader *sr,
                              const struct tf_snap_begin *r)
{
	if (sr->begun) {
		return "it begins twice";
	}
	if (r->entry != 0 || r->offset_kind != TF_OFFSET_EXIT ||
	    r->offset != 0) {
		return "it is not of the start";
	}
	if (r->nr_frames != sr->rr->d->s.nr_frames) {
		return "it is of a domain of another size";
	}
	sr->begun = true;
	sr->base_ns = r->base_ns;
	return NULL;
}

static const char *take_state(struct snapshot_reader *sr,
                              const struct tf_hv_state *r)
{
	if (!sr->begun) {
		return "it has no beginning";
	}
	if (sr->state == NULL) {
		sr->total = state_size(sr->rr);
		sr->state = hv_pages_alloc(sr->total);
		if (sr->state == NULL) {
			return "no memory for its state";
		}
	}
	if (r->total != sr->total || r->data.len > sr->total - sr->gathered) {
		return "its state does not fit this domain";
	}
	if (r->at != sr->gathered) {
		return "its state has a gap";
	}
	memcpy(sr->state + r->at, r->data.data, r->data.len);
	sr->gathered += r->data.len;
	return NULL;
}

/* The first frame record: all state is there, the domain's frames are made. */
static const char *build(struct snapshot_reader *sr)
{
	struct state_source src = {get_state, sr};
	int err;

	if (sr->built) {
		return NULL;
	}
	sr->built = true;
	if (sr->state == NULL || sr->gathered != sr->total) {
		return "its state is not whole";
	}
	err = state_load(sr->rr, &src);
	if (err != 0) {
		return err == -XEN_ENOMEM ? "there is not enough memory for it"
		                          : "its state cannot be loaded";
	}
	if (sr->rr->session.s.clock.base_ns != sr->base_ns) {
		return "its clock is not its state's";
	}
	return state_check(sr->rr);
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
	if (r->nr_frames != sr->rr->d->s.nr_frames) {
		return "its end is of a domain of another size";
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
	case TF_SNAP_BEGIN:
		return take_begin(sr, &r->u.snap_begin);
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

static enum snapshot_result bad(struct snapshot_reader *sr, const char *why)
{
	log_warn("snapshot of the trace: %s", why);
	sr->rr->session.report.what = why;
	if (sr->built) {
		state_abandon(sr->rr);
	}
	return SNAPSHOT_BAD;
}

static enum snapshot_result finish(struct snapshot_reader *sr)
{
	if (state_rebuild(sr->rr) != 0) {
		return bad(sr, "the tables of its start cannot be rebuilt");
	}
	return mm_audit() == 0
	               ? SNAPSHOT_DONE
	               : bad(sr, "the references of its start do not add up");
}

enum snapshot_result snapshot_read_step(struct snapshot_reader *sr)
{
	struct trace_store *st = sr->rr->store;
	struct rr_chunk_data chunk;
	const char *why;

	while (!sr->ended) {
		switch (st->ops->load(st, TF_STREAM_SNAPSHOT, sr->chunk,
		                      &chunk)) {
		case RR_LOAD_OK:
			break;
		case RR_LOAD_WAIT:
			return SNAPSHOT_WAIT;
		case RR_LOAD_END:
			return bad(sr, "its start is not whole");
		case RR_LOAD_BAD:
			return bad(sr, "its start is damaged");
		}
		why = read_chunk(sr, &chunk);
		if (why != NULL) {
			return bad(sr, why);
		}
		sr->chunk++;
	}
	return finish(sr);
}

struct snapshot_reader *snapshot_read_open(struct rr_domain *rr)
{
	struct snapshot_reader *sr = hv_pages_alloc(sizeof(*sr));

	if (sr != NULL) {
		sr->rr = rr;
	}
	return sr;
}

void snapshot_read_close(struct snapshot_reader *sr)
{
	if (sr->state != NULL) {
		hv_pages_free(sr->state, sr->total);
	}
	hv_pages_free(sr, sizeof(*sr));
}
