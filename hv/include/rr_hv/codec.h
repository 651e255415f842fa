/* SPDX-License-Identifier: MIT */
/*
 * Compression of chunks, for tf_seal() and tf_chunk_load().
 */
#ifndef RR_HV_CODEC_H
#define RR_HV_CODEC_H

#include <tf/tf.h>

extern const struct tf_codec zstd_codec;

#endif
