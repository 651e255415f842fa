/* SPDX-License-Identifier: MIT */
/*
 * chv trace info|verify|dump: what a trace file is, whether it is whole, and
 * every record in it.
 */
#include <chv/cli.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include <chv/options.h>
#include <chv/trace.h>

const struct option chv_options_trace[] = {
	{"json", no_argument, NULL, 'j'},
	{"stream", required_argument, NULL, 's'},
	{"from", required_argument, NULL, 'f'},
	{"to", required_argument, NULL, 't'},
	{"full", no_argument, NULL, 'F'},
	{NULL, 0, NULL, 0},
};

struct stream_sum {
	uint64_t chunks, records, raw, stored;
	uint64_t first_entry, last_entry;
};

struct info {
	struct stream_sum streams[TF_NR_STREAMS];
	bool ended;
	struct tf_end end;
	char end_text[TF_END_TEXT_MAX + 1];
};

static void sum_chunk(void *ctx, const struct tf_chunk *chunk)
{
	struct info *info = ctx;
	const struct tf_chunk_header *h = &chunk->header;
	struct stream_sum *s = &info->streams[h->stream];

	if (s->chunks++ == 0) {
		s->first_entry = h->first_entry;
	}
	s->records += h->nr_records;
	s->raw += h->raw_len;
	s->stored += h->stored_len;
	s->last_entry = h->last_entry;
}

static bool find_end(void *ctx, const struct tf_chunk *chunk,
                     const struct tf_record *record)
{
	struct info *info = ctx;

	(void)chunk;
	if (record->known && record->id == TF_END) {
		uint32_t len = record->u.end.text.len;

		info->ended = true;
		info->end = record->u.end;
		len = len < TF_END_TEXT_MAX ? len : TF_END_TEXT_MAX;
		memcpy(info->end_text, record->u.end.text.data, len);
		info->end_text[len] = '\0';
	}
	return true;
}

static void format_uuid(const uint8_t uuid[16], char buf[33])
{
	for (size_t i = 0; i < 16; i++) {
		sprintf(buf + 2 * i, "%02x", uuid[i]);
	}
}

