/* SPDX-License-Identifier: MIT */
/*
 * A simulated host for the record/replay engine: an imaginary machine that
 * runs random programs, a random world outside of it, and traces in memory.
 *
 * Everything comes from a seed. The machine's program comes from the seed
 * alone, so a replay runs the same one; what the world does is drawn while
 * recording and reaches a replay by the trace only. The machine notes a digest
 * of its whole state at every entry and at every delivery: that journal is the
 * oracle, which the engine knows nothing of.
 */
#ifndef SIM_H
#define SIM_H

#include <rr/session.h>

/* ---- randomness ---------------------------------------------------------- */
struct sim_rng {
	uint64_t state;
};

uint64_t sim_random(struct sim_rng *r);
/** Below @limit, which is not 0. */
uint64_t sim_below(struct sim_rng *r, uint64_t limit);
/** True once in @n times. */
bool sim_chance(struct sim_rng *r, uint64_t n);

/* ---- the machine --------------------------------------------------------- */
#define SIM_REGS       16
#define SIM_FRAMES     24
#define SIM_FRAME_SIZE 256u
#define SIM_MEMORY     (SIM_FRAMES * SIM_FRAME_SIZE)
#define SIM_CODE       256
#define SIM_PORTS      RR_NR_PORTS
#define SIM_RING       64u

enum sim_op {
	/* Between entries. */
	SIM_ALU,
	SIM_LOAD,
	SIM_STORE,
	SIM_BRANCH,
	SIM_PEEK_PORTS, /* reads pending bits, as a polling guest does */
	SIM_PEEK_RING,
	SIM_MASK, /* masks or unmasks deliveries */
	/* Entries. */
	SIM_CALL_PURE,
	SIM_CALL_TIME, /* a PURE call that looks at the clock (R10) */
	SIM_CALL_INPUT,
	SIM_CALL_EFFECT,
	SIM_CALL_TIMER, /* sets a timer */
	SIM_CALL_BLOCK,
	SIM_MULTICALL,
	SIM_READ_TIME,
	SIM_TRAP_VALUE,
	SIM_IRET, /* back from a delivery */
	SIM_NR_OPS,
};

struct sim_insn {
	uint8_t op, a, b, c;
	uint64_t imm;
};

/* All that is the machine's: a snapshot is a copy. */
struct sim_state {
	uint64_t reg[SIM_REGS];
	uint64_t pc, fuel; /* fuel: instructions until it shuts down */
	uint8_t memory[SIM_MEMORY];
	uint64_t pending[SIM_PORTS / 64];
	bool any_pending, masked, blocked, delivering;
	uint64_t saved_pc;
	uint64_t timer_ns[RR_NR_TIMERS]; /* deadlines, 0: none */
	uint8_t ring[SIM_RING];
	uint64_t ring_prod, ring_cons;
	uint64_t insns; /* since the exit of the last entry */
	bool over;      /* it shut down */
};

/* What is compared: everything at this point of the run, as one number. */
struct sim_note {
	uint64_t entry, offset, digest;
};

struct sim_journal {
	struct sim_note *note;
	size_t nr, cap;
};

/* What happens outside while recording. */
struct sim_world {
	struct sim_rng rng;
	uint64_t now_ns;
	uint64_t calm;        /* an event from outside every so many steps */
	uint64_t flood_every; /* an event on every port; 0: never */
	uint64_t seal_every;  /* a seal request every so many steps; 0: none */
	uint64_t stop_at;     /* entry of a stop request, 0: none */
	bool exact;           /* deliveries in the middle of code */
	bool by_state;        /* ... without a clock, at places */
	bool clock_jumps;     /* host time sometimes leaps, also backwards */
};

/* Raised, and not yet visible to the machine. */
struct sim_owed {
	uint64_t ports[SIM_PORTS / 64];
	uint64_t timers, console;
	uint64_t deadline_ns[RR_NR_TIMERS];
};

struct sim_trace;

struct sim {
	struct rr_session session;
	struct sim_state s;
	struct sim_insn code[SIM_CODE];
	struct sim_world world;
	struct sim_owed owed;
	uint32_t touched; /* a bit for each frame since a place or an exit */
	bool epoch;       /* ... and there was one */
	uint8_t place[SIM_FRAMES * 24];
	uint64_t seen_ns;       /* latest time that the machine was shown */
	uint64_t digested;      /* a bit for each frame in a slice's digest */
	unsigned int nr_slices; /* ... of which there were so many */
	const char *wrong;      /* what the engine did wrong to the machine */
	struct sim_journal journal;
	struct sim_trace *trace;
	uint64_t max_steps; /* more are a hang */
	bool in_entry;
	unsigned int nr_stopped; /* calls of the machine's stopped() */
	uint64_t end_digest;     /* of all at the last of them */
	struct sim_rng late;     /* replay: when chunks are late */
	bool may_wait;
	uint64_t lost_loads;
};

extern const struct rr_machine sim_machine;

/** A machine with the program of @seed. */
void sim_init(struct sim *m, uint64_t seed, uint64_t fuel);
void sim_free(struct sim *m);
/** Runs until the session leaves the running state, or, when its recording
 *  ended before it, until the machine shuts down. False: it did not end. */
bool sim_run(struct sim *m);
/** Runs at most up to the exit of @entry. */
bool sim_run_to(struct sim *m, uint64_t entry);
/** Something that was raised never came. */
bool sim_owes(const struct sim *m);
/** Everything that the machine's guest could see, as one number. */
uint64_t sim_digest(const struct sim *m);

/* ---- entries (entries.c) ------------------------------------------------- */
/** Executes the instruction @i, which enters the hypervisor. */
void sim_enter(struct sim *m, const struct sim_insn *i);
/** The machine is shown a time: it never goes back. */
uint64_t sim_time(struct sim *m, uint64_t ns);
/** Guest addresses wrap: any value is one. */
uint8_t *sim_byte(struct sim *m, uint64_t address);

/* ---- traces in memory (trace.c) ------------------------------------------ */
struct sim_trace {
	uint8_t *bytes;
	size_t size; /* of the window */
	size_t len;
	struct tf_super super;
	struct tf_chain chain;
	struct tf_index index;
	uint8_t *raw[2];
	unsigned int turn;
};

void sim_trace_init(struct sim_trace *t, size_t size);
void sim_trace_free(struct sim_trace *t);
int sim_trace_seal(struct sim_trace *t, const struct tf_writer *w);
/** Looks at the bytes as a replayer does, up to @len of them. */
void sim_trace_open(struct sim_trace *t, size_t len);
enum rr_load sim_trace_load(struct sim_trace *t, uint64_t index,
                            struct rr_chunk_data *chunk);
/** Chunks of the replay stream. */
size_t sim_trace_chunks(const struct sim_trace *t);

/* ---- altered traces (alter.c) -------------------------------------------- */
/* One change: in record @record (over all of the replay stream), of a kind
 * that @what picks. */
struct sim_alteration {
	uint64_t record;
	uint64_t what;
	char text[96]; /* for people */
};

/** Records of the replay stream. */
uint64_t sim_trace_records(struct sim_trace *t);
/** Writes @from, altered, with all checksums right, to @to. False when the
 *  change cannot be written down in the format, or changes nothing. */
bool sim_trace_alter(struct sim_trace *from, struct sim_trace *to,
                     struct sim_alteration *a);

#endif
