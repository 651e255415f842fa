/* SPDX-License-Identifier: MIT */
/*
 * chv events: what reached the guest from outside, record by record, and the
 * console text beside it. Fields for filters come from the format's table.
 */
#include <chv/cli.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include <chv/filter.h>
#include <chv/options.h>
#include <chv/trace.h>

const struct option chv_options_events[] = {
	{"json", no_argument, NULL, 'j'},
	{"from", required_argument, NULL, 'f'},
	{"to", required_argument, NULL, 't'},
	{"number", required_argument, NULL, 'n'},
	{"all", no_argument, NULL, 'a'},
	{"list-fields", no_argument, NULL, 'l'},
	{NULL, 0, NULL, 0},
};

static const char *type_mistaken(const char *word)
{
	static const char *const types[] = {
#define TF_EVENT(id, NAME, name, since, streams, fields) #NAME,
#include <tf/events.def>
		"unknown"};

	return chv_filter_mistaken(word, types,
	                           sizeof(types) / sizeof(types[0]));
}

/* Every field of every record, once per record: duplicates do no harm. */
#define F_NAME(n)  {#n, false, NULL},
#define F_STR(n)   {#n, true, NULL},
#define F_ENTRY(n) F_NAME(n)
#define F_UINT(n)  F_NAME(n)
#define F_U32(n)   F_NAME(n)
#define F_U8(n)    F_NAME(n)
#define F_SINT(n)  F_NAME(n)
#define F_U64(n)   F_NAME(n)
#define F_HASH(n)
#define F_BYTES(n)
#define F_TEXT(n) F_STR(n)
#define F_WORDS(n)
#define F_FRAMES(n)
#define F_PAGE(n)
#define F_ARGS(n)
#define TF_EVENT(id, NAME, name, since, streams, fields) fields
static const struct chv_filter_field fields[] = {
	{"type", true, type_mistaken},
	{"number", false, NULL},
#include <tf/events.def>
};

#define NR_FIELDS (sizeof(fields) / sizeof(fields[0]))

struct events {
	struct chv_filter *filter;
	bool json;
	uint64_t limit;
	uint64_t shown;
	uint64_t number; /* Of the record in its stream, from 0. */
	bool all;
	bool list;

	const struct tf_record *record;
	size_t nr;
	struct chv_field values[CHV_MAX_FIELDS];
	char text[256];
};

static const char *type_name(const struct tf_record *record)
{
	const char *type = tf_record_name(record->id);

	return type != NULL ? type : "unknown";
}

static void get_field(void *ctx, size_t field, struct chv_filter_value *value)
{
	struct events *e = ctx;
	const char *name = fields[field].name;

	if (field == 0) {
		value->text = type_name(e->record);
		return;
	}
	if (field == 1) {
		value->number = (int64_t)e->number;
		return;
	}
	for (size_t i = 0; i < e->nr; i++) {
		const struct chv_field *f = &e->values[i];

		if (strcmp(f->name, name) != 0) {
			continue;
		}
		if (f->kind == CHV_FIELD_TEXT) {
			snprintf(e->text, sizeof(e->text), "%.*s",
			         (int)(f->bytes.len < 255 ? f->bytes.len : 255),
			         (const char *)f->bytes.data);
			value->text = e->text;
		}
		value->number = (int64_t)f->number;
		return;
	}
	value->absent = true;
}

