/* SPDX-License-Identifier: MIT */
/*
 * The seam to line editing. GNU readline is behind it and nowhere else, so
 * that a chv without it is one file away.
 */
#ifndef CHV_READLINE_H
#define CHV_READLINE_H

#include <stdbool.h>

struct chv_completion {
	/**
	 * The @n-th completion of @word, which begins at byte @start of
	 * @line, malloc'ed, or NULL when there are no more.
	 */
	char *(*word)(const char *line, int start, const char *word, int n);
	/** Whether a file may be named there, if there was none of these. */
	bool (*files)(const char *line, int start);
};

/** Start editing. */
void chv_readline_begin(const struct chv_completion *completion);

/** One line without its newline, to be freed; NULL at the end of input. */
char *chv_readline(const char *prompt);

/** Remember @line in the history, unless it repeats the last one. */
void chv_readline_remember(const char *line);

/** Let the terminal say how large it is, if the kernel does not know. */
void chv_terminal_fit(void);

/** Write the history out. */
void chv_readline_end(void);

#endif
