/* SPDX-License-Identifier: MIT */
/*
 * The seam to line editing. GNU readline is behind it and nowhere else, so
 * that a chv without it is one file away.
 */
#ifndef CHV_READLINE_H
#define CHV_READLINE_H

/**
 * Start editing. @complete returns the n-th completion of @word, which
 * begins at byte @start of @line, malloc'ed, or NULL when there are no more.
 */
void chv_readline_begin(char *(*complete)(const char *line, int start,
                                          const char *word, int n));

/** One line without its newline, to be freed; NULL at the end of input. */
char *chv_readline(const char *prompt);

/** Remember @line in the history, unless it repeats the last one. */
void chv_readline_remember(const char *line);

/** Write the history out. */
void chv_readline_end(void);

#endif
