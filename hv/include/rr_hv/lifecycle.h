/* SPDX-License-Identifier: MIT */
/*
 * The steps of a session's life that the files of rr/ share.
 */
#ifndef RR_HV_LIFECYCLE_H
#define RR_HV_LIFECYCLE_H

#include <rr_hv/machine.h>

/** Attaches a new session to @d and holds its vCPU; takes over @store. NULL
 *  without memory. */
struct rr_domain *rr_create(struct domain *d, struct trace_store *store);
/** Buffers, and the engine in record mode. 0 or -XEN_ENOMEM. */
int rr_record_buffers(struct rr_domain *rr, const struct rr_config *c);

/** Pauses the vCPU on behalf of the session, or ends that. */
void rr_hold(struct rr_domain *rr, bool hold);

enum { RR_START_DONE, RR_START_MORE, RR_START_FAILED };
/** One more step of writing or reading the start; when it is done the vCPU is
 *  let go. */
int rr_start_step(struct rr_domain *rr);

/** Record: an event waits: its vCPU, which runs, comes back when that is to be
 *  looked at. */
void rr_hold_arm(struct rr_domain *rr);
/** Record: holds the vCPU while the store has no room. */
void rr_room_check(struct rr_domain *rr);
/** Replay: the wanted chunk is there. */
void rr_fed(struct rr_domain *rr);

struct rr_record_options {
	const char *name;  /* for people */
	u64 hash_interval; /* entries between two digests; 0: the default */
	u64 seed;          /* 0: a fresh one */
	u64 hold_us;       /* the bound of `aligned`; 0: the default */
	bool history;      /* keep every hypercall for people to read */
	bool aligned;      /* events wait for the next entry, up to a bound */
	bool chaos;        /* vary widely when timers come */
};

/** Starts recording @d into @store, which is taken over; the domain may run
 *  when rr_start_step() says so. 0, or -XEN_E* after one line of log. */
int rr_record(struct domain *d, struct trace_store *store,
              const struct rr_record_options *o);
/** Makes a domain that will replay the trace in @store, which is taken over.
 *  @first: with the recorded id. NULL after one line of log. */
struct domain *rr_replay(struct trace_store *store, bool first);

/** True when nothing that user code can do here escapes a trace, or the boot
 *  option record-anyway is given; names what does (R15). rr/cpu_check.c */
bool cpu_recordable(void);
/** The raw CPU into the header; and whether this machine's is the same. */
void cpu_describe(struct tf_super *sb);
bool cpu_same(const struct tf_super *sb);
/** What the CPU calls itself, for people. */
void cpu_name(struct tf_super *sb);

#endif
