/* SPDX-License-Identifier: MIT */
/*
 * Traces in the window: chunks are sealed straight into the file that the host
 * keeps, so what is sealed survives the machine, and replay reads it in place.
 */
#include <rr_hv/codec.h>
#include <rr_hv/machine.h>

#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/window.h>

#define MAX_CHUNKS 65536
/* A superblock, a chunk and the end. Useful begins with some MiB. */
#define LEAST_SIZE ((u64)(TF_SUPER_SIZE + TF_CHUNK_HEADER + TF_END_ROOM))

static struct window_store {
	struct trace_store st;
	u8 *base;
	u64 size;
	bool used;
	u64 at; /* where the next chunk goes */
	struct tf_index index;
	u8 *raw[2]; /* raw payloads, used in turn */
	u8 *stored;
	unsigned int turn;
} win;

static int window_read(void *ctx, u64 offset, void *buf, size_t len)
{
	const struct window_store *w = ctx;

	memcpy(buf, w->base + offset, len);
	return 0;
}

static int window_begin(struct trace_store *st)
{
	struct window_store *w = CONTAINER_OF(st, struct window_store, st);

	w->st.super.capacity = w->size;
	w->st.super.flags |= TF_FLAG_WINDOW;
	tf_super_seal(&w->st.super);
	memset(w->base, 0, TF_SUPER_SIZE + TF_CHUNK_HEADER);
	memcpy(w->base, &w->st.super, TF_SUPER_SIZE);
	w->at = TF_SUPER_SIZE;
	tf_chain_init(&st->chain, &st->super);
	return 0;
}

/* Room for END stays free until the chunk that holds it comes. */
static int window_seal(struct trace_store *st, struct tf_writer *tw)
{
	struct window_store *w = CONTAINER_OF(st, struct window_store, st);
	u64 room = w->size - w->at;
	size_t len;
	int err;

	if (!tw->ended) {
		room = room > TF_END_ROOM ? room - TF_END_ROOM : 0;
	}
	err = tf_seal(&st->chain, tw, &zstd_codec, w->base + w->at, room, &len);
	if (err == 0) {
		w->at += len;
	}
	return err;
}

static const struct tf_index_entry *find_chunk(struct window_store *w,
                                               enum tf_stream stream, u64 index)
{
	for (size_t i = 0; i < w->index.nr; i++) {
		if (w->index.entry[i].stream == stream && index-- == 0) {
			return &w->index.entry[i];
		}
	}
	return NULL;
}

static enum rr_load window_load(struct trace_store *st, enum tf_stream stream,
                                u64 index, struct rr_chunk_data *chunk)
{
	struct window_store *w = CONTAINER_OF(st, struct window_store, st);
	struct tf_source src = {w, window_read, w->size};
	const struct tf_index_entry *e = find_chunk(w, stream, index);
	struct tf_chunk c;
	u8 *raw = w->raw[w->turn++ % 2];
	int err;

	if (e == NULL) {
		return RR_LOAD_END;
	}
	err = tf_chunk_at(&src, st->super.uuid, e, &c);
	if (err == 0) {
		err = tf_chunk_load(&src, &c, &zstd_codec, w->stored,
		                    TF_RAW_MAX, raw, TF_RAW_MAX);
	}
	if (err != 0) {
		log_warn("trace: chunk %lu at byte %lu: %s", e->chunk_no,
		         e->offset, tf_strerror(err));
		return RR_LOAD_BAD;
	}
	chunk->header = c.header;
	chunk->payload = raw;
	return RR_LOAD_OK;
}

/* A full window ends the recording: nobody drains it. */
static bool window_room(const struct trace_store *st)
{
	(void)st;
	return true;
}

static void window_close(struct trace_store *st)
{
	CONTAINER_OF(st, struct window_store, st)->used = false;
}

static const struct trace_store_ops window_ops = {
	.begin = window_begin,
	.seal = window_seal,
	.load = window_load,
	.room = window_room,
	.close = window_close,
};

static bool buffers(struct window_store *w)
{
	if (w->stored != NULL) {
		return true;
	}
	w->raw[0] = hv_pages_alloc(TF_RAW_MAX);
	w->raw[1] = hv_pages_alloc(TF_RAW_MAX);
	w->stored = hv_pages_alloc(TF_RAW_MAX);
	w->index.entry =
		hv_pages_alloc(MAX_CHUNKS * sizeof(struct tf_index_entry));
	w->index.cap = MAX_CHUNKS;
	return w->raw[0] && w->raw[1] && w->stored && w->index.entry;
}

struct trace_store *window_store_open(void)
{
	win.base = window_map(&win.size);
	if (win.base == NULL) {
		log_warn("this machine has no trace window");
		return NULL;
	}
	if (win.size < LEAST_SIZE) {
		log_warn("the trace window is too small: %lu bytes, the least "
		         "is %lu",
		         win.size, LEAST_SIZE);
		return NULL;
	}
	if (win.used) {
		log_warn("the trace window is in use");
		return NULL;
	}
	if (!buffers(&win)) {
		log_warn("trace window: no memory for its buffers");
		return NULL;
	}
	win.used = true;
	win.st.ops = &window_ops;
	win.at = TF_SUPER_SIZE;
	return &win.st;
}

int window_store_scan(struct trace_store *st)
{
	struct window_store *w = CONTAINER_OF(st, struct window_store, st);
	struct tf_source src = {w, window_read, w->size};
	struct tf_scan scan;
	struct tf_chunk c;
	char line[160];
	int err = tf_scan_open(&scan, &src, &st->super, NULL, 0);

	if (err != 0) {
		log_warn("trace window: superblock: %s", tf_strerror(err));
		return err;
	}
	w->index.nr = 0;
	while (tf_scan_next(&scan, &c) == 0) {
		if (tf_index_add(&w->index, &c) != 0) {
			log_warn("trace window: more than %u chunks",
			         MAX_CHUNKS);
			return -TF_ENOSPC;
		}
	}
	log_info("trace: %zu chunks, %lu bytes, %s", w->index.nr, scan.offset,
	         scan.tail.complete
	                 ? "complete"
	                 : tf_tail_line(&scan.tail, line, sizeof(line)));
	return 0;
}
