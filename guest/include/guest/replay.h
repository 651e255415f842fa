/* SPDX-License-Identifier: MIT */
/*
 * What the replay guests share. Such a guest looks at everything it can see
 * of a source of nondeterminism, folds it into one checksum and prints it:
 *	checksum: <name> <16 hex digits> <n> values <n> ticks
 * A run proves nothing by itself; a recording and its replay must print the
 * same line. The ticker interrupts the guest at random moments with a hook
 * that folds in the place where it was interrupted.
 */
#ifndef GUEST_REPLAY_H
#define GUEST_REPLAY_H

#include <guest/abi.h>
#include <guest/random.h>
#include <guest/traps.h>

/** Folds a value, or @len bytes, into the checksum. */
void observe(uint64_t value);
void observe_bytes(const volatile void *bytes, size_t len);

/** Folds in rip, flags, rsp and all general registers. */
void observe_regs(const struct regs *regs);

/** Starts a new checksum; also seeds replay_random with `seed=`. */
void replay_begin(void);

/** Prints the checksum of the guest @name. */
void replay_end(const char *name);

/** `rounds=` of the command line, or @otherwise. */
uint64_t replay_rounds(uint64_t otherwise);

extern struct random replay_random;

/**
 * Interrupts the guest every @interval_ns to twice as much, from now on, and
 * calls @hook (NULL: none) with the interrupted registers after folding them
 * in. Events are unmasked.
 */
void ticker_start(uint64_t interval_ns, void (*hook)(struct regs *regs));
void ticker_stop(void);
extern volatile unsigned int ticker_ticks;

#endif /* GUEST_REPLAY_H */
