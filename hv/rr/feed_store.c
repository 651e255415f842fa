/* SPDX-License-Identifier: MIT */
/*
 * Traces that the control domain reads for us: a chunk that is asked for and
 * not here is wanted, and the session waits until it was brought. The control
 * domain has verified and unpacked it; we check that it is the one we want.
 */
#include <rr_hv/ring_store.h>

#include <hv/lib.h>
#include <hv/mm.h>

#define NR_SLOTS 3 /* the engine uses two at a time */

struct feed_slot {
	bool full;
	enum tf_stream stream;
	u64 index;
	struct tf_chunk_header header;
	u8 *raw;
};

struct feed_store {
	struct trace_store st;
	struct feed_slot slot[NR_SLOTS];
	unsigned int next; /* slot that the next chunk goes to */
	bool wanting;
	enum tf_stream stream;
	u64 index;
	u64 end[TF_NR_STREAMS]; /* chunks that the trace has, once known */
};

static struct feed_store *feed(struct trace_store *st)
{
	return CONTAINER_OF(st, struct feed_store, st);
}

static enum rr_load feed_load(struct trace_store *st, enum tf_stream stream,
                              u64 index, struct rr_chunk_data *chunk)
{
	struct feed_store *f = feed(st);

	if (index >= f->end[stream]) {
		return RR_LOAD_END;
	}
	for (unsigned int i = 0; i < NR_SLOTS; i++) {
		struct feed_slot *s = &f->slot[i];

		if (s->full && s->stream == stream && s->index == index) {
			chunk->header = s->header;
			chunk->payload = s->raw;
			return RR_LOAD_OK;
		}
	}
	f->wanting = true;
	f->stream = stream;
	f->index = index;
	return RR_LOAD_WAIT;
}

static int feed_begin(struct trace_store *st)
{
	(void)st;
	return -TF_EINVAL;
}

static int feed_seal(struct trace_store *st, struct tf_writer *w)
{
	(void)st;
	(void)w;
	return -TF_EINVAL;
}

static bool feed_room(const struct trace_store *st)
{
	(void)st;
	return true;
}

static void feed_close(struct trace_store *st)
{
	struct feed_store *f = feed(st);

	for (unsigned int i = 0; i < NR_SLOTS; i++) {
		if (f->slot[i].raw != NULL) {
			hv_pages_free(f->slot[i].raw, TF_RAW_MAX);
		}
	}
	hv_pages_free(f, sizeof(*f));
}

static const struct trace_store_ops feed_ops = {
	.begin = feed_begin,
	.seal = feed_seal,
	.load = feed_load,
	.room = feed_room,
	.close = feed_close,
};

struct trace_store *feed_store_open(const struct tf_super *super)
{
	struct feed_store *f = hv_pages_alloc(sizeof(*f));

	if (f == NULL) {
		return NULL;
	}
	f->st.ops = &feed_ops;
	f->st.super = *super;
	memset(f->end, 0xff, sizeof(f->end));
	for (unsigned int i = 0; i < NR_SLOTS; i++) {
		f->slot[i].raw = hv_pages_alloc(TF_RAW_MAX);
		if (f->slot[i].raw == NULL) {
			feed_close(&f->st);
			return NULL;
		}
	}
	return &f->st;
}

bool feed_store_wants(const struct trace_store *st, unsigned int *stream,
                      u64 *index)
{
	const struct feed_store *f = CONTAINER_OF(st, struct feed_store, st);

	if (st->ops != &feed_ops || !f->wanting) {
		return false;
	}
	*stream = f->stream;
	*index = f->index;
	return true;
}

void *feed_store_buffer(struct trace_store *st)
{
	struct feed_store *f = feed(st);

	if (st->ops != &feed_ops) {
		return NULL;
	}
	f->slot[f->next].full = false;
	return f->slot[f->next].raw;
}

int feed_store_take(struct trace_store *st,
                    const struct tf_chunk_header *header, const void *payload,
                    size_t len)
{
	struct feed_store *f = feed(st);
	struct feed_slot *s = &f->slot[f->next];

	if (!f->wanting) {
		return -XEN_EINVAL;
	}
	if (header == NULL) {
		f->end[f->stream] = f->index;
		f->wanting = false;
		return 0;
	}
	if (header->stream != f->stream || header->raw_len != len ||
	    payload != s->raw ||
	    memcmp(header->uuid, st->super.uuid, sizeof(header->uuid)) != 0) {
		return -XEN_EINVAL;
	}
	s->header = *header;
	s->stream = f->stream;
	s->index = f->index;
	s->full = true;
	f->next = (f->next + 1) % NR_SLOTS;
	f->wanting = false;
	return 0;
}
