/* SPDX-License-Identifier: MIT */
/*
 * The resume flag. A page fault that the hypervisor resolves alone leaves it
 * set in what the CPU pushes, and a CPU may keep it for longer than the one
 * instruction; such faults are others in a replay. So it must show neither in
 * the flags of interrupted code nor in what execution breakpoints do.
 */
#include <guest/replay.h>
#include <guest/test.h>

#define PAGES 64

static char pages[PAGES][PAGE_SIZE] __page;
static unsigned int hits;

static bool on_debug(struct regs *regs)
{
	observe(regs->rip);
	hits++;
	hc_set_debugreg(6, 0);
	regs->rflags |= FLAG_RF;
	return true;
}

static void touch_and_spin(const volatile char *p)
{
	asm volatile("movb %0, %%al\n\t"
	             "movl $100000, %%ecx\n\t"
	             "1: decl %%ecx\n\t"
	             "jnz 1b" ::"m"(*p)
	             : "eax", "ecx", "cc");
}

/* The access and the breakpoint after it, in straight code. */
static __attribute__((noinline)) void touch_and_break(const volatile char *p)
{
	extern const char break_here[];

	hc_set_debugreg(0, ADDR(break_here));
	hc_set_debugreg(7, 3);
	asm volatile("movb %0, %%al\n\t"
	             "break_here: nop" ::"m"(*p)
	             : "eax");
	hc_set_debugreg(7, 0);
}

GUEST_TEST(replay_flags)
{
	replay_begin();
	trap_hook_set(VEC_DB, on_debug);
	ticker_start(30000, NULL);
	for (unsigned int i = 0; i < PAGES / 2; i++) {
		touch_and_spin(pages[i]);
	}
	ticker_stop();
	for (unsigned int i = PAGES / 2; i < PAGES; i++) {
		touch_and_break(pages[i]);
	}
	check_eq(hits, PAGES / 2, "execution breakpoints");
	replay_end("replay_flags");
}
