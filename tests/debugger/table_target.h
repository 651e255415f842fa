/* SPDX-License-Identifier: MIT */
/*
 * A target for tests: the recorded states of a real program, one per
 * instruction, replayed from a table. It proves the GDB server against GDB
 * itself with nothing else running.
 *
 * An entry is a system call, an offset counts the instructions after it, and
 * the past is read-only, as in a replay of a guest.
 */
#ifndef TESTS_TABLE_TARGET_H
#define TESTS_TABLE_TARGET_H

#include <stddef.h>

#include <chv/target.h>

struct table_target;

/**
 * Run the static program at @path to its end under ptrace, noting registers
 * and writable memory after each instruction. NULL, with a line on stderr,
 * when it cannot be run or traced.
 */
struct table_target *table_target_record(const char *path);

void table_target_free(struct table_target *t);

struct chv_target *table_target_ops(struct table_target *t);

/** The number of states, the first and the last included. */
size_t table_target_steps(const struct table_target *t);

/** The present state's number, from 0. */
size_t table_target_at(const struct table_target *t);

/** Breakpoints that are inserted now. */
size_t table_target_breaks(const struct table_target *t);

/**
 * Take at most @steps states per poll_stop() and rest @rest_us between, so
 * that a run lasts long enough to be interrupted. The default is no rest.
 */
void table_target_pace(struct table_target *t, size_t steps,
                       unsigned int rest_us);

/**
 * Show a second vCPU that stands at the first state for ever.
 */
void table_target_second_vcpu(struct table_target *t);

#endif
