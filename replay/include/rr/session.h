/* SPDX-License-Identifier: MIT */
/*
 * The record/replay engine of one domain: a state machine that is told of
 * everything which happens at the taps and answers what the domain must see.
 *
 * record.c and replay.c hold the same functions in the same order; a session
 * points to one of the two tables. The engine does no I/O and allocates
 * nothing: the machine (rr/machine.h) does. It never runs the domain: after
 * each call the caller looks at `state` and stops the vCPU when it is not
 * RR_RUNNING.
 *
 * Order of calls for one counted entry:
 *   rr_entry                       position moves on, registers are hashed
 *   rr_call_*, rr_read_time, ...   while it is handled
 *   rr_exit                        events become visible at (n, 0)
 * and between entries rr_landing when guest code was stopped at (n, offset).
 */
#ifndef RR_SESSION_H
#define RR_SESSION_H

#include <rr/class.h>
#include <rr/machine.h>

enum rr_mode { RR_RECORD, RR_REPLAY };

enum rr_state {
	RR_RUNNING,
	RR_WAITING,  /* replay: the next chunk has to be brought */
	RR_FINISHED, /* at the recorded end; digests were equal */
	RR_CUT,      /* replay: at the end of a trace that was cut */
	RR_DIVERGED, /* replay left the recording; see report */
	RR_FAILED,   /* the trace is unusable or has no room; see report */
};

/* Where and how replay differed. */
struct rr_report {
	struct rr_position position;
	uint64_t since_entry; /* digests: it arose after this entry */
	uint64_t expected, actual;
	const char *what; /* static text */
	uint8_t record;   /* id of the record that was due, or 0 */
};

/* The constants of a trace; they are in its superblock. */
struct rr_config {
	uint64_t time_step_ns;
	uint64_t rebase_bound_ns;
	uint64_t hash_interval;  /* entries between two ENTRY_SYNC */
	uint64_t slice_interval; /* entries between two SLICE_DIGEST */
	uint64_t slice_frames;
	uint64_t nr_frames;
	bool history;
};

/* Events waiting to be published (record mode). */
#define RR_PORT_WORDS   64
#define RR_NR_PORTS     (RR_PORT_WORDS * 64)
#define RR_NR_TIMERS    4
#define RR_CONSOLE_SIZE 256
struct rr_queue {
	uint64_t ports[RR_PORT_WORDS];
	uint64_t timer_deadline_ns[RR_NR_TIMERS]; /* by enum tf_timer_source */
	uint8_t timers;                           /* bit for each source */
	bool any;
	uint16_t console_len;
	uint8_t console[RR_CONSOLE_SIZE];
};

/* The virtual clock (D7). */
struct rr_clock {
	uint64_t base_ns;
	uint64_t reads; /* since base was set */
};

/* The most that one INPUT call may write, with address and length of each
 * piece. */
#define RR_OUTPUT_SIZE 2432

struct rr_call {
	uint32_t nr, subop;
	uint8_t class; /* enum rr_class */
	bool multi;
	const uint64_t *args; /* 6 */
};

/* Where guest code stands when no clock says how far it is: told by its state
 * (R2). Two moments of one run that are equal in all of this have the same
 * future, so either will do. */
struct rr_place {
	uint64_t rip;
	uint64_t regs_digest;  /* general registers, flags, mode */
	uint64_t state_digest; /* the rest of the vCPU */
	/* Pairs of frame and digest, 24 bytes each. Either all frames that were
	 * written since the place before, or any, and `memory` tells of all. */
	struct tf_bytes frames;
	bool whole;
	struct tf_hash128 memory;
	/* Replay: by how much the domain's clock went on while the event waited
	 * there, which is some measure of how far it is. */
	uint64_t waited_ns;
};

/* The most that a place's frames may take in a trace. */
#define RR_PLACE_FRAMES 512u
#define RR_PLACE_BYTES  (RR_PLACE_FRAMES * 24u)

/* The part of a session that a snapshot carries: both modes agree on it. */
struct rr_shared_state {
	struct rr_position position;
	uint64_t hash;
	uint64_t next_sync;    /* entry of the next ENTRY_SYNC */
	uint64_t next_slice;   /* ... of the next SLICE_DIGEST */
	uint64_t slice_frame;  /* where it starts */
	uint64_t last_checked; /* entry of the last digest that agreed */
	struct rr_clock clock;
	uint64_t nr_calls[64]; /* by hypercall number */
};

struct rr_ops;

struct rr_session {
	const struct rr_ops *ops;
	enum rr_mode mode;
	enum rr_state state;
	struct rr_config config;
	const struct rr_machine *machine;
	void *ctx;
	struct rr_shared_state s;
	struct rr_report report;

	/* Record. */
	struct tf_writer writer;
	struct tf_writer history;
	struct rr_queue queue;
	uint64_t sealed_entry; /* last entry of the last chunk sealed */
	bool stop_requested;
	uint8_t output[RR_OUTPUT_SIZE]; /* what an INPUT call wrote */
	uint32_t output_len;

	/* Replay. */
	struct rr_chunk_data chunk, next_chunk;
	uint64_t chunk_index; /* of `chunk` in the replay stream */
	bool have_chunk, have_next, last_chunk;
	struct tf_reader reader;
	struct tf_record record; /* the next record, if have_record */
	bool have_record;
	uint64_t records_done; /* of the replay stream: the trace cursor, which
	                        * a snapshot keeps */
	uint64_t resume_at;    /* records before it are skipped */
};

