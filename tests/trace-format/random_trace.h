/* SPDX-License-Identifier: MIT */
/*
 * Random records and random traces for the tests of the trace format, all from
 * a seed. Records are made from events.def, so a new row is tested as soon as
 * it exists. The traces are valid; making them invalid is the tests' part.
 */
#ifndef RANDOM_TRACE_H
#define RANDOM_TRACE_H

#include <tf/tf.h>

struct rng {
	uint64_t state;
};

uint64_t rng_next(struct rng *rng);

/** A number below `limit`, which is not 0. */
uint64_t rng_below(struct rng *rng, uint64_t limit);

/** A number of a random length of up to 64 bits: small ones are frequent. */
uint64_t rng_sized(struct rng *rng);

/**
 * A random record for a stream (never END), at *entry or later; *entry follows.
 * Its byte fields point into memory that stays valid and is never written.
 */
void random_record(struct rng *rng, enum tf_stream stream, uint64_t *entry,
                   struct tf_record *record);

/** Call tf_put() with the structure inside of `record`. */
int put_record(struct tf_writer *w, const struct tf_record *record);

/** Whether two records have the same id and the same fields. */
bool same_record(const struct tf_record *a, const struct tf_record *b);

struct trace_shape {
	unsigned int nr_chunks;
	unsigned int max_records; /* per chunk */
	bool compress;
	bool end; /* finish with END */
};

/** A sealed superblock with random contents. */
void random_super(struct rng *rng, struct tf_super *sb);

/** A random trace in `buf`: its length, a multiple of 64. */
size_t random_trace(struct rng *rng, const struct trace_shape *shape,
                    uint8_t *buf, size_t cap);

/** zstd with the options that the format asks for. */
extern const struct tf_codec zstd_codec;

/** A source over memory. */
int read_memory(void *ctx, uint64_t offset, void *buf, size_t len);

/** What a reader of everything found in a trace. */
struct reading {
	int open_error; /* no trace if not 0, and nothing below is valid */
	uint64_t nr_records;
	uint64_t nr_chunks;
	struct tf_tail tail;
};

/** Read all chunks and records of a trace, looking at every field. */
struct reading read_all(const uint8_t *trace, size_t len);

#endif /* RANDOM_TRACE_H */
