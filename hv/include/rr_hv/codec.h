/* SPDX-License-Identifier: MIT */
/*
 * Compression of chunks, for tf_seal() and tf_chunk_load().
 */
#ifndef RR_HV_CODEC_H
#define RR_HV_CODEC_H

#include <tf/tf.h>

extern const struct tf_codec zstd_codec;

/** What seals @w's records: nothing for the start snapshot, for which the guest
 *  would wait (docs/decisions/snapshot-raw.md). */
const struct tf_codec *chunk_codec(const struct tf_writer *w);

#endif
