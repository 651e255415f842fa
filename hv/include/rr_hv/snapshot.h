/* SPDX-License-Identifier: MIT */
/*
 * The start snapshot of a trace, written and read a chunk at a time.
 */
#ifndef RR_HV_SNAPSHOT_H
#define RR_HV_SNAPSHOT_H

#include <rr_hv/machine.h>

struct snapshot_writer;
struct snapshot_reader;

/** Saves @rr's state, from which the snapshot will be written; NULL without
 *  memory. The domain must not run before it is written. */
struct snapshot_writer *snapshot_write_open(struct rr_domain *rr);
/** Seals one more chunk into the store: 1, 0 when that was the last, or
 *  -TF_E*. */
int snapshot_write_step(struct snapshot_writer *sw);
void snapshot_write_close(struct snapshot_writer *sw);

enum snapshot_result { SNAPSHOT_DONE, SNAPSHOT_WAIT, SNAPSHOT_BAD };

/** NULL without memory. */
struct snapshot_reader *snapshot_read_open(struct rr_domain *rr);
/** Reads on as far as the store has chunks. SNAPSHOT_DONE: the domain has its
 *  frames and state. SNAPSHOT_BAD: one line was logged. */
enum snapshot_result snapshot_read_step(struct snapshot_reader *sr);
void snapshot_read_close(struct snapshot_reader *sr);

#endif
