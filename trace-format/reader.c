/* SPDX-License-Identifier: MIT */
/*
 * Bytes to records. The bytes are hostile: each length is checked against what
 * is left before it is used, each record advances by at least one byte, and
 * what the chunk's header promised is held against what came.
 * Spec: docs/trace-format.md, sections 6 and 7.
 */
#include "priv.h"

int tf_reader_init(struct tf_reader *r, const struct tf_chunk_header *header,
                   const void *payload, struct tf_calls *calls)
{
	if (header->stream >= TF_NR_STREAMS || header->raw_len > TF_RAW_MAX ||
	    (header->stream == TF_STREAM_HISTORY) != (calls != NULL)) {
		return -TF_EINVAL;
	}
	tf_memset(r, 0, sizeof(*r));
	r->buf = payload;
	r->len = header->raw_len;
	r->header = *header;
	r->entry = header->first_entry;
	r->calls = calls;
	if (calls) {
		tf_calls_reset(calls);
	}
	return 0;
}

/* ---- fields: a cursor that remembers its first error ------------------------
 */

struct cursor {
	const uint8_t *p;
	const uint8_t *end;
	uint64_t entry;
	int error;
};

static size_t left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

static uint64_t get_uint(struct cursor *c)
{
	uint64_t value = 0;

	if (!c->error) {
		c->error = tf_varint_get(&c->p, c->end, &value);
	}
	return value;
}

static uint32_t get_u32(struct cursor *c)
{
	uint64_t value = get_uint(c);

	if (value > UINT32_MAX) {
		c->error = -TF_EVARINT;
		return 0;
	}
	return (uint32_t)value;
}

static void get_fixed(struct cursor *c, void *dst, size_t len)
{
	tf_memset(dst, 0, len);
	if (c->error) {
		return;
	}
	if (left(c) < len) {
		c->error = -TF_ERECORD;
		return;
	}
	tf_memcpy(dst, c->p, len);
	c->p += len;
}

static void get_span(struct cursor *c, struct tf_bytes *b, uint64_t len)
{
	b->data = NULL;
	b->len = 0;
	if (c->error) {
		return;
	}
	if (len > left(c)) {
		c->error = -TF_ERECORD;
		return;
	}
	b->data = c->p;
	b->len = (uint32_t)len;
	c->p += len;
}

static void get_bytes(struct cursor *c, struct tf_bytes *b, uint32_t unit)
{
	uint64_t len = get_uint(c);

	if (len % unit) {
		c->error = -TF_ERECORD;
	}
	get_span(c, b, len);
}

#define F_ENTRY(n)  r->n = c->entry;
#define F_UINT(n)   r->n = get_uint(c);
#define F_SINT(n)   r->n = tf_unzigzag(get_uint(c));
#define F_U32(n)    r->n = get_u32(c);
#define F_U8(n)     get_fixed(c, &r->n, 1);
#define F_U64(n)    get_fixed(c, &r->n, 8);
#define F_HASH(n)   get_fixed(c, &r->n, 16);
#define F_BYTES(n)  get_bytes(c, &r->n, 1);
#define F_TEXT(n)   get_bytes(c, &r->n, 1);
#define F_WORDS(n)  get_bytes(c, &r->n, 8);
#define F_FRAMES(n) get_bytes(c, &r->n, sizeof(struct tf_frame_hash));
#define F_PAGE(n)   get_span(c, &r->n, TF_PAGE_SIZE);
#define TF_COMPACT(id, NAME, name, since, streams, fields)
#define TF_EVENT(id, NAME, name, since, streams, fields)                       \
	static void get_##name(struct cursor *c, struct tf_##name *r)          \
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

static void get_fields(struct cursor *c, struct tf_record *record)
{
	switch ((enum tf_id)record->id) {
#define TF_COMPACT(id, NAME, name, since, streams, fields) case TF_##NAME:
#define TF_EVENT(id, NAME, name, since, streams, fields)                       \
	case TF_##NAME:                                                        \
		get_##name(c, &record->u.name);                                \
		break;
#include <tf/events.def>
		break;
	}
}

