/* SPDX-License-Identifier: MIT */
/*
 * The records of a trace as C structures, made from events.def, and the values
 * that their enumerated fields take. A structure holds values as the caller
 * means them: absolute entry numbers, nanoseconds of virtual time, frame
 * numbers of the domain. Spec: docs/trace-format.md, sections 6 to 8.
 */
#ifndef TF_RECORDS_H
#define TF_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TF_PAGE_SIZE 4096u
#define TF_NR_ARGS   6

/* A chunk belongs to one stream; its records to the streams of their row. */
enum tf_stream {
	TF_STREAM_REPLAY = 0,
	TF_STREAM_HISTORY = 1,
	TF_STREAM_SNAPSHOT = 2,
	TF_STREAM_CHECKPOINT = 3, /* checkpoints and annotations */
	TF_NR_STREAMS = 4,
};

#define TF_IN_REPLAY     (1u << TF_STREAM_REPLAY)
#define TF_IN_HISTORY    (1u << TF_STREAM_HISTORY)
#define TF_IN_SNAPSHOT   (1u << TF_STREAM_SNAPSHOT)
#define TF_IN_CHECKPOINT (1u << TF_STREAM_CHECKPOINT)

/* What `offset` counts from the exit of entry `entry`. */
enum tf_offset_kind {
	TF_OFFSET_EXIT = 0,   /* offset is 0: at the exit of the entry itself */
	TF_OFFSET_ICOUNT = 1, /* instructions, as an instruction clock says */
	TF_OFFSET_STATE = 2,  /* offset is 0: the LANDING just before says it */
	TF_OFFSET_PMU = 3,    /* instructions retired at CPL 3 */
};

enum tf_timer_source {
	TF_TIMER_SET_TIMER = 0,
	TF_TIMER_SINGLESHOT = 1,
	TF_TIMER_PERIODIC = 2,
	TF_TIMER_POLL = 3,
};

enum tf_wake_reason {
	TF_WAKE_EVENT = 0,   /* an event became pending */
	TF_WAKE_TIMEOUT = 1, /* the deadline given to the call passed */
	TF_WAKE_YIELD = 2,   /* a yield came back */
	TF_WAKE_OTHER = 3,
};

enum tf_trap_kind {
	TF_TRAP_CPUID = 0, /* selector leaf | subleaf << 32,
	                    * value eax | ebx << 32, value2 ecx | edx << 32 */
	TF_TRAP_RDMSR = 1, /* selector: the register */
	TF_TRAP_IN = 2,    /* selector: port | size in bytes << 16 */
	TF_TRAP_RDTSC = 3,
	TF_TRAP_RDPMC = 4,
	TF_TRAP_OTHER = 5,
};

enum tf_end_reason {
	TF_END_SHUTDOWN = 0,    /* code: the guest's shutdown reason */
	TF_END_STOP = 1,        /* somebody asked */
	TF_END_FULL = 2,        /* the window or disk has no more room */
	TF_END_ERROR = 3,       /* the recorder failed; text says how */
	TF_END_UNSUPPORTED = 4, /* the guest did what cannot be recorded */
};

#define TF_CALL_MULTI 0x01u /* an entry inside a multicall */
#define TF_CALL_FLAGS TF_CALL_MULTI

struct tf_hash128 {
	uint64_t lo;
	uint64_t hi;
};

/* Bytes that somebody else owns: the caller's, or the reader's payload. */
struct tf_bytes {
	const void *data;
	uint32_t len;
};

/* One element of a field of kind F_FRAMES, in memory as in the file. */
struct tf_frame_hash {
	uint64_t frame;
	struct tf_hash128 hash;
};
_Static_assert(sizeof(struct tf_frame_hash) == 24, "docs/trace-format.md 6.2");

/* ---- struct tf_<name>, one per row ----------------------------------------
 */
#define F_ENTRY(n)  uint64_t n;
#define F_UINT(n)   uint64_t n;
#define F_SINT(n)   int64_t n;
#define F_U32(n)    uint32_t n;
#define F_U8(n)     uint8_t n;
#define F_U64(n)    uint64_t n;
#define F_HASH(n)   struct tf_hash128 n;
#define F_BYTES(n)  struct tf_bytes n;
#define F_TEXT(n)   struct tf_bytes n;
#define F_WORDS(n)  struct tf_bytes n;
#define F_FRAMES(n) struct tf_bytes n;
#define F_PAGE(n)   struct tf_bytes n;
#define F_ARGS(n)   uint64_t n[TF_NR_ARGS];
#define TF_EVENT(id, NAME, name, since, streams, fields)                       \
	struct tf_##name {                                                     \
		fields                                                         \
	};
#include <tf/events.def>
#undef F_ENTRY
#undef F_UINT
#undef F_SINT
#undef F_U32
#undef F_U8
#undef F_U64
#undef F_HASH
#undef F_BYTES
#undef F_TEXT
#undef F_WORDS
#undef F_FRAMES
#undef F_PAGE
#undef F_ARGS

/* ---- TF_<NAME>, the ids -----------------------------------------------------
 */
enum tf_id {
#define TF_EVENT(id, NAME, name, since, streams, fields) TF_##NAME = (id),
#include <tf/events.def>
};

/* A record as the reader hands it out. `u` is valid when `known` is. */
struct tf_record {
	uint8_t id;
	bool known;           /* false: of a newer minor version, skip it */
	uint32_t index;       /* 0-based, in its chunk */
	uint32_t at;          /* offset of its first byte in the raw payload */
	uint64_t entry;       /* its position, or that of the record before */
	struct tf_bytes body; /* framed records: the body, known or not */
	union {
#define TF_EVENT(id, NAME, name, since, streams, fields) struct tf_##name name;
#include <tf/events.def>
	} u;
};

#endif /* TF_RECORDS_H */
