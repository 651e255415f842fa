/* SPDX-License-Identifier: MIT */
/*
 * Records as lists of named fields, so that printing, JSON and filters know
 * no record by hand: everything here is made from events.def.
 */
#include <chv/trace.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

struct list {
	struct chv_field *fields;
	size_t nr;
};

static void add(struct list *l, const char *name, enum chv_field_kind kind,
                uint64_t number, struct tf_bytes bytes)
{
	if (l->nr < CHV_MAX_FIELDS) {
		l->fields[l->nr++] =
			(struct chv_field){name, kind, number, bytes};
	}
}

#define NO_BYTES     ((struct tf_bytes){NULL, 0})
#define NUMBER(k, n) add(l, #n, CHV_FIELD_##k, (uint64_t)r->n, NO_BYTES);
#define STRING(k, n) add(l, #n, CHV_FIELD_##k, 0, r->n);
#define OBJECT(k, n)                                                           \
	add(l, #n, CHV_FIELD_##k, 0, (struct tf_bytes){&r->n, sizeof(r->n)});
#define F_ENTRY(n)  NUMBER(UINT, n)
#define F_UINT(n)   NUMBER(UINT, n)
#define F_U32(n)    NUMBER(UINT, n)
#define F_U8(n)     NUMBER(UINT, n)
#define F_SINT(n)   NUMBER(SINT, n)
#define F_U64(n)    NUMBER(HEX, n)
#define F_HASH(n)   OBJECT(BYTES, n)
#define F_BYTES(n)  STRING(BYTES, n)
#define F_TEXT(n)   STRING(TEXT, n)
#define F_WORDS(n)  STRING(WORDS, n)
#define F_FRAMES(n) STRING(WORDS, n)
#define F_PAGE(n)   STRING(BYTES, n)
#define F_ARGS(n)   OBJECT(WORDS, n)
#define TF_EVENT(id, NAME, name, since, streams, list_of_fields)               \
	static void list_##name(struct list *l, const struct tf_##name *r)     \
	{                                                                      \
		list_of_fields                                                 \
	}
#include <tf/events.def>

size_t chv_record_fields(const struct tf_record *r,
                         struct chv_field fields[CHV_MAX_FIELDS])
{
	struct list l = {.fields = fields};

	if (!r->known) {
		add(&l, "body", CHV_FIELD_BYTES, 0, r->body);
		return l.nr;
	}
	switch ((enum tf_id)r->id) {
#define TF_EVENT(id, NAME, name, since, streams, list_of_fields)               \
	case TF_##NAME:                                                        \
		list_##name(&l, &r->u.name);                                   \
		break;
#include <tf/events.def>
	}
	return l.nr;
}

static void print_bytes(const struct tf_bytes *b, size_t limit)
{
	const uint8_t *p = b->data;
	size_t shown = b->len < limit ? b->len : limit;

	for (size_t i = 0; i < shown; i++) {
		printf("%02x", p[i]);
	}
	if (shown < b->len) {
		printf("...(%u bytes)", b->len);
	}
}

static void print_text(const struct tf_bytes *b)
{
	const uint8_t *p = b->data;

	putchar('"');
	for (size_t i = 0; i < b->len; i++) {
		if (p[i] == '"' || p[i] == '\\') {
			printf("\\%c", p[i]);
		} else if (p[i] == '\n') {
			fputs("\\n", stdout);
		} else if (p[i] < 0x20 || p[i] > 0x7e) {
			printf("\\x%02x", p[i]);
		} else {
			putchar(p[i]);
		}
	}
	putchar('"');
}

static void print_words(const struct tf_bytes *b, size_t limit)
{
	uint32_t nr = b->len / 8;

	putchar('[');
	for (uint32_t i = 0; i < nr && i < limit; i++) {
		printf("%s%#" PRIx64, i > 0 ? "," : "", tf_word(b, i));
	}
	printf(nr > limit ? ",...(%u words)]" : "]", nr);
}

void chv_field_print(const struct chv_field *f, size_t limit)
{
	printf(" %s=", f->name);
	switch (f->kind) {
	case CHV_FIELD_UINT:
		printf("%" PRIu64, f->number);
		break;
	case CHV_FIELD_SINT:
		printf("%" PRId64, (int64_t)f->number);
		break;
	case CHV_FIELD_HEX:
		printf("%#" PRIx64, f->number);
		break;
	case CHV_FIELD_TEXT:
		print_text(&f->bytes);
		break;
	case CHV_FIELD_BYTES:
		print_bytes(&f->bytes, limit);
		break;
	case CHV_FIELD_WORDS:
		print_words(&f->bytes, limit / 8 > 6 ? limit / 8 : 6);
		break;
	}
}

static json_t *json_hex(uint64_t value)
{
	return json_sprintf("%#" PRIx64, value);
}

static json_t *json_bytes(const struct tf_bytes *b)
{
	char *hex = malloc(2 * (size_t)b->len + 1);
	json_t *value;

	if (hex == NULL) {
		return json_null();
	}
	hex[0] = '\0';
	for (uint32_t i = 0; i < b->len; i++) {
		sprintf(hex + 2 * (size_t)i, "%02x",
		        ((const uint8_t *)b->data)[i]);
	}
	value = json_string(hex);
	free(hex);
	return value;
}

/* JSON strings are Unicode: what is not ASCII goes as \u00NN. */
static json_t *json_text(const struct tf_bytes *b)
{
	char *utf8 = malloc(2 * (size_t)b->len + 1);
	const uint8_t *p = b->data;
	size_t at = 0;
	json_t *value;

	if (utf8 == NULL) {
		return json_null();
	}
	for (uint32_t i = 0; i < b->len; i++) {
		if (p[i] < 0x80) {
			utf8[at++] = (char)p[i];
		} else {
			utf8[at++] = (char)(0xc0 | p[i] >> 6);
			utf8[at++] = (char)(0x80 | (p[i] & 0x3f));
		}
	}
	value = json_stringn(utf8, at);
	free(utf8);
	return value;
}

json_t *chv_field_json(const struct chv_field *f)
{
	json_t *array;

	switch (f->kind) {
	case CHV_FIELD_SINT:
		return json_integer((json_int_t)f->number);
	case CHV_FIELD_HEX:
		return json_hex(f->number);
	case CHV_FIELD_TEXT:
		return json_text(&f->bytes);
	case CHV_FIELD_BYTES:
		return json_bytes(&f->bytes);
	case CHV_FIELD_WORDS:
		array = json_array();
		for (uint32_t i = 0; i < f->bytes.len / 8; i++) {
			json_array_append_new(array,
			                      json_hex(tf_word(&f->bytes, i)));
		}
		return array;
	case CHV_FIELD_UINT:
		break;
	}
	/* Above 2^63 a JSON number would turn negative. */
	return f->number <= INT64_MAX ? json_integer((json_int_t)f->number)
	                              : json_hex(f->number);
}
