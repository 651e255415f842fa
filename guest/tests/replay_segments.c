/* SPDX-License-Identifier: MIT */
/*
 * Descriptors and selectors: accessed bits in the LDT and GDT as the guest
 * reads them back, and what the segment registers hold after the guest was
 * preempted, slept, or changed the table under a loaded selector.
 */
#include <guest/mm.h>
#include <guest/replay.h>
#include <guest/test.h>
#include <guest/time.h>

#define DATA 0x00cff2000000ffffUL

static uint64_t *ldt;

static void look(struct regs *regs)
{
	uint16_t ds, es, fs, gs;

	(void)regs;
	asm volatile("mov %%ds, %0\n\tmov %%es, %1\n\tmov %%fs, %2\n\t"
	             "mov %%gs, %3"
	             : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
	observe(ds);
	observe(es);
	observe(fs);
	observe(gs);
	for (unsigned int i = 0; i < 8; i++) {
		observe(ldt[i]);
	}
}

static void load(uint64_t n)
{
	uint64_t sel = random_below(&replay_random, 10) << 3 | 7;

	switch (n % 4) {
	case 0:
		observe(PROBE("mov %w0, %%ds", ::"r"(sel)));
		break;
	case 1:
		observe(PROBE("mov %w0, %%es", ::"r"(sel)));
		break;
	case 2:
		observe(PROBE("mov %w0, %%fs", ::"r"(sel)));
		break;
	default:
		observe(PROBE("mov %w0, %%gs", ::"r"(sel)));
		break;
	}
}

static bool on_failsafe(struct regs *regs)
{
	observe_regs(regs);
	asm volatile("mov %w0, %%ds\n\tmov %w0, %%es\n\tmov %w0, %%fs\n\t"
	             "mov %w0, %%gs" ::"r"(0));
	return true;
}

/* Clears or sets one descriptor, maybe under a selector that is loaded. */
static void change(void)
{
	uint64_t i = random_below(&replay_random, 8);
	uint64_t maddr = (va_to_mfn(ldt) << PAGE_SHIFT) + i * 8;

	observe((uint64_t)hc_update_descriptor(
		maddr, random_one_in(&replay_random, 3) ? 0 : DATA));
}

static void nap(void)
{
	struct sched_poll poll = {.timeout = time_now_ns() + 20000};

	hc_sched_op(SCHEDOP_poll, &poll);
}

GUEST_TEST(replay_segments)
{
	uint64_t rounds = replay_rounds(5000);

	replay_begin();
	trap_hook_set(ENTRY_FAILSAFE, on_failsafe);
	ldt = page_alloc();
	for (unsigned int i = 1; i < 8; i++) {
		ldt[i] = DATA;
	}
	page_make_ro(ldt);
	observe((uint64_t)mmuext(MMUEXT_SET_LDT, ADDR(ldt), 8));
	ticker_start(200000, look);
	for (uint64_t n = 0; n < rounds; n++) {
		load(n);
		if (n % 7 == 0) {
			change();
		}
		if (n % 101 == 0) {
			nap();
		}
		if (n % 13 == 0) {
			look(NULL);
		}
	}
	ticker_stop();
	on_failsafe(&(struct regs){0});
	mmuext(MMUEXT_SET_LDT, 0, 0);
	page_make_rw(ldt);
	page_free(ldt);
	replay_end("replay_segments");
}
