/* SPDX-License-Identifier: MIT */
/*
 * chv hypercalls: every hypercall of a recorded guest, one line each as
 * strace prints system calls, or summed up by -c. Needs no replay.
 */
#include <chv/cli.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <chv/callnames.h>
#include <chv/filter.h>
#include <chv/options.h>
#include <chv/trace.h>

const struct option chv_options_hypercalls[] = {
	{"summary", no_argument, NULL, 'c'},
	{"by-op", no_argument, NULL, 'o'},
	{"calls", required_argument, NULL, 'e'},
	{"json", no_argument, NULL, 'j'},
	{"from", required_argument, NULL, 'f'},
	{"to", required_argument, NULL, 't'},
	{"number", required_argument, NULL, 'n'},
	{"list-fields", no_argument, NULL, 'l'},
	{NULL, 0, NULL, 0},
};

enum field {
	FIELD_NAME,
	FIELD_OP,
	FIELD_ERR,
	FIELD_NR,
	FIELD_SUBOP,
	FIELD_ENTRY,
	FIELD_RESULT,
	FIELD_MULTI,
	FIELD_ARG0,
	NR_FIELDS = FIELD_ARG0 + TF_NR_ARGS
};

static const struct chv_filter_field fields[NR_FIELDS] = {
	{"name", true, chv_call_mistaken},
	{"op", true, chv_subop_mistaken},
	{"err", true, chv_filter_mistaken_error},
	{"nr", false, NULL},
	{"subop", false, NULL},
	{"entry", false, NULL},
	{"result", false, NULL},
	{"multi", false, NULL},
	{"arg0", false, NULL},
	{"arg1", false, NULL},
	{"arg2", false, NULL},
	{"arg3", false, NULL},
	{"arg4", false, NULL},
	{"arg5", false, NULL}};

/* Hypercalls have numbers below 64; what is above shares the last row. */
#define MAX_NR    64
/* Sub-operations the same way, and a row for calls that have none. */
#define MAX_SUBOP 64
#define NO_SUBOP  (MAX_SUBOP + 1)
#define NR_SUBOPS (MAX_SUBOP + 2)

struct sum {
	uint64_t calls;
	uint64_t errors;
};

struct hypercalls {
	struct chv_filter *filter;
	bool summary;
	bool by_op;
	bool json;
	bool list;
	uint64_t limit;
	uint64_t shown;
	bool wanted_all;
	bool wanted[MAX_NR + 1];

	const struct tf_call *call;
	char name[32];
	char op[32];
	struct sum total;
	struct sum sums[MAX_NR + 1][NR_SUBOPS];

	/* What the hypervisor counted by itself, if it got to say so. */
	uint64_t seen[MAX_NR];
	uint32_t nr_counts;
	uint64_t counts[MAX_NR];
};

/* Results from -4095 to -1 are errors, in Linux's numbers too. */
static const char *error_name(int64_t result)
{
	const char *name = NULL;

	if (result < 0 && result >= -4095) {
		name = strerrorname_np((int)-result);
	}
	return name != NULL ? name : "";
}

static const char *op_text(const struct tf_call *c, char *buf, size_t size)
{
	const char *name = chv_subop_name(c->nr, c->subop);

	if (name == NULL && (c->subop == 0 || c->subop == CHV_NO_SUBOP)) {
		return "";
	}
	if (name == NULL) {
		snprintf(buf, size, "#%u", c->subop);
		return buf;
	}
	return name;
}

static void get_field(void *ctx, size_t field, struct chv_filter_value *value)
{
	struct hypercalls *h = ctx;
	const struct tf_call *c = h->call;

	switch (field) {
	case FIELD_NAME:
		value->text = chv_call_text(c->nr, h->name, sizeof(h->name));
		break;
	case FIELD_OP:
		value->text = op_text(c, h->op, sizeof(h->op));
		break;
	case FIELD_ERR:
		value->text = error_name(c->result);
		break;
	case FIELD_NR:
		value->number = c->nr;
		break;
	case FIELD_SUBOP:
		value->number = c->subop;
		value->absent = c->subop == CHV_NO_SUBOP;
		break;
	case FIELD_ENTRY:
		value->number = (int64_t)c->entry;
		break;
	case FIELD_RESULT:
		value->number = c->result;
		break;
	case FIELD_MULTI:
		value->number = c->flags & TF_CALL_MULTI;
		break;
	default:
		value->number = (int64_t)c->args[field - FIELD_ARG0];
		break;
	}
}

