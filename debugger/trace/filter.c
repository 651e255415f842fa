/* SPDX-License-Identifier: MIT */
/*
 * The compiler and the evaluator of filters: see <chv/filter.h>.
 *
 * Grammar:	or    := and { "||" and }
 *		and   := not { "&&" not }
 *		not   := "!" not | "(" or ")" | test
 *		test  := FIELD [ OP value | "in" "{" range { "," range } "}" ]
 *		range := value [ ".." value ]
 *
 * Nodes live in one array; recursion is bounded by MAX_DEPTH.
 */
#include <chv/filter.h>

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <chv/text.h>

#define MAX_NODES 256
#define MAX_DEPTH 32
#define MAX_WORD  64

enum op {
	OP_OR,
	OP_AND,
	OP_NOT,
	OP_TRUTH,
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_BITS,
	OP_CONTAINS,
	OP_RANGE,
};

struct node {
	enum op op;
	unsigned int left, right; /* Of OP_OR, OP_AND, OP_NOT. */
	size_t field;
	int64_t number, last;
	char text[MAX_WORD];
};

struct chv_filter {
	const struct chv_filter_field *fields;
	size_t nr_fields;
	unsigned int nr_nodes;
	unsigned int root;
	struct node nodes[MAX_NODES];
};

struct parser {
	struct chv_filter *f;
	const char *start;
	const char *p;
	unsigned int depth;
	bool failed;
	char *error;
	size_t size;
};

static void wrong(struct parser *ps, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void wrong(struct parser *ps, const char *fmt, ...)
{
	char what[160];
	va_list ap;

	if (ps->failed) {
		return;
	}
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(ps->error, ps->size, "filter: %s at character %zu", what,
	         (size_t)(ps->p - ps->start) + 1);
	ps->failed = true;
}

static unsigned int new_node(struct parser *ps, enum op op)
{
	if (ps->f->nr_nodes == MAX_NODES) {
		wrong(ps, "too long");
		return 0;
	}
	ps->f->nodes[ps->f->nr_nodes].op = op;
	return ps->f->nr_nodes++;
}

static unsigned int join(struct parser *ps, enum op op, unsigned int left,
                         unsigned int right)
{
	unsigned int n = new_node(ps, op);

	ps->f->nodes[n].left = left;
	ps->f->nodes[n].right = right;
	return n;
}

static bool accept(struct parser *ps, const char *token)
{
	size_t len = strlen(token);

	while (isspace((unsigned char)*ps->p)) {
		ps->p++;
	}
	if (strncmp(ps->p, token, len) != 0) {
		return false;
	}
	ps->p += len;
	return true;
}

static void need(struct parser *ps, const char *token)
{
	if (!accept(ps, token)) {
		wrong(ps, "expected '%s'", token);
	}
}

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '#';
}

/* A word, or text in quotes. False when there is neither. */
static bool take_word(struct parser *ps, char word[MAX_WORD])
{
	size_t len = 0;
	char quote = '\0';

	accept(ps, "");
	if (*ps->p == '"' || *ps->p == '\'') {
		quote = *ps->p++;
	}
	while (len + 1 < MAX_WORD && *ps->p != '\0' &&
	       (quote != '\0' ? *ps->p != quote : in_word(*ps->p))) {
		word[len++] = *ps->p++;
	}
	word[len] = '\0';
	if (quote != '\0') {
		if (*ps->p != quote) {
			wrong(ps, "a quote is not closed");
			return false;
		}
		ps->p++;
	}
	return len > 0 || quote != '\0';
}

static size_t take_field(struct parser *ps)
{
	const char *names[128];
	const char *near;
	const char *at;
	char word[MAX_WORD];
	size_t nr = ps->f->nr_fields < 128 ? ps->f->nr_fields : 128;

	accept(ps, "");
	at = ps->p;
	if (!take_word(ps, word)) {
		wrong(ps, "expected the name of a field");
		return 0;
	}
	for (size_t i = 0; i < ps->f->nr_fields; i++) {
		if (strcmp(ps->f->fields[i].name, word) == 0) {
			return i;
		}
	}
	for (size_t i = 0; i < nr; i++) {
		names[i] = ps->f->fields[i].name;
	}
	near = chv_text_nearest(word, names, nr);
	ps->p = at;
	if (near != NULL) {
		wrong(ps, "no field '%.32s', did you mean '%s'?", word, near);
	} else {
		wrong(ps, "no field '%.32s'", word);
	}
	return 0;
}

