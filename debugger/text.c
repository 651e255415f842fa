/* SPDX-License-Identifier: MIT */
/*
 * Escaping of untrusted text, and guesses at misspelt words: see text.h.
 */
#include <chv/text.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static size_t escape(char *dst, size_t size, const char *src, size_t len,
                     bool keep_lines)
{
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)src[i];
		char text[8];
		int n;

		if (c == '\\') {
			n = snprintf(text, sizeof(text), "\\\\");
		} else if ((c >= 0x20 && c < 0x7f) ||
		           (keep_lines && c == '\n')) {
			n = snprintf(text, sizeof(text), "%c", c);
		} else {
			n = snprintf(text, sizeof(text), "\\x%02x", c);
		}
		if (at + (size_t)n >= size) {
			break;
		}
		memcpy(dst + at, text, (size_t)n);
		at += (size_t)n;
	}
	if (size > 0) {
		dst[at] = '\0';
	}
	return at;
}

size_t chv_text_escape(char *dst, size_t size, const char *src, size_t len)
{
	return escape(dst, size, src, len, false);
}

size_t chv_text_escape_lines(char *dst, size_t size, const char *src,
                             size_t len)
{
	return escape(dst, size, src, len, true);
}

#define MAX_WORD 24

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein's distance; longer words than MAX_WORD are never near. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[MAX_WORD + 1];
	size_t alen = strlen(a);
	size_t blen = strlen(b);

	if (alen > MAX_WORD || blen > MAX_WORD) {
		return MAX_WORD;
	}
	for (unsigned int j = 0; j <= blen; j++) {
		row[j] = j;
	}
	for (unsigned int i = 1; i <= alen; i++) {
		unsigned int diagonal = row[0];

		row[0] = i;
		for (unsigned int j = 1; j <= blen; j++) {
			unsigned int above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1,
			              diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[blen];
}

const char *chv_text_nearest(const char *word, const char *const *names,
                             size_t nr)
{
	const char *best = NULL;
	unsigned int best_distance = 3;

	for (size_t i = 0; i < nr; i++) {
		unsigned int d = distance(word, names[i]);

		if (d < best_distance && d < strlen(names[i])) {
			best = names[i];
			best_distance = d;
		}
	}
	return best;
}