static void show_args(const struct tf_call *c)
{
	const struct chv_call_name *call = chv_call_find(c->nr);
	char buf[32];
	const char *op = op_text(c, buf, sizeof(buf));
	bool first = true;

	if (*op != '\0') {
		fputs(op, stdout);
		first = false;
	}
	for (size_t i = 0; i < TF_NR_ARGS; i++) {
		const char *name = call != NULL ? call->args[i] : "arg";

		if (name == NULL) {
			break;
		}
		if (*op != '\0' && strcmp(name, "cmd") == 0) {
			continue;
		}
		printf("%s%s=%#" PRIx64, first ? "" : ", ", name, c->args[i]);
		first = false;
	}
}

static void show(const struct tf_call *c)
{
	const char *error = error_name(c->result);
	char name[32];

	printf("n%-10" PRIu64 " %s%s(", c->entry,
	       (c->flags & TF_CALL_MULTI) != 0 ? "  " : "",
	       chv_call_text(c->nr, name, sizeof(name)));
	show_args(c);
	if (*error != '\0') {
		printf(") = -%s\n", error);
	} else {
		printf(") = %" PRId64 "\n", c->result);
	}
}

static void show_json(const struct tf_call *c)
{
	json_t *o = json_object();
	json_t *args = json_array();
	char buf[32];

	for (size_t i = 0; i < TF_NR_ARGS; i++) {
		json_array_append_new(args,
		                      json_sprintf("%#" PRIx64, c->args[i]));
	}
	json_object_set_new(o, "entry", json_integer((json_int_t)c->entry));
	json_object_set_new(
		o, "name", json_string(chv_call_text(c->nr, buf, sizeof(buf))));
	json_object_set_new(o, "op", json_string(op_text(c, buf, sizeof(buf))));
	json_object_set_new(o, "nr", json_integer(c->nr));
	json_object_set_new(o, "subop",
	                    c->subop != CHV_NO_SUBOP ? json_integer(c->subop)
	                                             : json_null());
	json_object_set_new(o, "multi", json_boolean(c->flags & TF_CALL_MULTI));
	json_object_set_new(o, "args", args);
	json_object_set_new(o, "result", json_integer((json_int_t)c->result));
	json_object_set_new(o, "err", json_string(error_name(c->result)));
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

static void count(struct sum *s, const struct tf_call *c)
{
	s->calls++;
	s->errors += *error_name(c->result) != '\0';
}

static uint32_t row_of(const struct tf_call *c)
{
	return c->nr < MAX_NR ? c->nr : MAX_NR;
}

static uint32_t column_of(const struct tf_call *c)
{
	if (c->subop == CHV_NO_SUBOP) {
		return NO_SUBOP;
	}
	return c->subop < MAX_SUBOP ? c->subop : MAX_SUBOP;
}

static void note_final(struct hypercalls *h, const struct tf_final *f)
{
	h->nr_counts = f->calls.len / 8 < MAX_NR ? f->calls.len / 8 : MAX_NR;
	for (uint32_t i = 0; i < h->nr_counts; i++) {
		h->counts[i] = tf_word(&f->calls, i);
	}
}

static bool visit(void *ctx, const struct tf_chunk *chunk,
                  const struct tf_record *record)
{
	struct hypercalls *h = ctx;
	const struct chv_filter_source source = {get_field, h};
	const struct tf_call *c = &record->u.call;

	(void)chunk;
	if (record->known && record->id == TF_FINAL) {
		note_final(h, &record->u.final);
	}
	if (!record->known || record->id != TF_CALL) {
		return true;
	}
	h->call = c;
	h->seen[c->nr < MAX_NR ? c->nr : 0] += c->nr < MAX_NR;
	if ((!h->wanted_all && !h->wanted[row_of(c)]) ||
	    !chv_filter_match(h->filter, &source)) {
		return true;
	}
	if (h->summary) {
		count(&h->total, c);
		count(&h->sums[row_of(c)][h->by_op ? column_of(c) : 0], c);
		return true;
	}
	if (h->json) {
		show_json(c);
	} else {
		show(c);
	}
	return ++h->shown < h->limit && ferror(stdout) == 0;
}

struct row {
	uint32_t nr;
	uint32_t subop;
	struct sum sum;
};

static int by_calls(const void *a, const void *b)
{
	const struct row *ra = a;
	const struct row *rb = b;

	if (ra->sum.calls != rb->sum.calls) {
		return ra->sum.calls > rb->sum.calls ? -1 : 1;
	}
	return ra->nr != rb->nr ? (ra->nr < rb->nr ? -1 : 1)
	                        : (ra->subop < rb->subop ? -1 : 1);
}

static size_t collect(const struct hypercalls *h, struct row *rows)
{
	size_t nr = 0;

	for (uint32_t i = 0; i <= MAX_NR; i++) {
		for (uint32_t j = 0; j < NR_SUBOPS; j++) {
			if (h->sums[i][j].calls > 0) {
				rows[nr++] = (struct row){i, j, h->sums[i][j]};
			}
		}
	}
	qsort(rows, nr, sizeof(*rows), by_calls);
	return nr;
}

static const char *row_op(const struct row *r, char *buf, size_t size)
{
	const struct tf_call c = {.nr = r->nr, .subop = r->subop};

	if (r->subop == MAX_SUBOP) {
		return "others";
	}
	return r->subop == NO_SUBOP ? "" : op_text(&c, buf, size);
}

static void row_name(const struct hypercalls *h, const struct row *r, char *buf,
                     size_t size)
{
	char name[32], op[32];
	const char *op_name = h->by_op ? row_op(r, op, sizeof(op)) : "";

	snprintf(buf, size, *op_name != '\0' ? "%s(%s)" : "%s",
	         r->nr < MAX_NR ? chv_call_text(r->nr, name, sizeof(name))
	                        : "others",
	         op_name);
}

static double share(const struct sum *s, const struct sum *total)
{
	return total->calls > 0
	               ? 100.0 * (double)s->calls / (double)total->calls
	               : 0.0;
}

static void print_row(double percent, const struct sum *s, const char *name)
{
	char errors[24] = "";

	if (s->errors > 0) {
		snprintf(errors, sizeof(errors), "%" PRIu64, s->errors);
	}
	printf("%6.2f %11" PRIu64 " %9s %s\n", percent, s->calls, errors, name);
}

static void print_summary(const struct hypercalls *h, const struct row *rows,
                          size_t nr)
{
	char name[96];

	printf("%6s %11s %9s %s\n", "% all", "calls", "errors", "hypercall");
	printf("------ ----------- --------- ----------------------\n");
	for (size_t i = 0; i < nr && i < h->limit; i++) {
		row_name(h, &rows[i], name, sizeof(name));
		print_row(share(&rows[i].sum, &h->total), &rows[i].sum, name);
	}
	printf("------ ----------- --------- ----------------------\n");
	print_row(100.0, &h->total, "total");
}

static void print_summary_json(const struct hypercalls *h,
                               const struct row *rows, size_t nr)
{
	json_t *list = json_array();
	json_t *root;
	char name[96];

	for (size_t i = 0; i < nr && i < h->limit; i++) {
		row_name(h, &rows[i], name, sizeof(name));
		json_array_append_new(
			list, json_pack("{sssIsI}", "hypercall", name, "calls",
		                        (json_int_t)rows[i].sum.calls, "errors",
		                        (json_int_t)rows[i].sum.errors));
	}
	root = json_pack("{sosIsI}", "hypercalls", list, "calls",
	                 (json_int_t)h->total.calls, "errors",
	                 (json_int_t)h->total.errors);
	json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
}

/* The history against the counters that the hypervisor kept by itself. */
static int check_counts(const struct hypercalls *h)
{
	int status = CHV_OK;
	char name[32];

	for (uint32_t i = 0; i < h->nr_counts; i++) {
		if (h->counts[i] != h->seen[i]) {
			status = chv_error(
				"%s: the history has %" PRIu64
				" calls, the hypervisor counted %" PRIu64,
				chv_call_text(i, name, sizeof(name)),
				h->seen[i], h->counts[i]);
		}
	}
	return status;
}

static int summarise(const struct hypercalls *h, bool whole)
{
	static struct row rows[(MAX_NR + 1) * NR_SUBOPS];
	size_t nr = collect(h, rows);

	if (h->json) {
		print_summary_json(h, rows, nr);
	} else {
		print_summary(h, rows, nr);
	}
	return whole ? check_counts(h) : CHV_OK;
}

/* strace's spelling: "a,b" only these, "!a,b" all but these. */
static int parse_wanted(struct hypercalls *h, const char *list)
{
	bool negated = *list == '!';
	bool named = false;
	char text[512];
	char *save = NULL;

	snprintf(text, sizeof(text), "%s", list + negated);
	memset(h->wanted, negated, sizeof(h->wanted));
	h->wanted_all = false;
	for (char *name = strtok_r(text, ",", &save); name != NULL;
	     name = strtok_r(NULL, ",", &save)) {
		int64_t nr = chv_call_number(name);

		if (nr < 0 || nr >= MAX_NR) {
			chv_error("there is no hypercall '%s'",
			          chv_clean(name));
			return CHV_USAGE;
		}
		h->wanted[nr] = !negated;
		named = true;
	}
	if (!named) {
		chv_error("-e '%s': name hypercalls, such as mmu_update,iret",
		          chv_clean(list));
		return CHV_USAGE;
	}
	return CHV_OK;
}

static int parse_option(struct hypercalls *h, struct chv_walk *walk, int c)
{
	bool good = true;

	switch (c) {
	case 'c':
		h->summary = true;
		break;
	case 'o':
		h->by_op = true;
		h->summary = true;
		break;
	case 'j':
		h->json = true;
		break;
	case 'l':
		h->list = true;
		break;
	case 'e':
		return parse_wanted(h, optarg);
	case 'f':
	case 't':
		good = chv_trace_range_option(c, optarg, walk);
		break;
	case 'n':
		good = chv_trace_limit(optarg, &h->limit);
		break;
	default:
		return chv_usage("hypercalls");
	}
	return good ? CHV_OK : CHV_USAGE;
}

static int list_fields(void)
{
	for (size_t i = 0; i < NR_FIELDS; i++) {
		printf("%-14s %s\n", fields[i].name,
		       fields[i].text ? "text" : "number");
	}
	return CHV_OK;
}

/* What stands behind the options. */
static int parse_words(struct hypercalls *h, const struct chv_walk *walk,
                       int argc, char **argv)
{
	char error[256];

	if (h->list ? argc != 0 : argc < 1 || argc > 2) {
		return chv_usage("hypercalls");
	}
	if (h->list) {
		return CHV_OK;
	}
	if (!chv_trace_range_fits(walk) ||
	    !chv_trace_words_fit(argv[0], argv[1])) {
		return CHV_USAGE;
	}
	if (argv[1] != NULL) {
		h->filter = chv_filter_compile(argv[1], fields, NR_FIELDS,
		                               error, sizeof(error));
		if (h->filter == NULL) {
			chv_error("%s", chv_clean(error));
			return CHV_USAGE;
		}
	}
	return CHV_OK;
}

static int run(struct hypercalls *h, struct chv_walk *walk, const char *path)
{
	bool whole = walk->from_entry == 0 && walk->to_entry == UINT64_MAX;
	struct chv_trace *t;
	int mismatch = CHV_OK;
	int status;

	t = chv_trace_open(path, &status);
	if (t == NULL) {
		return status;
	}
	if ((chv_trace_super(t)->flags & TF_FLAG_HISTORY) == 0) {
		chv_error("%s: recorded without a history of hypercalls",
		          chv_clean(path));
		chv_trace_close(t);
		return CHV_NOT_FOUND;
	}
	walk->progress = h->summary ? "counting" : NULL;
	status = chv_trace_walk(t, walk);
	if (h->summary && status != CHV_INTERRUPTED) {
		mismatch = summarise(h, whole && status == CHV_OK);
	}
	status = chv_trace_explain(t, walk, status);
	chv_trace_close(t);
	return status != CHV_OK ? status : mismatch;
}

int cmd_hypercalls(int argc, char **argv)
{
	static struct hypercalls h;
	struct chv_walk walk = {.streams = TF_IN_HISTORY | TF_IN_REPLAY,
	                        .to_entry = UINT64_MAX,
	                        .record = visit,
	                        .ctx = &h};
	int status = CHV_OK;
	int c;

	memset(&h, 0, sizeof(h));
	h.limit = UINT64_MAX;
	h.wanted_all = true;
	while (status == CHV_OK &&
	       (c = chv_option_next(argc, argv,
	                            "cje:n:", chv_options_hypercalls)) != -1) {
		status = parse_option(&h, &walk, c);
	}
	if (status == CHV_OK) {
		status = parse_words(&h, &walk, argc - optind, argv + optind);
	}
	if (status != CHV_OK) {
		return status;
	}
	status = h.list ? list_fields() : run(&h, &walk, argv[optind]);
	chv_filter_free(h.filter);
	return status;
}
