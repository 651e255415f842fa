/* SPDX-License-Identifier: MIT */
/*
 * Code that does not enter the hypervisor for longer than any event may wait:
 * loops that count in a register, in memory, in nothing, that copy, that poll
 * an event while it is masked, in user mode, and with a breakpoint of their
 * own. Without an instruction clock, where the timer lands in them is known by
 * the guest's state alone.
 */
#include <guest/event.h>
#include <guest/replay.h>
#include <guest/test.h>
#include <guest/user.h>

/* Counts in a register and in memory until rsi is taken from it. */
USER_CODE(u_count, "1: incq %rbx\n"
                   "addq %rbx, (%rdi)\n"
                   "testq %rsi, %rsi\n"
                   "jnz 1b\n"
                   "ud2");

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

static __attribute__((noinline)) void in_memory(void)
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

static void polling(void)
{
	uint64_t turns = 0;

	events_mask();
	while (!boot_vcpu_info->evtchn_upcall_pending) {
		turns++;
	}
	events_unmask();
	observe(turns);
}

static void end_user_loop(struct regs *regs)
{
	uint64_t at = regs->rip - USER_TEXT;

	if (at < PAGE_SIZE) {
		regs->rsi = 0;
	}
}

/* Who looks for return addresses on this stack soon leaves what addresses can
 * be. */
#define NO_STACK 0x00007ffffffffff0

static void in_user(void)
{
	struct regs regs = {.rip = user_address(u_count),
	                    .rdi = USER_DATA,
	                    .rsi = 1,
	                    .cs = SEL_CS64,
	                    .ss = SEL_SS,
	                    .rsp = NO_STACK,
	                    .rflags = FLAG_IF};

	user_resume(&regs);
	observe_regs(&regs);
	observe(regs.entry);
	observe(user_data()[0]);
}

static bool on_debug(struct regs *regs)
{
	observe(regs->rip);
	observe((uint64_t)hc_get_debugreg(6));
	regs->rflags |= FLAG_RF;
	return true;
}

/* The breakpoint is hit before each loop, of which the first ends at once, and
 * DR6 is never cleared. */
static void with_breakpoint(void)
{
	trap_hook_set(VEC_DB, on_debug);
	hc_set_debugreg(0, (uint64_t)in_memory);
	hc_set_debugreg(7, 1);
	seen = ticker_ticks - 1;
	in_memory();
	seen = ticker_ticks;
	in_memory();
	hc_set_debugreg(7, 0);
	trap_hook_set(VEC_DB, NULL);
}

static void (*const loops[])(void) = {in_register,    in_memory, in_nothing,
                                      copying,        polling,   in_user,
                                      with_breakpoint};

GUEST_TEST(replay_spin)
{
	uint64_t rounds = replay_rounds(8);

	replay_begin();
	user_init();
	ticker_start(1000000, end_user_loop);
	for (uint64_t i = 0; i < rounds; i++) {
		seen = ticker_ticks;
		loops[i % ARRAY_LEN(loops)]();
	}
	ticker_stop();
	observe_bytes(to, sizeof(to));
	replay_end("replay_spin");
}
