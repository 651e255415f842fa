/* SPDX-License-Identifier: MIT */
/*
 * Traces as files: opened, checked and walked without a hypervisor.
 *
 * Files are hostile. They are read by pread() within the size that they had
 * when they were opened, chunks are decompressed into buffers of fixed size,
 * and every failure is one line that says where and why. The meaning of the
 * bytes is the trace format library's.
 */
#ifndef CHV_TRACE_H
#define CHV_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tf/tf.h>

struct chv_trace;

/** Open @path. On failure prints why, sets *@status and returns NULL. */
struct chv_trace *chv_trace_open(const char *path, int *status);
/**
 * The same for bytes that lie elsewhere. @source, copied here, stays usable as
 * long as the trace is open; @name stands in messages.
 */
struct chv_trace *chv_trace_open_source(const struct tf_source *source,
                                        const char *name, int *status);
void chv_trace_close(struct chv_trace *t);

const struct tf_super *chv_trace_super(const struct chv_trace *t);
uint64_t chv_trace_size(const struct chv_trace *t);

#define CHV_ALL_STREAMS ((1u << TF_NR_STREAMS) - 1)

struct chv_walk {
	unsigned int streams; /* Mask of 1 << enum tf_stream. */
	uint64_t from_entry;  /* Skip chunks that end before it. */
	uint64_t to_entry;    /* Stop a stream behind it. */
	const char *progress; /* Label, or NULL for silence. */
	/* Called for each chunk of any stream; may be NULL. */
	void (*chunk)(void *ctx, const struct tf_chunk *chunk);
	/* Called for each record; false ends the walk. May be NULL. */
	bool (*record)(void *ctx, const struct tf_chunk *chunk,
	               const struct tf_record *record);
	void *ctx;
};

/**
 * Walk the trace from its start. Returns CHV_OK when it is complete or the
 * walk was ended early, CHV_TRACE_CUT when it ends without END, and
 * CHV_TRACE_BAD when not one chunk is good, both after the end is in the
 * tail; CHV_INTERRUPTED.
 */
int chv_trace_walk(struct chv_trace *t, const struct chv_walk *walk);

/**
 * Check what a replay begins with: the domain's memory and state at its start.
 * Returns CHV_OK or, with one line about @path printed, CHV_TRACE_BAD.
 */
int chv_trace_check_start(struct chv_trace *t, const char *path);

/** Where and why the last walk ended. */
const struct tf_tail *chv_trace_tail(const struct chv_trace *t);

/**
 * Load chunk number @index of a stream, counted within it from 0. @raw stays
 * valid until the next call. Returns 0, -ENOENT when the trace has no such
 * chunk, or -EBADMSG when it cannot be used.
 */
int chv_trace_load(struct chv_trace *t, enum tf_stream stream, uint64_t index,
                   struct tf_chunk_header *header, const uint8_t **raw);

/** False, and one line about it, when --from and --to leave nothing. */
bool chv_trace_range_fits(const struct chv_walk *walk);

/** --from and --to, by their letters 'f' and 't'; complains about no number. */
bool chv_trace_range_option(int letter, const char *text,
                            struct chv_walk *walk);

/** A number of lines for -n; complains otherwise. */
bool chv_trace_limit(const char *text, uint64_t *limit);

/** False, and one line about it, when the filter stands before the file. */
bool chv_trace_words_fit(const char *path, const char *filter);

/**
 * Say on standard error what there is to say about the end of @walk, which
 * returned @status: that and where the trace is cut, or that it ends before
 * the range that was asked for. Returns the verb's status.
 */
int chv_trace_explain(const struct chv_trace *t, const struct chv_walk *walk,
                      int status);

/* ---- records as lists of fields ------------------------------------------ */

enum chv_field_kind {
	CHV_FIELD_UINT,
	CHV_FIELD_SINT,
	CHV_FIELD_HEX,  /* A number that reads better in hex. */
	CHV_FIELD_TEXT, /* For people. */
	CHV_FIELD_BYTES,
	CHV_FIELD_WORDS, /* 64-bit words. */
};

struct chv_field {
	const char *name;
	enum chv_field_kind kind;
	uint64_t number; /* UINT, HEX, and SINT as its two's complement. */
	struct tf_bytes bytes;
};

#define CHV_MAX_FIELDS 16

/** Fill @fields from a known record. Returns how many there are. */
size_t chv_record_fields(const struct tf_record *r,
                         struct chv_field fields[CHV_MAX_FIELDS]);

/** Print " name=value", escaped; at most @limit bytes of long values. */
void chv_field_print(const struct chv_field *f, size_t limit);

struct json_t;

/** The same as a JSON value: hex as strings, counts as numbers. */
struct json_t *chv_field_json(const struct chv_field *f);

#endif
