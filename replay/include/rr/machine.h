/* SPDX-License-Identifier: MIT */
/*
 * What the engine may ask of the machine that it records or replays. The
 * hypervisor implements this for real domains, the simulator of the tests for
 * imaginary ones. `ctx` is the machine's own.
 */
#ifndef RR_MACHINE_H
#define RR_MACHINE_H

#include <rr/position.h>
#include <tf/tf.h>

/* Something that came from outside the domain. */
enum rr_event_kind {
	RR_EVENT_TIMER,   /* one of its own timers is due */
	RR_EVENT_PORT,    /* an event channel was notified */
	RR_EVENT_CONSOLE, /* input for its console ring */
};

struct rr_event {
	enum rr_event_kind kind;
	uint32_t port;        /* PORT */
	uint32_t source;      /* TIMER: enum tf_timer_source */
	uint64_t deadline_ns; /* TIMER: domain time it was set for */
	const void *data;     /* CONSOLE */
	uint32_t len;
};

/* Answers of load(). */
enum rr_load {
	RR_LOAD_OK,
	RR_LOAD_END,  /* there is no further chunk: the trace is cut here */
	RR_LOAD_WAIT, /* not here yet: pause, somebody will bring it */
	RR_LOAD_BAD,  /* unusable; the machine has logged why */
};

struct rr_chunk_data {
	struct tf_chunk_header header;
	const void *payload;
};

struct rr_machine {
	/** Record: the domain's native time in nanoseconds. */
	uint64_t (*now_ns)(void *ctx);
	/** Makes an event visible to the domain, now. Both modes. */
	void (*apply)(void *ctx, const struct rr_event *e);
	/** The registers that the rolling hash covers; returns how many words
	 *  (at most RR_REG_WORDS). */
	unsigned int (*registers)(void *ctx, uint64_t *words);
	/** All that the final digest of the vCPU covers, as one number. */
	uint64_t (*state_digest)(void *ctx);
	/** Digest of `count` of the domain's frames from `first` on. */
	struct tf_hash128 (*frames_digest)(void *ctx, uint64_t first,
	                                   uint64_t count);
	/** Record: seals the writer's records as a chunk into the trace.
	 *  0, or -TF_ENOSPC when the trace has no more room. */
	int (*seal)(void *ctx, struct tf_writer *w);
	/** Replay: brings chunk number `index` of the replay stream. It stays
	 *  valid until the second load() after this one. */
	enum rr_load (*load)(void *ctx, uint64_t index,
	                     struct rr_chunk_data *chunk);
	/** The session has left the running state: the vCPU must not run. */
	void (*stopped)(void *ctx);
};

#define RR_REG_WORDS 24

#endif