#define ERRNO_END 134

static bool errno_value(const char *word, int64_t *number)
{
	for (int e = 1; e < ERRNO_END; e++) {
		const char *name = strerrorname_np(e);

		if (name != NULL && strcmp(name, word) == 0) {
			*number = e;
			return true;
		}
	}
	return false;
}

/* A number, or the name of an error; a sign may stand before either. */
static int64_t take_number(struct parser *ps)
{
	bool negative = accept(ps, "-");
	int64_t number = 0;
	char word[MAX_WORD];
	char *end;

	if (!take_word(ps, word)) {
		wrong(ps, "expected a number");
		return 0;
	}
	errno = 0;
	number = (int64_t)strtoull(word, &end, 0);
	if ((*end != '\0' || errno != 0 || *word == '\0') &&
	    !errno_value(word, &number)) {
		wrong(ps, "'%.32s' is not a number", word);
	}
	return negative ? -number : number;
}

const char *chv_filter_mistaken(const char *word, const char *const *words,
                                size_t nr)
{
	const char *near;

	for (size_t i = 0; i < nr; i++) {
		if (strcmp(words[i], word) == 0) {
			return NULL;
		}
	}
	for (size_t i = 0; i < nr; i++) {
		if (strcasecmp(words[i], word) == 0) {
			return words[i];
		}
	}
	near = chv_text_nearest(word, words, nr);
	return near != NULL ? near : "";
}

const char *chv_filter_mistaken_error(const char *word)
{
	const char *names[ERRNO_END] = {""};
	size_t nr = 1;

	for (int e = 1; e < ERRNO_END; e++) {
		if (strerrorname_np(e) != NULL) {
			names[nr++] = strerrorname_np(e);
		}
	}
	return chv_filter_mistaken(word, names, nr);
}

/* A comparison that can never hold is a slip of the pen. */
static void check_word(struct parser *ps, const struct node *node,
                       const char *at)
{
	const struct chv_filter_field *field = &ps->f->fields[node->field];
	const char *near = NULL;

	if (field->mistaken != NULL &&
	    (node->op == OP_EQ || node->op == OP_NE)) {
		near = field->mistaken(node->text);
	}
	if (near == NULL) {
		return;
	}
	ps->p = at;
	if (*near != '\0') {
		wrong(ps, "no %s '%.32s', did you mean '%s'?", field->name,
		      node->text, near);
	} else {
		wrong(ps, "no %s '%.32s'", field->name, node->text);
	}
}

static void take_value(struct parser *ps, unsigned int n)
{
	struct node *node = &ps->f->nodes[n];
	const char *at;

	accept(ps, "");
	at = ps->p;
	if (!ps->f->fields[node->field].text) {
		node->number = take_number(ps);
	} else if (!take_word(ps, node->text)) {
		wrong(ps, "expected text");
	} else {
		check_word(ps, node, at);
	}
}

static unsigned int take_range(struct parser *ps, size_t field)
{
	unsigned int n = new_node(ps, OP_EQ);
	struct node *node = &ps->f->nodes[n];

	node->field = field;
	take_value(ps, n);
	if (accept(ps, "..")) {
		if (ps->f->fields[field].text) {
			wrong(ps, "a range needs numbers");
		}
		node->op = OP_RANGE;
		node->last = take_number(ps);
	}
	return n;
}

static unsigned int take_set(struct parser *ps, size_t field)
{
	unsigned int n;

	need(ps, "{");
	n = take_range(ps, field);
	while (!ps->failed && accept(ps, ",")) {
		n = join(ps, OP_OR, n, take_range(ps, field));
	}
	need(ps, "}");
	return n;
}

static const struct {
	const char *token;
	enum op op;
} operators[] = {{"==", OP_EQ}, {"!=", OP_NE},     {"<=", OP_LE},
                 {">=", OP_GE}, {"<", OP_LT},      {">", OP_GT},
                 {"=", OP_EQ},  {"~", OP_CONTAINS}};

