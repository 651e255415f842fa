/* SPDX-License-Identifier: MIT */
/*
 * Traces in memory, as bytes of the format: what is recorded is sealed into a
 * window, what is replayed is scanned and loaded from one.
 */
#include <sim/sim.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CHUNKS 8192

void sim_trace_init(struct sim_trace *t, size_t size)
{
	memset(t, 0, sizeof(*t));
	t->size = size;
	t->bytes = calloc(1, size);
	t->index.cap = MAX_CHUNKS;
	t->index.entry = calloc(MAX_CHUNKS, sizeof(*t->index.entry));
	assert(t->bytes != NULL && t->index.entry != NULL);
	tf_super_init(&t->super);
	t->super.nr_frames = SIM_FRAMES;
	t->super.nr_vcpus = 1;
	tf_super_seal(&t->super);
	memcpy(t->bytes, &t->super, TF_SUPER_SIZE);
	t->len = TF_SUPER_SIZE;
	tf_chain_init(&t->chain, &t->super);
}

void sim_trace_free(struct sim_trace *t)
{
	free(t->bytes);
	free(t->index.entry);
	free(t->raw[0]);
	free(t->raw[1]);
	memset(t, 0, sizeof(*t));
}

int sim_trace_seal(struct sim_trace *t, const struct tf_writer *w)
{
	size_t room = t->size - t->len, len;
	int err;

	if (!w->ended) {
		room = room > TF_END_ROOM ? room - TF_END_ROOM : 0;
	}
	err = tf_seal(&t->chain, w, NULL, t->bytes + t->len, room, &len);
	if (err == 0) {
		t->len += len;
	}
	return err;
}

static int read_bytes(void *ctx, uint64_t offset, void *buf, size_t len)
{
	struct sim_trace *t = ctx;

	memcpy(buf, t->bytes + offset, len);
	return 0;
}

void sim_trace_open(struct sim_trace *t, size_t len)
{
	struct tf_source src = {t, read_bytes, len};
	struct tf_super super;
	struct tf_scan scan;
	struct tf_chunk c;
	uint8_t scratch[4096];
	int err;

	t->index.nr = 0;
	t->turn = 0;
	err = tf_scan_open(&scan, &src, &super, scratch, sizeof(scratch));
	assert(err == 0);
	while (tf_scan_next(&scan, &c) == 0) {
		err = tf_index_add(&t->index, &c);
		assert(err == 0);
	}
}

static const struct tf_index_entry *find(const struct sim_trace *t,
                                         uint64_t index)
{
	for (size_t i = 0; i < t->index.nr; i++) {
		if (t->index.entry[i].stream == TF_STREAM_REPLAY &&
		    index-- == 0) {
			return &t->index.entry[i];
		}
	}
	return NULL;
}

size_t sim_trace_chunks(const struct sim_trace *t)
{
	size_t n = 0;

	while (find(t, n) != NULL) {
		n++;
	}
	return n;
}

/* Exactly as long as the engine may use it: the second load after this one
 * frees it, and the sanitizer sees who was late. */
enum rr_load sim_trace_load(struct sim_trace *t, uint64_t index,
                            struct rr_chunk_data *chunk)
{
	struct tf_source src = {t, read_bytes, t->size};
	const struct tf_index_entry *e = find(t, index);
	uint8_t **raw = &t->raw[t->turn++ % 2];
	struct tf_chunk c;

	free(*raw);
	*raw = NULL;
	if (e == NULL) {
		return RR_LOAD_END;
	}
	if (tf_chunk_at(&src, t->super.uuid, e, &c) != 0) {
		return RR_LOAD_BAD;
	}
	*raw = malloc(c.header.raw_len);
	assert(*raw != NULL);
	if (tf_chunk_load(&src, &c, NULL, NULL, 0, *raw, c.header.raw_len) !=
	    0) {
		return RR_LOAD_BAD;
	}
	chunk->header = c.header;
	chunk->payload = *raw;
	return RR_LOAD_OK;
}
