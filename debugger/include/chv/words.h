/* SPDX-License-Identifier: MIT */
/*
 * Lines of the shell cut into words: quotes, backslashes, comments and ';',
 * and nothing else. No file patterns, no variables, no commands inside.
 */
#ifndef CHV_WORDS_H
#define CHV_WORDS_H

#include <stddef.h>

#define CHV_LINE_MAX  4096
#define CHV_WORDS_MAX 64

struct chv_words {
	int argc;
	char *argv[CHV_WORDS_MAX + 1]; /* Into text; NULL-terminated. */
	char text[CHV_LINE_MAX];
};

/**
 * Take the first command of *@line and move *@line behind it. Returns 0, or
 * a text that says what is wrong with the line.
 */
const char *chv_words_take(struct chv_words *w, const char **line);

#endif
