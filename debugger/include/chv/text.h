/* SPDX-License-Identifier: MIT */
/*
 * Text that somebody else chose, made fit for a terminal. Guests, traces and
 * GDB clients can put any byte into a name; none of them may move the cursor
 * or colour the screen of the person who reads it.
 */
#ifndef CHV_TEXT_H
#define CHV_TEXT_H

#include <stddef.h>

/**
 * Copy @len bytes of @src into @dst, of @size bytes, with everything but
 * printable ASCII as \xNN, and backslash doubled. Always terminated; cut at
 * a whole character when it does not fit. Returns the length written.
 */
size_t chv_text_escape(char *dst, size_t size, const char *src, size_t len);

/** The same, keeping newlines: for text of several lines. */
size_t chv_text_escape_lines(char *dst, size_t size, const char *src,
                             size_t len);

/**
 * The entry of @names nearest to @word by edits, or NULL when none is near
 * enough to be what was meant.
 */
const char *chv_text_nearest(const char *word, const char *const *names,
                             size_t nr);

#endif
