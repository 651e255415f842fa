/* SPDX-License-Identifier: MIT */
/*
 * Altered traces: one logged value changed, everything around it (lengths,
 * counts, checksums, chain) as the format wants it. Fields come from
 * events.def, so that a record added there is altered as well.
 */
#include <sim/sim.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { K_UINT, K_U32, K_U8, K_BYTES };

struct field {
	enum kind kind;
	size_t at;
	const char *name;
};

#define MAX_FIELDS 16

#define ADD(k, n)   f[nr++] = (struct field){k, offsetof(self, n), #n};
#define F_ENTRY(n)  ADD(K_UINT, n)
#define F_UINT(n)   ADD(K_UINT, n)
#define F_SINT(n)   ADD(K_UINT, n)
#define F_U32(n)    ADD(K_U32, n)
#define F_U8(n)     ADD(K_U8, n)
#define F_U64(n)    ADD(K_UINT, n)
#define F_HASH(n)   ADD(K_UINT, n.lo) ADD(K_UINT, n.hi)
#define F_BYTES(n)  ADD(K_BYTES, n)
#define F_TEXT(n)   ADD(K_BYTES, n)
#define F_WORDS(n)  ADD(K_BYTES, n)
#define F_FRAMES(n) ADD(K_BYTES, n)
#define F_PAGE(n)   ADD(K_BYTES, n)
#define F_ARGS(n)   ADD(K_UINT, n[0])

#define TF_EVENT(id, NAME, name, since, streams, fields)                       \
	static unsigned int fields_of_##name(struct field *f)                  \
	{                                                                      \
		typedef struct tf_##name self;                                 \
		unsigned int nr = 0;                                           \
                                                                               \
		fields return nr;                                              \
	}
#include <tf/events.def>

static unsigned int fields_of(unsigned int record, struct field *f)
{
	switch (record) {
#define TF_EVENT(id, NAME, name, since, streams, fields)                       \
	case TF_##NAME:                                                        \
		return fields_of_##name(f);
#include <tf/events.def>
	}
	return 0;
}

/* ---- one value ----------------------------------------------------------- */

static uint64_t other_number(uint64_t v, struct sim_rng *r)
{
	switch (sim_below(r, 6)) {
	case 0:
		return v + 1;
	case 1:
		return v - 1;
	case 2:
		return v ^ (1ull << sim_below(r, 64));
	case 3:
		return 0;
	case 4:
		return UINT64_MAX;
	default:
		return v + sim_below(r, 100);
	}
}

static bool alter_bytes(struct tf_bytes *b, struct sim_rng *r)
{
	static uint8_t copy[8192];

	if (b->len == 0 || b->len + 8 > sizeof(copy)) {
		return false;
	}
	memcpy(copy, b->data, b->len);
	memset(copy + b->len, 0x5a, 8);
	b->data = copy;
	switch (sim_below(r, 4)) {
	case 0:
		b->len -= b->len % 8 == 0 ? 8 : 1;
		break;
	case 1:
		b->len += b->len % 8 == 0 ? 8 : 1;
		break;
	default:
		copy[sim_below(r, b->len)] ^= (uint8_t)(1u << sim_below(r, 8));
		break;
	}
	return true;
}

static bool alter_field(struct tf_record *rec, const struct field *f,
                        struct sim_rng *r)
{
	uint8_t *at = (uint8_t *)&rec->u + f->at;
	uint64_t old = 0, new;
	size_t size = f->kind == K_U8 ? 1 : f->kind == K_U32 ? 4 : 8;

	if (f->kind == K_BYTES) {
		return alter_bytes((struct tf_bytes *)at, r);
	}
	memcpy(&old, at, size);
	new = other_number(old, r);
	memcpy(at, &new, size);
	return memcmp(at, &old, size) != 0;
}

/* ---- one record, written in place of the old one ------------------------- */

/* A record that waits for the one after it, to come behind it. */
struct late {
	struct tf_record record;
	bool any;
};

static bool put(struct tf_writer *w, const struct tf_record *r)
{
	return tf_put(w, (enum tf_id)r->id, &r->u) == 0;
}

static bool alter_record(struct tf_writer *w, struct tf_record *rec,
                         struct late *late, struct sim_alteration *a)
{
	struct sim_rng r = {a->what};
	const char *name = tf_record_name(rec->id);
	struct field f[MAX_FIELDS];
	unsigned int i;

	switch (sim_below(&r, 16)) {
	case 0:
		snprintf(a->text, sizeof(a->text), "%s removed", name);
		return true;
	case 1:
		snprintf(a->text, sizeof(a->text), "%s twice", name);
		return put(w, rec) && put(w, rec);
	case 2:
		snprintf(a->text, sizeof(a->text), "%s after the next", name);
		late->record = *rec;
		late->any = true;
		return true;
	default:
		i = (unsigned int)sim_below(&r, fields_of(rec->id, f));
		snprintf(a->text, sizeof(a->text), "%s field %s", name,
		         f[i].name);
		return alter_field(rec, &f[i], &r) && put(w, rec);
	}
}

/* ---- the whole trace ----------------------------------------------------- */

static bool alter_chunk(const struct rr_chunk_data *chunk, struct tf_writer *w,
                        uint64_t target, struct sim_alteration *a)
{
	struct late late = {.any = false};
	struct tf_reader reader;
	struct tf_record rec;

	tf_reader_init(&reader, &chunk->header, chunk->payload, NULL);
	tf_writer_open(w, chunk->header.first_entry);
	while (tf_read(&reader, &rec) == 0) {
		bool ok = rec.index == target ? alter_record(w, &rec, &late, a)
		                              : put(w, &rec);

		if (ok && late.any && rec.index == target + 1) {
			ok = put(w, &late.record);
			late.any = false;
		}
		if (!ok) {
			return false;
		}
	}
	return !late.any;
}

bool sim_trace_alter(struct sim_trace *from, struct sim_trace *to,
                     struct sim_alteration *a)
{
	uint8_t *raw = malloc(TF_RAW_MAX);
	struct rr_chunk_data chunk;
	struct tf_writer w;
	bool ok = raw != NULL;

	tf_writer_init(&w, TF_STREAM_REPLAY, raw, TF_RAW_MAX, NULL);
	for (uint64_t i = 0;
	     ok && sim_trace_load(from, i, &chunk) == RR_LOAD_OK; i++) {
		uint64_t first = chunk.header.first_record;

		ok = alter_chunk(&chunk, &w,
		                 a->record >= first ? a->record - first
		                                    : UINT64_MAX,
		                 a) &&
		     sim_trace_seal(to, &w) == 0;
	}
	free(raw);
	if (ok) {
		sim_trace_open(to, to->size);
	}
	return ok;
}

uint64_t sim_trace_records(struct sim_trace *t)
{
	struct rr_chunk_data chunk;
	uint64_t nr = 0;

	for (uint64_t i = 0; sim_trace_load(t, i, &chunk) == RR_LOAD_OK; i++) {
		nr = chunk.header.first_record + chunk.header.nr_records;
	}
	return nr;
}
