/* SPDX-License-Identifier: MIT */
/*
 * The recorded table as a machine that only runs forward and can be put back
 * to kept moments, as a replayed domain can: what the timeline is tested on.
 */
#ifndef TESTS_TABLE_MACHINE_H
#define TESTS_TABLE_MACHINE_H

#include <chv/machine.h>

struct table_machine;

/** Record @path as table_target_record() does. NULL on failure. */
struct table_machine *table_machine_record(const char *path);
void table_machine_free(struct table_machine *t);
struct machine *table_machine_ops(struct table_machine *t);

/** Breaks that are set now. */
size_t table_machine_breaks(const struct table_machine *t);
/** Checkpoints that are kept now. */
size_t table_machine_checkpoints(const struct table_machine *t);
/** Room for this many checkpoints. */
void table_machine_limit(struct table_machine *t, size_t max);

#endif