struct rr_ops {
	void (*entry)(struct rr_session *s);
	bool (*call_enter)(struct rr_session *s, const struct rr_call *c,
	                   int64_t *result, struct tf_bytes *output);
	void (*call_exit)(struct rr_session *s, const struct rr_call *c,
	                  int64_t result);
	uint64_t (*read_time)(struct rr_session *s);
	uint64_t (*trapped_value)(struct rr_session *s, unsigned int kind,
	                          uint64_t selector, uint64_t value);
	void (*publish)(struct rr_session *s, uint8_t kind);
	void (*land)(struct rr_session *s, const struct rr_place *place);
	void (*finish)(struct rr_session *s, enum tf_end_reason reason,
	               uint64_t code, const char *text);
	void (*give_up)(struct rr_session *s, const char *why);
};
extern const struct rr_ops rr_record_ops;
extern const struct rr_ops rr_replay_ops;

/** Starts recording at entry 0. @raw and @raw_history (NULL: none) are the
 *  writers' buffers, @calls the history's model. -TF_EINVAL when @raw cannot
 *  hold what one entry may log. */
int rr_record_start(struct rr_session *s, const struct rr_config *config,
                    const struct rr_machine *machine, void *ctx, void *raw,
                    size_t raw_size, void *raw_history, size_t history_size,
                    struct tf_calls *calls);

/** Starts replay at the start of the trace. */
void rr_replay_start(struct rr_session *s, const struct rr_config *config,
                     const struct rr_machine *machine, void *ctx);

/** Continues a replay from a snapshot that was taken after rr_exit() or
 *  rr_landing(): with its shared state, at its session's @records_done. The
 *  machine has been restored before. May leave the session waiting. */
void rr_replay_resume(struct rr_session *s, const struct rr_shared_state *from,
                      uint64_t records_done);

/** A counted entry begins. */
void rr_entry(struct rr_session *s);
/** A hypercall: true when the handler must run; else *result and *output are
 *  the answer from the trace. */
bool rr_call_enter(struct rr_session *s, const struct rr_call *c,
                   int64_t *result, struct tf_bytes *output);
void rr_call_exit(struct rr_session *s, const struct rr_call *c,
                  int64_t result);
/** Record: an INPUT handler wrote these bytes to guest memory. */
void rr_output(struct rr_session *s, uint64_t va, const void *data, size_t len);
/** Something left the domain: both modes fold it into the hash. */
void rr_effect(struct rr_session *s, const void *data, size_t len);
/** What the domain's clock shows at a trapped read. */
uint64_t rr_read_time(struct rr_session *s);
/** The clock as it stands, not stepped (R10). */
uint64_t rr_time(const struct rr_session *s);
/** A trapped instruction read @value from the raw machine. */
uint64_t rr_trapped_value(struct rr_session *s, unsigned int kind,
                          uint64_t selector, uint64_t value);

/** From outside, record mode; ignored in replay. */
void rr_raise_port(struct rr_session *s, uint32_t port);
void rr_raise_timer(struct rr_session *s, enum tf_timer_source source,
                    uint64_t deadline_ns);
size_t rr_raise_console(struct rr_session *s, const void *data, size_t len);

/** Record, between entries: what is logged becomes durable now. Ignored in
 *  replay. */
void rr_seal(struct rr_session *s);

/** The exit of a counted entry: publishes what is due at (n, 0). */
void rr_exit(struct rr_session *s);
/** Guest code was stopped @offset instructions after the last entry's exit, on
 *  a whole instruction (R1): publishes what is due here. */
void rr_landing(struct rr_session *s, uint64_t offset);
/** The same where no clock counts: guest code was stopped at @place, and for a
 *  replay that is the place which is due. @offset is more than 0, and more than
 *  at the landing before; it is for people. */
void rr_landing_at(struct rr_session *s, const struct rr_place *place,
                   uint64_t offset);
/** Replay: the next event lands after the present entry at *place, whose bytes
 *  stay where they are until it does. `whole` and what follows it are not
 * filled in: most moments differ in what comes before. */
bool rr_place_due(const struct rr_session *s, struct rr_place *place);
/** Fills in the rest of a place that is due. */
void rr_place_rest(const struct rr_session *s, struct rr_place *place);
/** Replay: the guest runs on and on, and does not come to the place. */
void rr_place_missed(struct rr_session *s);
/** Record: something waits to be published. */
bool rr_event_waiting(const struct rr_session *s);
/** Replay: the next event lies in the middle of code after the present entry;
 *  *offset says how far. */
bool rr_landing_due(const struct rr_session *s, uint64_t *offset);
/** Replay: the clock says that guest code ran beyond the landing at @due. */
void rr_overshot(struct rr_session *s, uint64_t due, uint64_t at);
/** Replay: the vCPU blocks and nothing at this position wakes it. */
void rr_blocked(struct rr_session *s);

/** Ends the session at the exit of the present entry. */
void rr_finish(struct rr_session *s, enum tf_end_reason reason, uint64_t code,
               const char *text);
/** The host lacks what the domain needs to go on as it must (R7); it may be in
 *  the middle of an entry. A recording ends at the last position that was
 *  sealed, a replay says why. The guest must not run on. */
void rr_give_up(struct rr_session *s, const char *why);
/** Replay: the chunk that was missing may be there now. */
void rr_retry(struct rr_session *s);
/** Name of a state, for people. */
const char *rr_state_name(enum rr_state state);

#endif