static unsigned int take_test(struct parser *ps)
{
	size_t field = take_field(ps);
	unsigned int n;

	if (ps->failed) {
		return 0;
	}
	if (accept(ps, "in")) {
		return take_set(ps, field);
	}
	n = new_node(ps, OP_TRUTH);
	ps->f->nodes[n].field = field;
	accept(ps, "");
	if (ps->p[0] == '&' && ps->p[1] != '&') {
		ps->p++;
		ps->f->nodes[n].op = OP_BITS;
		take_value(ps, n);
		return n;
	}
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (accept(ps, operators[i].token)) {
			ps->f->nodes[n].op = operators[i].op;
			take_value(ps, n);
			break;
		}
	}
	return n;
}

static unsigned int take_or(struct parser *ps);

static unsigned int take_not(struct parser *ps)
{
	unsigned int n = 0;

	if (ps->failed || ++ps->depth > MAX_DEPTH) {
		wrong(ps, "nested too deeply");
		return 0;
	}
	if (accept(ps, "!")) {
		n = take_not(ps);
		n = join(ps, OP_NOT, n, n);
	} else if (accept(ps, "(")) {
		n = take_or(ps);
		need(ps, ")");
	} else {
		n = take_test(ps);
	}
	ps->depth--;
	return n;
}

static unsigned int take_and(struct parser *ps)
{
	unsigned int n = take_not(ps);

	while (!ps->failed && accept(ps, "&&")) {
		n = join(ps, OP_AND, n, take_not(ps));
	}
	return n;
}

static unsigned int take_or(struct parser *ps)
{
	unsigned int n = take_and(ps);

	while (!ps->failed && accept(ps, "||")) {
		n = join(ps, OP_OR, n, take_and(ps));
	}
	return n;
}

struct chv_filter *chv_filter_compile(const char *text,
                                      const struct chv_filter_field *fields,
                                      size_t nr_fields, char *error,
                                      size_t size)
{
	struct parser ps = {
		.start = text, .p = text, .error = error, .size = size};

	ps.f = calloc(1, sizeof(*ps.f));
	if (ps.f == NULL) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	ps.f->fields = fields;
	ps.f->nr_fields = nr_fields;
	ps.f->root = take_or(&ps);
	accept(&ps, "");
	if (!ps.failed && *ps.p != '\0') {
		wrong(&ps, "unexpected '%.16s'", ps.p);
	}
	if (ps.failed) {
		free(ps.f);
		return NULL;
	}
	return ps.f;
}

static bool compare_text(const struct node *n, const char *text)
{
	int order = strcmp(text, n->text);

	switch (n->op) {
	case OP_EQ:
		return order == 0;
	case OP_NE:
		return order != 0;
	case OP_CONTAINS:
		return strstr(text, n->text) != NULL;
	case OP_TRUTH:
		return *text != '\0';
	case OP_LT:
		return order < 0;
	case OP_LE:
		return order <= 0;
	case OP_GT:
		return order > 0;
	case OP_GE:
		return order >= 0;
	default:
		return false;
	}
}

static bool compare_number(const struct node *n, int64_t number)
{
	switch (n->op) {
	case OP_EQ:
		return number == n->number;
	case OP_NE:
		return number != n->number;
	case OP_LT:
		return number < n->number;
	case OP_LE:
		return number <= n->number;
	case OP_GT:
		return number > n->number;
	case OP_GE:
		return number >= n->number;
	case OP_BITS:
		return (number & n->number) != 0;
	case OP_RANGE:
		return number >= n->number && number <= n->last;
	case OP_TRUTH:
		return number != 0;
	default:
		return false;
	}
}

static bool match(const struct chv_filter *f, unsigned int at,
                  const struct chv_filter_source *record)
{
	const struct node *n = &f->nodes[at];
	struct chv_filter_value value = {0};

	switch (n->op) {
	case OP_OR:
		return match(f, n->left, record) || match(f, n->right, record);
	case OP_AND:
		return match(f, n->left, record) && match(f, n->right, record);
	case OP_NOT:
		return !match(f, n->left, record);
	default:
		break;
	}
	record->get(record->ctx, n->field, &value);
	if (value.absent) {
		return false;
	}
	return f->fields[n->field].text ? compare_text(n, value.text)
	                                : compare_number(n, value.number);
}

bool chv_filter_match(const struct chv_filter *f,
                      const struct chv_filter_source *record)
{
	return f == NULL || match(f, f->root, record);
}

void chv_filter_free(struct chv_filter *f)
{
	free(f);
}