static void show_json(const struct events *e, const struct tf_chunk *chunk)
{
	json_t *o = json_object();

	json_object_set_new(o, "number", json_integer((json_int_t)e->number));
	json_object_set_new(o, "stream",
	                    json_string(tf_stream_name(chunk->header.stream)));
	json_object_set_new(o, "type", json_string(type_name(e->record)));
	for (size_t i = 0; i < e->nr; i++) {
		json_object_set_new(o, e->values[i].name,
		                    chv_field_json(&e->values[i]));
	}
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

static void show(const struct events *e)
{
	printf("e%-9" PRIu64 " n%-10" PRIu64 " %-13s", e->number,
	       e->record->entry, type_name(e->record));
	for (size_t i = 0; i < e->nr; i++) {
		if (strcmp(e->values[i].name, "entry") != 0) {
			chv_field_print(&e->values[i], 32);
		}
	}
	putchar('\n');
}

/* Bookkeeping of the recorder, which people ask for by --all. */
static bool is_bookkeeping(const struct tf_record *r)
{
	return r->id == TF_ENTRY_SYNC || r->id == TF_REGS ||
	       r->id == TF_SLICE_DIGEST || r->id == TF_LANDING;
}

static bool visit(void *ctx, const struct tf_chunk *chunk,
                  const struct tf_record *record)
{
	struct events *e = ctx;
	const struct chv_filter_source source = {get_field, e};

	e->number = chunk->header.first_record + record->index;
	e->record = record;
	if (record->id == TF_CALL ||
	    (!e->all && e->filter == NULL && is_bookkeeping(record))) {
		return true;
	}
	e->nr = chv_record_fields(record, e->values);
	if (!chv_filter_match(e->filter, &source)) {
		return true;
	}
	if (e->json) {
		show_json(e, chunk);
	} else {
		show(e);
	}
	return ++e->shown < e->limit && ferror(stdout) == 0;
}

static int list_fields(void)
{
	for (size_t i = 0; i < NR_FIELDS; i++) {
		bool seen = false;

		for (size_t j = 0; j < i; j++) {
			seen = seen ||
			       strcmp(fields[i].name, fields[j].name) == 0;
		}
		if (!seen) {
			printf("%-14s %s\n", fields[i].name,
			       fields[i].text ? "text" : "number");
		}
	}
	return CHV_OK;
}

static int run(struct events *e, struct chv_walk *walk, const char *path,
               const char *filter)
{
	struct chv_trace *t;
	char error[256];
	int status;

	if (filter != NULL) {
		e->filter = chv_filter_compile(filter, fields, NR_FIELDS, error,
		                               sizeof(error));
		if (e->filter == NULL) {
			chv_error("%s", chv_clean(error));
			return CHV_USAGE;
		}
	}
	t = chv_trace_open(path, &status);
	if (t != NULL) {
		status = chv_trace_explain(t, walk, chv_trace_walk(t, walk));
		chv_trace_close(t);
	}
	chv_filter_free(e->filter);
	return status;
}

static int parse_option(struct events *e, struct chv_walk *walk, int c)
{
	bool good = true;

	switch (c) {
	case 'j':
		e->json = true;
		break;
	case 'a':
		e->all = true;
		break;
	case 'l':
		e->list = true;
		break;
	case 'f':
	case 't':
		good = chv_trace_range_option(c, optarg, walk);
		break;
	case 'n':
		good = chv_trace_limit(optarg, &e->limit);
		break;
	default:
		return chv_usage("events");
	}
	return good ? CHV_OK : CHV_USAGE;
}

int cmd_events(int argc, char **argv)
{
	struct events e = {.limit = UINT64_MAX};
	struct chv_walk walk = {.streams = TF_IN_REPLAY | TF_IN_HISTORY,
	                        .to_entry = UINT64_MAX,
	                        .record = visit,
	                        .ctx = &e};
	int status = CHV_OK;
	int c;

	while (status == CHV_OK &&
	       (c = chv_option_next(argc, argv, "jan:", chv_options_events)) !=
	               -1) {
		status = parse_option(&e, &walk, c);
	}
	if (status != CHV_OK) {
		return status;
	}
	if (e.list && optind == argc) {
		return list_fields();
	}
	if (e.list || argc - optind < 1 || argc - optind > 2) {
		return chv_usage("events");
	}
	if (!chv_trace_range_fits(&walk) ||
	    !chv_trace_words_fit(argv[optind], argv[optind + 1])) {
		return CHV_USAGE;
	}
	return run(&e, &walk, argv[optind], argv[optind + 1]);
}
