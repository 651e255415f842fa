/* SPDX-License-Identifier: MIT */
/*
 * Filters: what to show of a trace, in one expression.
 *
 *	name==mmu_update && result<0
 *	entry in {100..200, 5000} || !(arg0 & 0x3)
 *	type=="EVENT" && port!=7
 *
 * A filter is compiled once against the fields that its records have, so a
 * misspelt field is an error before anything is read.
 */
#ifndef CHV_FILTER_H
#define CHV_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chv_filter_field {
	const char *name;
	bool text; /* Its values are text; otherwise 64-bit numbers. */
	/**
	 * For text out of a known set: NULL when @word is in it, otherwise
	 * the word that is meant, or "". NULL: any text may come.
	 */
	const char *(*mistaken)(const char *word);
};

/** An answer for mistaken(), from the @nr words that there are. */
const char *chv_filter_mistaken(const char *word, const char *const *words,
                                size_t nr);

/** For names of errors such as EINVAL, and "" for none. */
const char *chv_filter_mistaken_error(const char *word);

struct chv_filter_value {
	const char *text; /* Of a field of text. */
	int64_t number;   /* Of any other. */
	bool absent;      /* This record has no such field. */
};

/** The record that is looked at. */
struct chv_filter_source {
	/** Fetch field number @field of it. */
	void (*get)(void *ctx, size_t field, struct chv_filter_value *value);
	void *ctx;
};

struct chv_filter;

/**
 * Compile @text. On an error returns NULL with one line about it in @error.
 * The fields must outlive the filter.
 */
struct chv_filter *chv_filter_compile(const char *text,
                                      const struct chv_filter_field *fields,
                                      size_t nr_fields, char *error,
                                      size_t size);

/** True when the record passes. A comparison with an absent field fails. */
bool chv_filter_match(const struct chv_filter *f,
                      const struct chv_filter_source *record);

void chv_filter_free(struct chv_filter *f);

#endif
