/* SPDX-License-Identifier: MIT */
/*
 * The adaptor's inside: the machine under a session, where traces are kept,
 * and a domain's state as bytes.
 */
#ifndef RR_HV_MACHINE_H
#define RR_HV_MACHINE_H

#include <hv/rr.h>

extern const struct rr_machine rr_domain_machine;

/* Where a trace is written to or read from. */
struct trace_store {
	const struct trace_store_ops *ops;
	struct tf_super super;
	struct tf_chain chain;
};

struct trace_store_ops {
	/** Writes the superblock; the trace begins. 0 or -TF_E*. */
	int (*begin)(struct trace_store *st);
	/** Seals @w's records into the trace. 0 or -TF_ENOSPC. */
	int (*seal)(struct trace_store *st, struct tf_writer *w);
	/** Chunk @index of stream @stream, raw; see rr_machine.load(). */
	enum rr_load (*load)(struct trace_store *st, enum tf_stream stream,
	                     u64 index, struct rr_chunk_data *chunk);
	/** Record: the store takes what one more entry may log. */
	bool (*room)(const struct trace_store *st);
	/** Gives back what it holds. */
	void (*close)(struct trace_store *st);
};

/** The file-backed window of D2 (ivshmem), or NULL when there is none. */
struct trace_store *window_store_open(void);
/** Reads the superblock and the index of the trace in it. 0 or -TF_E*. */
int window_store_scan(struct trace_store *st);

/* The bytes of a domain's hypervisor-private state (R12). */
struct state_sink {
	int (*put)(void *ctx, const void *data, size_t len);
	void *ctx;
};
struct state_source {
	int (*get)(void *ctx, void *data, size_t len);
	void *ctx;
};
int state_save(const struct rr_domain *rr, const struct state_sink *out);
int state_load(struct rr_domain *rr, const struct state_source *in);
/** What is impossible in the loaded state, or NULL. */
const char *state_check(struct rr_domain *rr);
/** Makes what is derived from the loaded state: twins, roots, windows. */
int state_rebuild(struct rr_domain *rr);
/** After either of them failed: the domain, which never ran, can be killed, and
 *  holds nothing but its frames. */
void state_abandon(struct rr_domain *rr);
/** Bytes that state_save() will put for this domain. */
u64 state_size(const struct rr_domain *rr);

/** The registers that the rolling hash covers; at most RR_REG_WORDS. */
unsigned int vcpu_register_words(const struct vcpu *v, u64 *words);
/** Everything of the vCPU that a guest could tell apart. */
u64 vcpu_digest(struct vcpu *v);
/** The two parts of that: general registers without how the guest came back,
 * and the rest. */
u64 vcpu_registers_digest(const struct vcpu *v);
u64 vcpu_rest_digest(struct vcpu *v);
/** The session left the running state: what follows for domain and machine. */
void rr_session_ended(struct rr_domain *rr);

/** One line of log that tells what state a replay ended in. */
void rr_session_digest(const struct rr_domain *rr);
/** Digest of the contents of a frame. */
struct tf_hash128 frame_digest(const struct page *pg);
/** Digest over @count frames from gmfn @first. */
struct tf_hash128 frames_digest(struct domain *d, u64 first, u64 count);
/** From now on the digests of @d's frames are kept, and the CPU's dirty bits
 * say which are out of date. False without memory for it. */
bool digests_keep(struct domain *d);
void digests_drop(struct domain *d);

#endif
