/* SPDX-License-Identifier: MIT */
/*
 * Traps of the guest's own that are told from a debugger's only by what they
 * leave in DR6: a step that ends with the trap flag clear, because the
 * instruction stepped over cleared it. They come at the end of code that runs
 * for longer than an event may wait, while the hypervisor may have breakpoints
 * of its own in it.
 */
#include <guest/event.h>
#include <guest/replay.h>
#include <guest/test.h>

/* A lap is long, so that a replay passes each place in it rarely. */
#define MOST_LAPS 8000
#define LAP                                                                    \
	".rept 500\n\t"                                                        \
	"imulq %1, %0\n\t"                                                     \
	"incq %0\n\t"                                                          \
	".endr"

static unsigned int traps;

static bool on_debug(struct regs *regs)
{
	observe(regs->rip);
	observe(regs->rflags);
	observe((uint64_t)hc_get_debugreg(6));
	hc_set_debugreg(6, 0);
	traps++;
	return true;
}

/* One trap, after the second popf. */
static void step_out_of_step(void)
{
	asm volatile("pushfq\n\t"
	             "pushfq\n\t"
	             "orq %0, (%%rsp)\n\t"
	             "popfq\n\t"
	             "popfq" ::"i"(FLAG_TF)
	             : "memory", "cc");
}

GUEST_TEST(replay_step)
{
	uint64_t rounds = replay_rounds(60), n = 1;

	replay_begin();
	trap_hook_set(VEC_DB, on_debug);
	ticker_start(1000000, NULL);
	for (uint64_t i = 0; i < rounds; i++) {
		uint64_t laps = random_below(&replay_random, MOST_LAPS);

		/* Here and not in a function: nobody who looks for a place up
		 * the stack finds one that is passed before the step. */
		while (laps-- > 0) {
			asm volatile(LAP : "+r"(n) : "r"(0x5851f42d4c957f2d));
		}
		step_out_of_step();
		hc_xen_version(XENVER_version, NULL);
	}
	ticker_stop();
	observe(n);
	check_eq(traps, rounds, "single steps");
	replay_end("replay_step");
}
