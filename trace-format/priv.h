/* SPDX-License-Identifier: MIT */
/*
 * What the library's own files share and its users do not see.
 */
#ifndef TF_PRIV_H
#define TF_PRIV_H

#include <tf/port.h>
#include <tf/tf.h>

/* Magic numbers of zstd frames (RFC 8878), and which we use for what. */
#define TF_ZSTD_FRAME   0xFD2FB528u
#define TF_SKIP_SUPER   0x184D2A50u
#define TF_SKIP_CHUNK   0x184D2A51u
#define TF_SKIP_PADDING 0x184D2A52u

/* Ids below this one carry a position, from 0x80 on they are compact. */
#define TF_ID_UNPOSITIONED 0x40u
#define TF_ID_COMPACT      0x80u

static inline uint64_t tf_load64(const void *p)
{
	uint64_t value;

	tf_memcpy(&value, p, sizeof(value));
	return value;
}

static inline uint32_t tf_load32(const void *p)
{
	uint32_t value;

	tf_memcpy(&value, p, sizeof(value));
	return value;
}

static inline uint8_t *tf_store(uint8_t *p, const void *src, size_t len)
{
	tf_memcpy(p, src, len);
	return p + len;
}

static inline uint64_t tf_zigzag(int64_t value)
{
	return ((uint64_t)value << 1) ^ (0 - ((uint64_t)value >> 63));
}

static inline int64_t tf_unzigzag(uint64_t value)
{
	return (int64_t)((value >> 1) ^ (0 - (value & 1)));
}

/** TF_IN_* mask of the streams in which a record may be; 0 if unknown. */
unsigned int tf_record_streams(unsigned int id);

/** Bytes of padding after a payload of `stored_len` bytes. */
uint32_t tf_padding_len(uint32_t stored_len);

/* One call on its way through the model: encoded or decoded, not yet learnt. */
struct tf_call_step {
	struct tf_call call;
	uint64_t distance;
	uint8_t slot;
	bool define;   /* the slot is new, or taken from another call */
	uint8_t mask;  /* arguments that are not what the slot expects */
	uint8_t fresh; /* ... and whose value enters the recent list */
};

/* Longest encoding of a call. */
#define TF_CALL_MAX 112u

/** Forget everything: the start of a chunk. */
void tf_calls_reset(struct tf_calls *m);

/** Encode step->call and step->distance, fill the rest of the step. */
uint32_t tf_call_encode(const struct tf_calls *m, struct tf_call_step *step,
                        uint8_t out[TF_CALL_MAX]);

/**
 * Decode a call at [*p, end), all but call.entry: 0 and *p moved, or
 * -TF_ERECORD, -TF_EVARINT.
 */
int tf_call_decode(const struct tf_calls *m, const uint8_t **p,
                   const uint8_t *end, struct tf_call_step *step);

/** Learn from a call that was encoded or decoded. */
void tf_call_apply(struct tf_calls *m, const struct tf_call_step *step);

#endif /* TF_PRIV_H */
