/* SPDX-License-Identifier: MIT */
/*
 * Parsing and printing of positions in time: see moment.h.
 */
#include <chv/moment.h>

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_S ((uint64_t)1000000000)

/*
 * A decimal number with commas between digits. When @scale is not 0 a
 * fraction is accepted and the value returned is number * @scale.
 */
static int take_number(const char **p, uint64_t scale, uint64_t *value)
{
	const char *s = *p;
	uint64_t n = 0;

	if (!isdigit((unsigned char)*s)) {
		return -EINVAL;
	}
	for (; isdigit((unsigned char)*s) ||
	       (*s == ',' && isdigit((unsigned char)s[1]));
	     s++) {
		if (*s == ',') {
			continue;
		}
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *s - '0', &n)) {
			return -ERANGE;
		}
	}
	if (scale != 0 && __builtin_mul_overflow(n, scale, &n)) {
		return -ERANGE;
	}
	if (scale != 0 && *s == '.') {
		uint64_t digit = scale / 10;

		for (s++; isdigit((unsigned char)*s); s++, digit /= 10) {
			if (__builtin_add_overflow(
				    n, digit * (uint64_t)(*s - '0'), &n)) {
				return -ERANGE;
			}
		}
	}
	*value = n;
	*p = s;
	return 0;
}

static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {{"ns", 1},
             {"us", 1000},
             {"ms", 1000000},
             {"s", NS_PER_S},
             {"m", 60 * NS_PER_S}};

static int parse_time(const char *p, const char *unit, struct chv_moment *m)
{
	m->kind = CHV_MOMENT_TIME;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(unit, units[i].name) == 0) {
			int err = take_number(&p, units[i].ns, &m->value);

			return err != 0 ? err : (p == unit ? 0 : -EINVAL);
		}
	}
	return -EINVAL;
}

static int parse_count(const char *p, struct chv_moment *m)
{
	int err = take_number(&p, 0, &m->value);

	if (err == 0 && *p == '+') {
		p++;
		err = take_number(&p, 0, &m->offset);
	}
	return err != 0 ? err : (*p == '\0' ? 0 : -EINVAL);
}

static int parse_percent(const char *p, struct chv_moment *m)
{
	int err = take_number(&p, 1000, &m->value);

	m->kind = CHV_MOMENT_PERCENT;
	if (err != 0 || strcmp(p, "%") != 0) {
		return err != 0 ? err : -EINVAL;
	}
	return m->value <= 100000 && m->relative == 0 ? 0 : -ERANGE;
}

static int parse_seconds(const char *p, struct chv_moment *m)
{
	int err = take_number(&p, NS_PER_S, &m->value);

	m->kind = CHV_MOMENT_TIME;
	return err != 0 ? err : (*p == '\0' ? 0 : -EINVAL);
}

/* A number without a letter in front: what follows it says what it is. */
static int parse_bare(const char *p, struct chv_moment *m)
{
	const char *unit = p + strspn(p, "0123456789.,");

	if (*unit == '%') {
		return parse_percent(p, m);
	}
	if (*unit != '\0' && *unit != '+') {
		return parse_time(p, unit, m);
	}
	m->kind = CHV_MOMENT_EVENT;
	return parse_count(p, m);
}

int chv_moment_parse(const char *text, struct chv_moment *m)
{
	*m = (struct chv_moment){.kind = CHV_MOMENT_EVENT};
	if (strcmp(text, "start") == 0) {
		m->kind = CHV_MOMENT_START;
		return 0;
	}
	if (strcmp(text, "end") == 0) {
		m->kind = CHV_MOMENT_END;
		return 0;
	}
	if (*text == '+' || *text == '-') {
		m->relative = *text++ == '+' ? 1 : -1;
		return parse_bare(text, m);
	}
	switch (*text) {
	case 'e':
		return parse_count(text + 1, m);
	case 'n':
		m->kind = CHV_MOMENT_POSITION;
		return parse_count(text + 1, m);
	case 't':
		return parse_seconds(text + 1, m);
	default:
		return parse_bare(text, m);
	}
}

void chv_moment_format(const struct chv_position *pos, char *buf, size_t size)
{
	if (pos->offset == 0) {
		snprintf(buf, size, "n%" PRIu64, pos->entry);
	} else {
		snprintf(buf, size, "n%" PRIu64 "+%" PRIu64, pos->entry,
		         pos->offset);
	}
}

void chv_position_format(const struct chv_position *pos, char *buf, size_t size)
{
	char moment[48];

	chv_moment_format(pos, moment, sizeof(moment));
	snprintf(buf, size, "%s  e%" PRIu64 "  %" PRIu64 ".%09" PRIu64 " s",
	         moment, pos->event, pos->time_ns / NS_PER_S,
	         pos->time_ns % NS_PER_S);
}

int chv_position_compare(const struct chv_position *a,
                         const struct chv_position *b)
{
	if (a->entry != b->entry) {
		return a->entry < b->entry ? -1 : 1;
	}
	if (a->offset != b->offset) {
		return a->offset < b->offset ? -1 : 1;
	}
	return 0;
}

static uint64_t move(uint64_t from, int direction, uint64_t by)
{
	uint64_t to;

	if (direction < 0) {
		return from > by ? from - by : 0;
	}
	return __builtin_add_overflow(from, by, &to) ? UINT64_MAX : to;
}

struct chv_moment chv_moment_resolve(const struct chv_moment *m,
                                     const struct chv_position *here)
{
	struct chv_moment to = *m;
	uint64_t from = m->kind == CHV_MOMENT_TIME       ? here->time_ns
	                : m->kind == CHV_MOMENT_POSITION ? here->entry
	                                                 : here->event;

	if (m->relative != 0) {
		to.value = move(from, m->relative, m->value);
		to.relative = 0;
	}
	return to;
}

unsigned int chv_position_share(const struct chv_position *pos,
                                const struct chv_position *first,
                                const struct chv_position *last)
{
	uint64_t whole = last->entry - first->entry;
	uint64_t part = pos->entry - first->entry;

	if (last->entry <= first->entry || pos->entry < first->entry) {
		return 0;
	}
	if (part >= whole) {
		return 10000;
	}
	return (unsigned int)((double)part * 10000.0 / (double)whole);
}