/* ---- records
 * ----------------------------------------------------------------- */

/*
 * Positions stay within what the header says: the first one is first_entry,
 * and none is beyond last_entry.
 */
static int move_entry(const struct tf_reader *r, uint64_t gap, uint64_t *entry)
{
	if (!r->positioned && gap) {
		return -TF_ERECORD;
	}
	if (gap > r->header.last_entry - r->entry) {
		return -TF_ECOUNT;
	}
	*entry = r->entry + gap;
	return 0;
}

static int read_call(const struct tf_reader *r, const uint8_t **p,
                     struct tf_record *record)
{
	struct tf_call_step step;
	int error;

	if (r->header.stream != TF_STREAM_HISTORY) {
		return -TF_ESTREAM;
	}
	error = tf_call_decode(r->calls, p, r->buf + r->len, &step);
	if (!error) {
		error = move_entry(r, step.distance, &record->entry);
	}
	if (error) {
		return error;
	}
	tf_call_apply(r->calls, &step);
	step.call.entry = record->entry;
	record->id = TF_CALL;
	record->known = true;
	record->u.call = step.call;
	return 0;
}

static int read_framed(const struct tf_reader *r, const uint8_t **p,
                       struct tf_record *record)
{
	unsigned int streams = tf_record_streams(record->id);
	struct cursor c = {*p + 1, r->buf + r->len, r->entry, 0};

	get_bytes(&c, &record->body, 1);
	if (c.error) {
		return c.error;
	}
	*p = c.p;
	c.p = record->body.data;
	c.end = *p;
	if (record->id < TF_ID_UNPOSITIONED) {
		uint64_t gap = get_uint(&c);

		if (!c.error) {
			c.error = move_entry(r, gap, &c.entry);
		}
	}
	if (c.error) {
		return c.error;
	}
	record->entry = c.entry;
	record->known = streams != 0;
	if (record->known && !(streams & (1u << r->header.stream))) {
		return -TF_ESTREAM;
	}
	get_fields(&c, record);
	return c.error;
}

static int finish(const struct tf_reader *r)
{
	bool end_expected = r->header.flags & TF_CHUNK_END;

	if (r->index != r->header.nr_records ||
	    r->entry != r->header.last_entry || r->ended != end_expected) {
		return -TF_ECOUNT;
	}
	return -TF_EEND;
}

int tf_read(struct tf_reader *r, struct tf_record *record)
{
	const uint8_t *p = r->buf + r->pos;
	int error;

	if (r->pos == r->len) {
		return finish(r);
	}
	if (r->index == r->header.nr_records) {
		return -TF_ECOUNT;
	}
	if (r->ended || *p == 0) {
		return -TF_ERECORD;
	}
	record->id = *p;
	record->index = r->index;
	record->at = r->pos;
	record->entry = r->entry;
	record->body = (struct tf_bytes){NULL, 0};
	error = *p >= TF_ID_COMPACT ? read_call(r, &p, record)
	                            : read_framed(r, &p, record);
	if (error) {
		return error;
	}
	if (record->id < TF_ID_UNPOSITIONED || record->id >= TF_ID_COMPACT) {
		r->positioned = true;
	}
	r->entry = record->entry;
	r->ended = record->id == TF_END;
	r->pos = (uint32_t)(p - r->buf);
	r->index++;
	return 0;
}

uint64_t tf_word(const struct tf_bytes *words, uint32_t i)
{
	const uint8_t *p = words->data;

	return i < words->len / 8 ? tf_load64(p + (size_t)i * 8) : 0;
}

bool tf_frame_pair(const struct tf_bytes *frames, uint32_t i,
                   struct tf_frame_hash *pair)
{
	const uint8_t *p = frames->data;

	if (i >= frames->len / sizeof(*pair)) {
		return false;
	}
	tf_memcpy(pair, p + (size_t)i * sizeof(*pair), sizeof(*pair));
	return true;
}
