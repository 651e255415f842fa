/* SPDX-License-Identifier: MIT */
/*
 * Cutting lines into words: see <chv/words.h>.
 */
#include <chv/words.h>

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

struct cutter {
	struct chv_words *w;
	const char *p;
	size_t used;
};

static void put(struct cutter *c, char ch)
{
	/* A line is shorter than the text buffer, and so is what it yields. */
	if (c->used < sizeof(c->w->text)) {
		c->w->text[c->used++] = ch;
	}
}

/* Returns NULL, or what is wrong. */
static const char *take_quoted(struct cutter *c, char quote)
{
	for (c->p++; *c->p != quote; c->p++) {
		if (*c->p == '\0') {
			return "a quote is not closed";
		}
		if (*c->p == '\\' && quote == '"' && c->p[1] != '\0') {
			c->p++;
		}
		put(c, *c->p);
	}
	c->p++;
	return NULL;
}

static bool ends_word(char ch)
{
	return ch == '\0' || ch == ';' || isspace((unsigned char)ch);
}

static const char *take_word(struct cutter *c)
{
	const char *wrong;

	if (c->w->argc == CHV_WORDS_MAX) {
		return "too many words";
	}
	c->w->argv[c->w->argc++] = &c->w->text[c->used];
	while (!ends_word(*c->p)) {
		if (*c->p == '\'' || *c->p == '"') {
			wrong = take_quoted(c, *c->p);
			if (wrong != NULL) {
				return wrong;
			}
			continue;
		}
		if (*c->p == '\\' && c->p[1] != '\0') {
			c->p++;
		}
		put(c, *c->p++);
	}
	put(c, '\0');
	return NULL;
}

const char *chv_words_take(struct chv_words *w, const char **line)
{
	struct cutter c = {.w = w, .p = *line};
	const char *wrong = NULL;

	w->argc = 0;
	if (strlen(*line) >= CHV_LINE_MAX / 2) {
		*line += strlen(*line);
		return "the line is too long";
	}
	for (;;) {
		while (isspace((unsigned char)*c.p)) {
			c.p++;
		}
		if (*c.p == '#') {
			c.p += strlen(c.p);
		}
		if (*c.p == '\0' || *c.p == ';' || wrong != NULL) {
			break;
		}
		wrong = take_word(&c);
	}
	*line = wrong != NULL ? c.p + strlen(c.p) : c.p + (*c.p == ';');
	w->argv[w->argc] = NULL;
	return wrong;
}
