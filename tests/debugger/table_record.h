/* SPDX-License-Identifier: MIT */
/*
 * The table behind the table target: how it looks and how it is recorded.
 */
#ifndef TESTS_TABLE_RECORD_H
#define TESTS_TABLE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include <chv/regs.h>

#define TABLE_MAX_REGIONS 8
#define TABLE_MAX_STEPS   20000

/* Memory of the program, as it is at the state where the cursor stands. */
struct table_region {
	uint64_t start;
	size_t len;
	int writable;
	uint8_t *bytes;
};

/* One eight-byte word that a step changed. */
struct table_delta {
	uint64_t addr;
	uint64_t before;
	uint64_t after;
};

struct table_state {
	struct chv_regs regs;
	size_t first_delta; /* Of the step that led to this state. */
	size_t nr_deltas;
	uint64_t entry;
	uint64_t offset;
};

struct table {
	size_t nr_regions;
	struct table_region regions[TABLE_MAX_REGIONS];
	size_t nr_states;
	struct table_state *states;
	size_t nr_deltas;
	size_t room_deltas;
	struct table_delta *deltas;
};

/** Fill @t; the cursor is at the last state. Returns 0, or -1 and a line. */
int table_record(struct table *t, const char *path);

void table_free(struct table *t);

#endif
