/* SPDX-License-Identifier: MIT */
/*
 * Traces on their way to the control domain: sealed chunks wait in a buffer
 * until the reader says that they are durable. The bytes in the buffer are the
 * bytes of the file. When it is full the recorded domain waits (D11): nothing
 * is ever dropped.
 */
#include <rr_hv/codec.h>
#include <rr_hv/ring_store.h>

#include <hv/lib.h>
#include <hv/mm.h>

#define RING_SIZE (8UL << 20)
/* What one entry and its seals may add: then the domain may run. */
#define RING_ROOM (3UL * TF_CHUNK_MAX)

struct ring_store {
	struct trace_store st;
	u8 *buf;
	u64 start;  /* file offset of buf[0] */
	size_t len; /* bytes in it */
};

static struct ring_store *ring(struct trace_store *st)
{
	return CONTAINER_OF(st, struct ring_store, st);
}

static int ring_begin(struct trace_store *st)
{
	struct ring_store *r = ring(st);

	tf_super_seal(&st->super);
	memcpy(r->buf, &st->super, TF_SUPER_SIZE);
	r->len = TF_SUPER_SIZE;
	tf_chain_init(&st->chain, &st->super);
	return 0;
}

static int ring_seal(struct trace_store *st, struct tf_writer *w)
{
	struct ring_store *r = ring(st);
	size_t len;
	int err = tf_seal(&st->chain, w, &zstd_codec, r->buf + r->len,
	                  RING_SIZE - r->len, &len);

	if (err == 0) {
		r->len += len;
	}
	return err;
}

static enum rr_load ring_load(struct trace_store *st, enum tf_stream stream,
                              u64 index, struct rr_chunk_data *chunk)
{
	(void)st;
	(void)stream;
	(void)index;
	(void)chunk;
	return RR_LOAD_BAD;
}

static bool ring_room(const struct trace_store *st)
{
	const struct ring_store *r = CONTAINER_OF(st, struct ring_store, st);

	return RING_SIZE - r->len >= RING_ROOM;
}

static void ring_close(struct trace_store *st)
{
	struct ring_store *r = ring(st);

	hv_pages_free(r->buf, RING_SIZE);
	hv_pages_free(r, sizeof(*r));
}

static const struct trace_store_ops ring_ops = {
	.begin = ring_begin,
	.seal = ring_seal,
	.load = ring_load,
	.room = ring_room,
	.close = ring_close,
};

struct trace_store *ring_store_open(void)
{
	struct ring_store *r = hv_pages_alloc(sizeof(*r));

	if (r == NULL) {
		return NULL;
	}
	r->buf = hv_pages_alloc(RING_SIZE);
	if (r->buf == NULL) {
		hv_pages_free(r, sizeof(*r));
		return NULL;
	}
	r->st.ops = &ring_ops;
	return &r->st;
}

size_t ring_store_data(const struct trace_store *st, u64 offset,
                       const u8 **data)
{
	const struct ring_store *r = CONTAINER_OF(st, struct ring_store, st);

	if (st->ops != &ring_ops || offset < r->start ||
	    offset - r->start > r->len) {
		return 0;
	}
	*data = r->buf + (offset - r->start);
	return r->len - (offset - r->start);
}

bool ring_store_forget(struct trace_store *st, u64 offset)
{
	struct ring_store *r = ring(st);
	u64 n = offset - r->start;

	if (st->ops != &ring_ops || offset < r->start || n > r->len) {
		return false;
	}
	memmove(r->buf, r->buf + n, r->len - n);
	r->len -= n;
	r->start = offset;
	return true;
}

bool ring_store_is(const struct trace_store *st)
{
	return st->ops == &ring_ops;
}

void ring_store_fill(const struct trace_store *st, u64 *waiting, u64 *total)
{
	const struct ring_store *r = CONTAINER_OF(st, struct ring_store, st);

	if (ring_store_is(st)) {
		*waiting = r->len;
		*total = r->start + r->len;
	}
}
