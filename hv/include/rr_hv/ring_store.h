/* SPDX-License-Identifier: MIT */
/*
 * The two stores that the control domain serves: the ring that it drains while
 * recording, and the feed that it fills in replay.
 */
#ifndef RR_HV_RING_STORE_H
#define RR_HV_RING_STORE_H

#include <rr_hv/machine.h>

/** NULL without memory. */
struct trace_store *ring_store_open(void);
/** Bytes that wait from file offset @offset on; their number. */
size_t ring_store_data(const struct trace_store *st, u64 offset,
                       const u8 **data);
/** Forgets what lies before @offset; false when that is not in the ring. */
bool ring_store_forget(struct trace_store *st, u64 offset);
/** True when @st is such a ring: somebody else has to make room in it. */
bool ring_store_is(const struct trace_store *st);
/** Fills in what waits and what was ever written; nothing for other stores. */
void ring_store_fill(const struct trace_store *st, u64 *waiting, u64 *total);

/** A feed for a trace with this superblock, which was checked. */
struct trace_store *feed_store_open(const struct tf_super *super);
/** What is wanted: chunk *index of *stream. False when nothing is. */
bool feed_store_wants(const struct trace_store *st, unsigned int *stream,
                      u64 *index);
/** Takes the wanted chunk, its header and raw payload; @header NULL says that
 *  the trace ends before it. 0, or -XEN_EINVAL when it is not the chunk that
 *  it should be. */
int feed_store_take(struct trace_store *st,
                    const struct tf_chunk_header *header, const void *payload,
                    size_t len);
/** Where the payload of the next chunk is to be put, TF_RAW_MAX bytes. */
void *feed_store_buffer(struct trace_store *st);

#endif
