/* SPDX-License-Identifier: MIT */
/*
 * The hostile guest: random hypercalls and privileged instructions, half of
 * them near-valid.
 *
 * It owns a pool of frames and a window of addresses that it may ruin. All
 * else (its code, stack, tables) is vital: values that could name a vital
 * frame or address are never generated, and after each step that could have
 * changed how the guest is entered, that is put right again. What it must
 * not do is ask for its own end: shutdown, watchdog, taking its vCPU down.
 */
#ifndef GUEST_FUZZ_H
#define GUEST_FUZZ_H

#include <guest/abi.h>
#include <guest/random.h>

#define FUZZ_PAGES 96
#define FUZZ_SLOTS 64

extern struct random fuzz_random;

/** A number below @limit. */
uint64_t fuzz_below(uint64_t limit);
bool fuzz_one_in(unsigned int n);

/** Sets up the pool, the window, and the things that are kept alive. */
void pool_init(void);

/** Makes the pool's pages usable again, as far as frames are left. */
void pool_repair(void);

/** A page of the pool, by its address. */
void *pool_page(void);

/** mfn of a frame of the pool, or of a table of the window. */
uint64_t pool_frame(void);

/** Remembers a frame that the hypervisor handed out. */
void pool_learn(uint64_t mfn);

/** True when @value could name something vital, as frame or address. */
bool pool_is_vital(uint64_t value);

/** Any 64-bit value that is not vital: edge cases, pool names, noise. */
uint64_t any_value(void);

/** Small numbers, for commands, counts, ports, ids. */
uint64_t any_small(void);

/** Flags and a frame: an entry for a page table. */
uint64_t any_pte(void);

/** An address of the pool or the window, or one that is bad. */
uint64_t any_va(void);

/** An address that no copy succeeds at. */
uint64_t bad_pointer(void);

/** A place for arguments, 8-aligned in the pool and full of any_value(). */
uint64_t *any_arguments(unsigned int words);

/** Machine address of some entry of a frame of the pool. */
uint64_t any_entry(void);

/** One random hypercall of any number; skips what would end the guest. */
void step_generic(void);

/** Near-valid steps, one function per family. */
void step_mmu(void);
void step_mmuext(void);
void step_descriptors(void);
void step_events(void);
void step_grants(void);
void step_memory(void);
void step_vcpu(void);
void step_sched(void);
void step_traps(void);
void step_multicall(void);
void step_iret(void);
void step_access(void);
void step_privileged(void);
void step_user(void);
void step_misc(void);

/** Registers traps and callbacks again and masks events. */
void guard_repair(void);

#endif /* GUEST_FUZZ_H */