static void print_size(uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024.0 && unit < 4) {
		value /= 1024.0;
		unit++;
	}
	printf(unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

static const char *delivery(uint64_t flags)
{
	if ((flags & TF_FLAG_CHAOS) != 0) {
		return "chaos";
	}
	return (flags & TF_FLAG_EXACT) != 0 ? "exact" : "aligned";
}

static void print_super(const struct tf_super *sb)
{
	char uuid[33];
	time_t start = (time_t)(sb->start_wallclock_ns / 1000000000);
	char date[64] = "";
	struct tm tm;

	format_uuid(sb->uuid, uuid);
	if (gmtime_r(&start, &tm) != NULL) {
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", &tm);
	}
	printf("trace      %s, format %u.%u\n", uuid, sb->major, sb->minor);
	printf("domain     %s, d%u, %u vCPU, ", chv_clean(sb->domain_name),
	       sb->domid, sb->nr_vcpus);
	print_size(sb->nr_frames * TF_PAGE_SIZE);
	printf("\nrecorded   %s", date);
	printf(" by %s", chv_clean(sb->hv_version));
	printf(" on %s\n", chv_clean(sb->machine));
	printf("clock      %s, delivery %s, seed %#" PRIx64 "\n",
	       chv_clean(sb->clock), delivery(sb->flags), sb->seed);
}

static void print_streams(const struct info *info)
{
	printf("%-11s %8s %12s %12s %12s %14s %14s\n", "stream", "chunks",
	       "records", "raw bytes", "stored", "first entry", "last entry");
	for (unsigned int i = 0; i < TF_NR_STREAMS; i++) {
		const struct stream_sum *s = &info->streams[i];

		if (s->chunks > 0) {
			printf("%-11s %8" PRIu64 " %12" PRIu64 " %12" PRIu64
			       " %12" PRIu64 " %14" PRIu64 " %14" PRIu64 "\n",
			       tf_stream_name(i), s->chunks, s->records, s->raw,
			       s->stored, s->first_entry, s->last_entry);
		}
	}
}

static void print_end(const struct info *info, const struct chv_trace *t)
{
	const char *reason = tf_end_reason_name(info->end.reason);
	char line[256];

	if (!info->ended) {
		printf("state      cut: %s\n",
		       tf_tail_line(chv_trace_tail(t), line, sizeof(line)));
		return;
	}
	printf("state      complete: %s, code %" PRIu64 " at entry %" PRIu64,
	       reason != NULL ? reason : "unknown reason", info->end.code,
	       info->end.entry);
	printf("%s%s\n", info->end_text[0] != '\0' ? ", " : "",
	       chv_clean(info->end_text));
}

static json_t *stream_json(const struct stream_sum *s)
{
	return json_pack("{sIsIsIsIsIsI}", "chunks", (json_int_t)s->chunks,
	                 "records", (json_int_t)s->records, "raw_bytes",
	                 (json_int_t)s->raw, "stored_bytes",
	                 (json_int_t)s->stored, "first_entry",
	                 (json_int_t)s->first_entry, "last_entry",
	                 (json_int_t)s->last_entry);
}

static void print_json(const struct chv_trace *t, const struct info *info)
{
	const struct tf_super *sb = chv_trace_super(t);
	json_t *streams = json_object();
	json_t *root;
	char uuid[33];
	char line[256];
	char name[256];

	format_uuid(sb->uuid, uuid);
	for (unsigned int i = 0; i < TF_NR_STREAMS; i++) {
		json_object_set_new(streams, tf_stream_name(i),
		                    stream_json(&info->streams[i]));
	}
	snprintf(name, sizeof(name), "%s", chv_clean(sb->domain_name));
	root = json_pack("{sssisisssssssIsIsbso}", "uuid", uuid, "major",
	                 sb->major, "minor", sb->minor, "domain", name, "clock",
	                 chv_clean(sb->clock), "delivery", delivery(sb->flags),
	                 "nr_frames", (json_int_t)sb->nr_frames, "size",
	                 (json_int_t)chv_trace_size(t), "complete", info->ended,
	                 "streams", streams);
	if (!info->ended) {
		tf_tail_line(chv_trace_tail(t), line, sizeof(line));
		json_object_set_new(root, "ends", json_string(line));
	}
	json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
}

static int info(struct chv_trace *t, const char *path, bool json)
{
	struct info sum = {0};
	const struct chv_walk walk = {.streams = TF_IN_REPLAY,
	                              .to_entry = UINT64_MAX,
	                              .progress = "reading",
	                              .chunk = sum_chunk,
	                              .record = find_end,
	                              .ctx = &sum};
	int status = chv_trace_walk(t, &walk);

	if (status == CHV_INTERRUPTED) {
		return status;
	}
	if (json) {
		print_json(t, &sum);
		return chv_trace_explain(t, &walk, status);
	}
	printf("file       %s, ", chv_clean(path));
	print_size(chv_trace_size(t));
	putchar('\n');
	print_super(chv_trace_super(t));
	print_end(&sum, t);
	print_streams(&sum);
	return chv_trace_explain(t, &walk, status);
}

struct verify {
	uint64_t chunks, records;
};

static void count_chunk(void *ctx, const struct tf_chunk *chunk)
{
	struct verify *v = ctx;

	(void)chunk;
	v->chunks++;
}

static bool count_record(void *ctx, const struct tf_chunk *chunk,
                         const struct tf_record *record)
{
	struct verify *v = ctx;

	(void)chunk;
	(void)record;
	v->records++;
	return true;
}

static int verify(struct chv_trace *t)
{
	struct verify v = {0};
	const struct chv_walk walk = {.streams = CHV_ALL_STREAMS,
	                              .to_entry = UINT64_MAX,
	                              .progress = "verifying",
	                              .chunk = count_chunk,
	                              .record = count_record,
	                              .ctx = &v};
	int status = chv_trace_walk(t, &walk);

	chv_trace_explain(t, &walk, status);
	if (status != CHV_INTERRUPTED) {
		printf("%s: %" PRIu64 " chunks, %" PRIu64 " records\n",
		       status == CHV_OK ? "good" : "not whole", v.chunks,
		       v.records);
	}
	return status;
}

struct dump {
	size_t limit;
	bool json;
};

static void dump_json(const struct tf_chunk *chunk,
                      const struct tf_record *record,
                      const struct chv_field *fields, size_t nr)
{
	json_t *o = json_object();
	const char *type = tf_record_name(record->id);

	json_object_set_new(o, "stream",
	                    json_string(tf_stream_name(chunk->header.stream)));
	json_object_set_new(o, "type",
	                    json_string(type != NULL ? type : "unknown"));
	for (size_t i = 0; i < nr; i++) {
		json_object_set_new(o, fields[i].name,
		                    chv_field_json(&fields[i]));
	}
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

static bool dump_record(void *ctx, const struct tf_chunk *chunk,
                        const struct tf_record *record)
{
	const struct dump *d = ctx;
	struct chv_field fields[CHV_MAX_FIELDS];
	size_t nr = chv_record_fields(record, fields);
	const char *type = tf_record_name(record->id);

	if (d->json) {
		dump_json(chunk, record, fields, nr);
		return ferror(stdout) == 0;
	}
	printf("%-10s %" PRIu64 ":%-5u ", tf_stream_name(chunk->header.stream),
	       chunk->header.chunk_no, record->index);
	if (type != NULL) {
		fputs(type, stdout);
	} else {
		printf("unknown#%u", record->id);
	}
	for (size_t i = 0; i < nr; i++) {
		chv_field_print(&fields[i], d->limit);
	}
	putchar('\n');
	return ferror(stdout) == 0;
}

static bool parse_stream(const char *name, unsigned int *mask)
{
	for (unsigned int i = 0; i < TF_NR_STREAMS; i++) {
		if (strcmp(tf_stream_name(i), name) == 0) {
			*mask = 1u << i;
			return true;
		}
	}
	chv_error("there is no stream '%s': replay, history, snapshot or "
	          "checkpoint",
	          chv_clean(name));
	return false;
}

static int run(const char *what, const char *path, struct dump *d,
               struct chv_walk *walk)
{
	struct chv_trace *t;
	int status;

	t = chv_trace_open(path, &status);
	if (t == NULL) {
		return status;
	}
	if (strcmp(what, "info") == 0) {
		status = info(t, path, d->json);
	} else if (strcmp(what, "verify") == 0) {
		status = verify(t);
	} else {
		status = chv_trace_explain(t, walk, chv_trace_walk(t, walk));
	}
	chv_trace_close(t);
	return status;
}

/* Options that belong to one of the three are not for the others. */
static bool fits(const char *what, bool dumps, bool json)
{
	if (strcmp(what, "dump") == 0) {
		return true;
	}
	if (strcmp(what, "info") != 0 && strcmp(what, "verify") != 0) {
		return false;
	}
	if (dumps) {
		chv_error("trace %s: --stream, --from, --to and --full are for "
		          "'trace dump'",
		          what);
		return false;
	}
	if (json && *what == 'v') {
		chv_error("trace verify: it has no --json; its status says "
		          "all");
		return false;
	}
	return true;
}

static int parse_option(int c, struct dump *d, struct chv_walk *walk)
{
	bool good = true;

	switch (c) {
	case 'j':
		d->json = true;
		break;
	case 'F':
		d->limit = SIZE_MAX;
		break;
	case 's':
		good = parse_stream(optarg, &walk->streams);
		break;
	case 'f':
	case 't':
		good = chv_trace_range_option(c, optarg, walk);
		break;
	default:
		return chv_usage("trace");
	}
	return good ? CHV_OK : CHV_USAGE;
}

int cmd_trace(int argc, char **argv)
{
	struct dump d = {.limit = 64};
	struct chv_walk walk = {.streams = CHV_ALL_STREAMS,
	                        .to_entry = UINT64_MAX,
	                        .record = dump_record,
	                        .ctx = &d};
	bool dumps = false;
	int status = CHV_OK;
	int c;

	while (status == CHV_OK &&
	       (c = chv_option_next(argc, argv, "j", chv_options_trace)) !=
	               -1) {
		status = parse_option(c, &d, &walk);
		dumps = dumps || c != 'j';
	}
	if (status != CHV_OK) {
		return status;
	}
	if (argc - optind != 2 || !fits(argv[optind], dumps, d.json)) {
		return chv_usage("trace");
	}
	return chv_trace_range_fits(&walk)
	               ? run(argv[optind], argv[optind + 1], &d, &walk)
	               : CHV_USAGE;
}
