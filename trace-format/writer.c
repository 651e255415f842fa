/* SPDX-License-Identifier: MIT */
/*
 * Records to bytes. Each row of events.def gets two functions here: one that
 * measures a record and checks it, one that writes it. Writing starts only when
 * the whole record is known to fit, so a chunk never holds part of one.
 * Spec: docs/trace-format.md, section 6.
 */
#include "priv.h"

int tf_writer_init(struct tf_writer *w, enum tf_stream stream, void *buf,
                   size_t cap, struct tf_calls *calls)
{
	if ((unsigned int)stream >= TF_NR_STREAMS || cap == 0 ||
	    (stream == TF_STREAM_HISTORY) != (calls != NULL)) {
		return -TF_EINVAL;
	}
	tf_memset(w, 0, sizeof(*w));
	w->buf = buf;
	w->cap = cap < TF_RAW_MAX ? (uint32_t)cap : TF_RAW_MAX;
	w->stream = (uint8_t)stream;
	w->calls = calls;
	tf_writer_open(w, 0);
	return 0;
}

void tf_writer_open(struct tf_writer *w, uint64_t entry)
{
	w->len = 0;
	w->nr_records = 0;
	w->positioned = false;
	w->ended = false;
	w->first_entry = entry;
	w->last_entry = entry;
	if (w->calls) {
		tf_calls_reset(w->calls);
	}
}

/* Distance of a position from the record before it; the first one has none. */
static uint64_t distance(const struct tf_writer *w, uint64_t entry)
{
	return w->positioned ? entry - w->last_entry : 0;
}

/* ---- measuring ----------------------------------------------------------- */

struct measure {
	uint64_t size;
	uint64_t entry;
	bool positioned;
	bool bad;
};

static void measure_bytes(struct measure *m, const struct tf_bytes *b,
                          uint32_t unit)
{
	if (b->len % unit || (b->len && !b->data)) {
		m->bad = true;
	}
	m->size += tf_varint_size(b->len) + (uint64_t)b->len;
}

static void measure_page(struct measure *m, const struct tf_bytes *b)
{
	if (b->len != TF_PAGE_SIZE || !b->data) {
		m->bad = true;
	}
	m->size += TF_PAGE_SIZE;
}

#define F_ENTRY(n)                                                             \
	m->entry = r->n;                                                       \
	m->positioned = true;
