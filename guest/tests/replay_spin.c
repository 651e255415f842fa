/* SPDX-License-Identifier: MIT */
/*
 * Code that does not enter the hypervisor for longer than any event may wait:
 * loops that count in a register, in memory, in nothing, that copy, and that
 * poll a word which only the timer's handler changes. Without an instruction
 * clock, where the timer lands in them is known by the guest's state alone.
 */
#include <guest/replay.h>
#include <guest/test.h>

static volatile uint64_t counter;
static volatile unsigned int seen;
static char from[8 * PAGE_SIZE] __page, to[8 * PAGE_SIZE] __page;

static void in_register(void)
{
	uint64_t n = 0;

	while (ticker_ticks == seen) {
		asm volatile("incq %0" : "+r"(n));
	}
	observe(n);
}

static void in_memory(void)
{
	while (ticker_ticks == seen) {
		counter++;
	}
	observe(counter);
}

/* Every round is like every other: any may be the one. */
static void in_nothing(void)
{
	while (ticker_ticks == seen) {
		asm volatile("pause");
	}
}

static void copying(void)
{
	uint64_t n = 0;

	while (ticker_ticks == seen) {
		from[n % sizeof(from)]++;
		memcpy(to, from, sizeof(to));
		n++;
	}
	observe(n);
}

static void (*const loops[])(void) = {in_register, in_memory, in_nothing,
                                      copying};

GUEST_TEST(replay_spin)
{
	uint64_t rounds = replay_rounds(8);

	replay_begin();
	ticker_start(1000000, NULL);
	for (uint64_t i = 0; i < rounds; i++) {
		seen = ticker_ticks;
		loops[i % ARRAY_LEN(loops)]();
	}
	ticker_stop();
	observe_bytes(to, sizeof(to));
	replay_end("replay_spin");
}
