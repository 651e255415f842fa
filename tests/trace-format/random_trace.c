/* SPDX-License-Identifier: MIT */
/*
 * Random records and traces. See random_trace.h.
 */
#include "random_trace.h"

#include <assert.h>
#include <string.h>
#include <zstd.h>

uint64_t rng_next(struct rng *rng)
{
	uint64_t x = rng->state += 0x9e3779b97f4a7c15ull;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

uint64_t rng_below(struct rng *rng, uint64_t limit)
{
	return rng_next(rng) % limit;
}

uint64_t rng_sized(struct rng *rng)
{
	uint64_t bits = rng_below(rng, 65);

	return bits == 0 ? 0 : rng_next(rng) >> (64 - bits);
}

/* ---- records
 * ------------------------------------------------------------------ */

#define POOL_LEN (16u << 10)

/* Bytes that records point to: half of them compress well, half do not. */
static const uint8_t *pool(void)
{
	static uint8_t bytes[POOL_LEN];
	static bool filled;
	struct rng rng = {1};
	size_t i;

	if (!filled) {
		for (i = 0; i < POOL_LEN; i++) {
			bytes[i] = i < POOL_LEN / 2 ? (uint8_t)(i % 7)
			                            : (uint8_t)rng_next(&rng);
		}
		filled = true;
	}
	return bytes;
}

static struct tf_bytes random_bytes(struct rng *rng, uint32_t unit,
                                    uint32_t max)
{
	uint32_t len = (uint32_t)rng_below(rng, max + 1) * unit;

	return (struct tf_bytes){pool() + rng_below(rng, POOL_LEN - len), len};
}

static struct tf_bytes random_page(struct rng *rng)
{
	uint64_t at = rng_below(rng, POOL_LEN - TF_PAGE_SIZE);

	return (struct tf_bytes){pool() + at, TF_PAGE_SIZE};
}

#define F_ENTRY(n)  r->n = *entry += rng_below(rng, 3);
#define F_UINT(n)   r->n = rng_sized(rng);
#define F_SINT(n)   r->n = (int64_t)rng_sized(rng);
#define F_U32(n)    r->n = (uint32_t)rng_sized(rng);
#define F_U8(n)     r->n = (uint8_t)rng_below(rng, 5);
#define F_U64(n)    r->n = rng_next(rng);
#define F_HASH(n)   r->n = (struct tf_hash128){rng_next(rng), rng_next(rng)};
#define F_BYTES(n)  r->n = random_bytes(rng, 1, 200);
#define F_TEXT(n)   r->n = random_bytes(rng, 1, 40);
#define F_WORDS(n)  r->n = random_bytes(rng, 8, 20);
#define F_FRAMES(n) r->n = random_bytes(rng, 24, 10);
#define F_PAGE(n)   r->n = random_page(rng);
#define F_ARGS(n)   (void)r->n; /* by shape_call() */
#define TF_EVENT(id, NAME, name, since, streams, fields)                       \
	static void random_##name(struct rng *rng, uint64_t *entry,            \
	                          struct tf_##name *r)                         \
	{                                                                      \
		(void)entry;                                                   \
		fields                                                         \
	}
#include <tf/events.def>
#undef F_ENTRY
#undef F_UINT
#undef F_SINT
#undef F_U32
#undef F_U8
#undef F_U64
#undef F_HASH
#undef F_BYTES
#undef F_TEXT
#undef F_WORDS
#undef F_FRAMES
#undef F_PAGE
#undef F_ARGS

/*
 * An argument as a kernel passes it: the same as ever, one page on, one of a
 * few values that wander between calls, near the last one, or anything at all.
 */
static uint64_t shape_arg(struct rng *rng, const struct tf_call *c,
                          unsigned int i)
{
	switch ((c->nr + i) % 6) {
	case 0:
	case 1:
		return (uint64_t)c->nr * 7;
	case 2:
		return 0xffff888000000000ull + (c->entry << 12);
	case 3:
		return (rng_below(rng, 50) + 1) * 0x7654321987ull;
	case 4:
		return c->entry * 8 + rng_below(rng, 4);
	default:
		return rng_sized(rng);
	}
}

/* Few kinds of calls mostly, so that the model has something to foresee. */
static void shape_call(struct rng *rng, struct tf_call *c)
{
	unsigned int i;

	c->nr = (uint32_t)rng_below(rng, rng_below(rng, 8) ? 6 : 120);
	c->subop = c->nr % 5 == 0 ? (uint32_t)rng_sized(rng) : c->nr % 3;
	c->flags = c->nr % 4 == 1 ? TF_CALL_MULTI : 0;
	c->result = rng_below(rng, 5) ? 0 : -(int64_t)rng_sized(rng);
	for (i = 0; i < TF_NR_ARGS; i++) {
		c->args[i] = shape_arg(rng, c, i);
	}
}

struct row {
	uint8_t id;
	uint8_t streams;
};

static const struct row rows[] = {
#define TF_EVENT(id, NAME, name, since, streams, fields) {id, streams},
#include <tf/events.def>
};

static uint8_t random_id(struct rng *rng, enum tf_stream stream)
{
	if (stream == TF_STREAM_HISTORY && rng_below(rng, 4)) {
		return TF_CALL;
	}
	for (;;) {
		const struct row *row =
			&rows[rng_below(rng, sizeof(rows) / sizeof(rows[0]))];

		if ((row->streams & (1u << stream)) && row->id != TF_END) {
			return row->id;
		}
	}
}

void random_record(struct rng *rng, enum tf_stream stream, uint64_t *entry,
                   struct tf_record *record)
{
	memset(record, 0, sizeof(*record));
	record->id = random_id(rng, stream);
	record->known = true;
	switch ((enum tf_id)record->id) {
#define TF_EVENT(id, NAME, name, since, streams, fields)                       \
	case TF_##NAME:                                                        \
		random_##name(rng, entry, &record->u.name);                    \
		break;
#include <tf/events.def>
	}
	if (record->id == TF_CALL) {
		shape_call(rng, &record->u.call);
	}
}

int put_record(struct tf_writer *w, const struct tf_record *record)
{
	return tf_put(w, (enum tf_id)record->id, &record->u);
}

static bool same_bytes(const struct tf_bytes *a, const struct tf_bytes *b)
{
	return a->len == b->len &&
	       (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

#define F_ENTRY(n)  &&a->n == b->n
#define F_UINT(n)   &&a->n == b->n
#define F_SINT(n)   &&a->n == b->n
#define F_U32(n)    &&a->n == b->n
#define F_U8(n)     &&a->n == b->n
#define F_U64(n)    &&a->n == b->n
#define F_HASH(n)   &&a->n.lo == b->n.lo && a->n.hi == b->n.hi
#define F_BYTES(n)  &&same_bytes(&a->n, &b->n)
#define F_TEXT(n)   &&same_bytes(&a->n, &b->n)
#define F_WORDS(n)  &&same_bytes(&a->n, &b->n)
#define F_FRAMES(n) &&same_bytes(&a->n, &b->n)
#define F_PAGE(n)   &&same_bytes(&a->n, &b->n)
#define F_ARGS(n)   &&memcmp(a->n, b->n, sizeof(a->n)) == 0
#define TF_EVENT(id, NAME, name, since, streams, fields)                       \
	static bool same_##name(const struct tf_##name *a,                     \
	                        const struct tf_##name *b)                     \
	{                                                                      \
		return true fields;                                            \
	}
#include <tf/events.def>
#undef F_ENTRY
#undef F_UINT
#undef F_SINT
#undef F_U32
#undef F_U8
#undef F_U64
#undef F_HASH
#undef F_BYTES
#undef F_TEXT
#undef F_WORDS
#undef F_FRAMES
#undef F_PAGE
#undef F_ARGS

bool same_record(const struct tf_record *a, const struct tf_record *b)
{
	if (a->id != b->id || !a->known || !b->known) {
		return false;
	}
	switch ((enum tf_id)a->id) {
#define TF_EVENT(id, NAME, name, since, streams, fields)                       \
	case TF_##NAME:                                                        \
		return same_##name(&a->u.name, &b->u.name);
#include <tf/events.def>
	}
	return false;
}

/* ---- traces
 * ---------------------------------------------------------------------- */

static int64_t compress(void *ctx, void *dst, size_t cap, const void *src,
                        size_t len)
{
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	size_t result;

	(void)ctx;
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, 20);
	result = ZSTD_compress2(zstd, dst, cap, src, len);
	ZSTD_freeCCtx(zstd);
	return ZSTD_isError(result) ? -1 : (int64_t)result;
}

static int64_t decompress(void *ctx, void *dst, size_t cap, const void *src,
                          size_t len)
{
	size_t result = ZSTD_decompress(dst, cap, src, len);

	(void)ctx;
	return ZSTD_isError(result) ? -1 : (int64_t)result;
}

const struct tf_codec zstd_codec = {NULL, compress, decompress};

void random_super(struct rng *rng, struct tf_super *sb)
{
	unsigned int i;

	tf_super_init(sb);
	for (i = 0; i < sizeof(sb->uuid); i++) {
		sb->uuid[i] = (uint8_t)rng_next(rng);
	}
	sb->abi_version = 1;
	sb->flags = TF_FLAG_EXACT;
	sb->seed = rng_next(rng);
	sb->nr_frames = 1 + rng_below(rng, 100000);
	sb->max_mfn = rng_sized(rng);
	sb->tsc_khz = 1000000;
	sb->time_step_ns = 50;
	sb->hash_interval = 4096;
	sb->config = (struct tf_hash128){rng_next(rng), rng_next(rng)};
	sb->cuts[3] = 512;
	sb->nr_cpuid = (uint32_t)rng_below(rng, 4);
	for (i = 0; i < sb->nr_cpuid; i++) {
		sb->cpuid[i] = (struct tf_cpuid){i, 0, (uint32_t)rng_next(rng),
		                                 1, 2, 3};
	}
	tf_super_text(sb->domain_name, sizeof(sb->domain_name), "test \"one\"");
	tf_super_text(sb->clock, sizeof(sb->clock), "icount");
	tf_super_text(sb->hv_version, sizeof(sb->hv_version), "none");
	tf_super_seal(sb);
}

struct maker {
	struct rng *rng;
	const struct trace_shape *shape;
	struct tf_chain chain;
	uint64_t entry[TF_NR_STREAMS];
	uint8_t *buf;
	size_t len;
	size_t cap;
};

static uint8_t raw[TF_RAW_MAX];
static struct tf_calls calls;

static void open_writer(struct maker *m, struct tf_writer *w,
                        enum tf_stream stream)
{
	int error = tf_writer_init(w, stream, raw, sizeof(raw),
	                           stream == TF_STREAM_HISTORY ? &calls : NULL);

	assert(!error);
	tf_writer_open(w, m->entry[stream]);
}

static void seal(struct maker *m, const struct tf_writer *w)
{
	size_t len;
	int error =
		tf_seal(&m->chain, w, m->shape->compress ? &zstd_codec : NULL,
	                m->buf + m->len, m->cap - m->len, &len);

	assert(!error);
	m->len += len;
}

static void make_chunk(struct maker *m)
{
	enum tf_stream stream = (enum tf_stream)rng_below(m->rng, 4);
	uint64_t nr = 1 + rng_below(m->rng, m->shape->max_records);
	struct tf_record record;
	struct tf_writer w;

	open_writer(m, &w, stream);
	while (nr--) {
		random_record(m->rng, stream, &m->entry[stream], &record);
		assert(put_record(&w, &record) == 0);
	}
	seal(m, &w);
}

static void make_end(struct maker *m)
{
	struct tf_end end = {
		.entry = m->entry[TF_STREAM_REPLAY] + 1,
		.reason = TF_END_STOP,
		.text = {"stopped by the test", 19},
	};
	struct tf_writer w;

	open_writer(m, &w, TF_STREAM_REPLAY);
	assert(tf_put_end(&w, &end) == 0);
	seal(m, &w);
}

size_t random_trace(struct rng *rng, const struct trace_shape *shape,
                    uint8_t *buf, size_t cap)
{
	struct maker m = {.rng = rng, .shape = shape, .buf = buf, .cap = cap};
	struct tf_super sb;
	unsigned int i;

	random_super(rng, &sb);
	memcpy(buf, &sb, sizeof(sb));
	m.len = sizeof(sb);
	tf_chain_init(&m.chain, &sb);
	for (i = 0; i < shape->nr_chunks; i++) {
		make_chunk(&m);
	}
	if (shape->end) {
		make_end(&m);
	}
	return m.len;
}

/* ---- reading
 * ------------------------------------------------------------------------ */

struct memory {
	const uint8_t *data;
};

int read_memory(void *ctx, uint64_t offset, void *buf, size_t len)
{
	const struct memory *memory = ctx;

	memcpy(buf, memory->data + offset, len);
	return 0;
}

/* Read every byte that a record's fields point to: the sanitizer looks on. */
static uint64_t touch(const struct tf_record *record)
{
	const uint8_t *p = record->body.data;
	uint64_t sum = record->entry;
	uint32_t i;

	for (i = 0; i < record->body.len; i++) {
		sum += p[i];
	}
	return sum + (record->known ? same_record(record, record) : 0);
}

static int read_chunk(const struct tf_source *source,
                      const struct tf_chunk *chunk, uint64_t *nr, uint32_t *at)
{
	static uint8_t stored[TF_RAW_MAX];
	static uint8_t payload[TF_RAW_MAX];
	static volatile uint64_t sink;
	bool history = chunk->header.stream == TF_STREAM_HISTORY;
	struct tf_record record;
	struct tf_reader reader;
	int error;

	*at = 0;
	error = tf_chunk_load(source, chunk, &zstd_codec, stored,
	                      sizeof(stored), payload, sizeof(payload));
	if (!error) {
		error = tf_reader_init(&reader, &chunk->header, payload,
		                       history ? &calls : NULL);
	}
	while (!error) {
		error = tf_read(&reader, &record);
		if (!error) {
			sink += touch(&record);
			(*nr)++;
			*at = reader.index;
		}
	}
	return error == -TF_EEND ? 0 : error;
}

struct reading read_all(const uint8_t *trace, size_t len)
{
	struct memory memory = {trace};
	struct tf_source source = {&memory, read_memory, len};
	struct reading result = {0};
	uint8_t scratch[256];
	struct tf_chunk chunk;
	struct tf_super sb;
	struct tf_scan scan;

	result.open_error =
		tf_scan_open(&scan, &source, &sb, scratch, sizeof(scratch));
	if (result.open_error) {
		return result;
	}
	while (!tf_scan_next(&scan, &chunk)) {
		uint32_t at;
		int error =
			read_chunk(&source, &chunk, &result.nr_records, &at);

		if (error) {
			tf_tail_in_chunk(&result.tail, &chunk, at, error);
			return result;
		}
		result.nr_chunks++;
	}
	result.tail = scan.tail;
	return result;
}