#define F_UINT(n)   m->size += tf_varint_size(r->n);
#define F_SINT(n)   m->size += tf_varint_size(tf_zigzag(r->n));
#define F_U32(n)    m->size += tf_varint_size(r->n);
#define F_U8(n)     m->size += 1;
#define F_U64(n)    m->size += 8;
#define F_HASH(n)   m->size += 16;
#define F_BYTES(n)  measure_bytes(m, &r->n, 1);
#define F_TEXT(n)   measure_bytes(m, &r->n, 1);
#define F_WORDS(n)  measure_bytes(m, &r->n, 8);
#define F_FRAMES(n) measure_bytes(m, &r->n, sizeof(struct tf_frame_hash));
#define F_PAGE(n)   measure_page(m, &r->n);
#define TF_COMPACT(id, NAME, name, since, streams, fields)
#define TF_EVENT(id, NAME, name, since, streams, fields)                       \
	static void measure_##name(struct measure *m,                          \
	                           const struct tf_##name *r)                  \
	{                                                                      \
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

static void measure(struct measure *m, enum tf_id id, const void *record)
{
	switch (id) {
#define TF_COMPACT(id, NAME, name, since, streams, fields) case TF_##NAME:
#define TF_EVENT(id, NAME, name, since, streams, fields)                       \
	case TF_##NAME:                                                        \
		measure_##name(m, record);                                     \
		break;
#include <tf/events.def>
		break;
	}
}

/* ---- writing --------------------------------------------------------------
 */

static uint8_t *put_bytes(uint8_t *p, const struct tf_bytes *b)
{
	p = tf_varint_put(p, b->len);
	return tf_store(p, b->data, b->len);
}

#define F_ENTRY(n)  p = tf_varint_put(p, gap);
#define F_UINT(n)   p = tf_varint_put(p, r->n);
#define F_SINT(n)   p = tf_varint_put(p, tf_zigzag(r->n));
#define F_U32(n)    p = tf_varint_put(p, r->n);
#define F_U8(n)     *p++ = r->n;
#define F_U64(n)    p = tf_store(p, &r->n, 8);
#define F_HASH(n)   p = tf_store(p, &r->n, 16);
#define F_BYTES(n)  p = put_bytes(p, &r->n);
#define F_TEXT(n)   p = put_bytes(p, &r->n);
#define F_WORDS(n)  p = put_bytes(p, &r->n);
#define F_FRAMES(n) p = put_bytes(p, &r->n);
#define F_PAGE(n)   p = tf_store(p, r->n.data, TF_PAGE_SIZE);
#define TF_COMPACT(id, NAME, name, since, streams, fields)
#define TF_EVENT(id, NAME, name, since, streams, fields)                       \
	static uint8_t *put_##name(uint8_t *p, uint64_t gap,                   \
	                           const struct tf_##name *r)                  \
	{                                                                      \
		(void)gap;                                                     \
		fields return p;                                               \
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

static uint8_t *put_fields(uint8_t *p, uint64_t gap, enum tf_id id,
                           const void *record)
{
	switch (id) {
#define TF_COMPACT(id, NAME, name, since, streams, fields) case TF_##NAME:
#define TF_EVENT(id, NAME, name, since, streams, fields)                       \
	case TF_##NAME:                                                        \
		return put_##name(p, gap, record);
#include <tf/events.def>
		break;
	}
	return p;
}

/* ---- appending -------------------------------------------------------------
 */

static int check_room(const struct tf_writer *w, uint64_t size)
{
	if (size > w->cap) {
		return -TF_ETOOBIG;
	}
	return size > w->cap - w->len ? -TF_ENOSPC : 0;
}

static void commit_record(struct tf_writer *w, uint64_t size)
{
	w->len += (uint32_t)size;
	w->nr_records++;
}

static void commit_position(struct tf_writer *w, uint64_t entry)
{
	if (!w->positioned) {
		w->first_entry = entry;
		w->positioned = true;
	}
	w->last_entry = entry;
}

static int put_call(struct tf_writer *w, const struct tf_call *call)
{
	struct tf_call_step step;
	uint32_t size;
	int error = check_room(w, TF_CALL_MAX);

	if (call->entry < w->last_entry) {
		return -TF_EORDER;
	}
	/* Most take a byte or two, but that is known afterwards. */
	if (error) {
		return error;
	}
	step.call = *call;
	step.distance = distance(w, call->entry);
	size = tf_call_encode(w->calls, &step, w->buf + w->len);
	tf_call_apply(w->calls, &step);
	commit_record(w, size);
	commit_position(w, call->entry);
	return 0;
}

int tf_put(struct tf_writer *w, enum tf_id id, const void *record)
{
	struct measure m = {0};
	uint64_t gap = 0;
	uint64_t size;
	uint8_t *p;
	int error;

	if (!(tf_record_streams(id) & (1u << w->stream))) {
		return -TF_ESTREAM;
	}
	if (w->ended) {
		return -TF_EINVAL;
	}
	if (id == TF_CALL) {
		return put_call(w, record);
	}
	measure(&m, id, record);
	if (m.bad) {
		return -TF_EINVAL;
	}
	if (m.positioned) {
		if (m.entry < w->last_entry) {
			return -TF_EORDER;
		}
		gap = distance(w, m.entry);
		m.size += tf_varint_size(gap);
	}
	size = 1 + tf_varint_size(m.size) + m.size;
	error = check_room(w, size);
	if (error) {
		return error;
	}
	p = w->buf + w->len;
	*p++ = (uint8_t)id;
	p = tf_varint_put(p, m.size);
	put_fields(p, gap, id, record);
	commit_record(w, size);
	if (m.positioned) {
		commit_position(w, m.entry);
	}
	w->ended = id == TF_END;
	return 0;
}
