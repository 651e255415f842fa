/* SPDX-License-Identifier: MIT */
/*
 * A descriptor disappears while its selector is loaded. The guest goes on:
 * the selector stays, becomes null, or the failsafe callback tells of it
 * with the selectors in its frame.
 *
 * ABI: callback.h CALLBACKTYPE_failsafe; xen.h update_descriptor.
 */
#include <guest/mm.h>
#include <guest/test.h>
#include <guest/time.h>

#define DATA 0x00cff2000000ffffUL
#define SEL  (1 << 3 | 7)

extern uint64_t failsafe_selectors[4];
static unsigned int failsafes;

static bool on_failsafe(struct regs *regs)
{
	(void)regs;
	failsafes++;
	check(failsafe_selectors[0] == SEL || failsafe_selectors[1] == SEL ||
	              failsafe_selectors[2] == SEL ||
	              failsafe_selectors[3] == SEL,
	      "no selector of the frame is the one that failed");
	asm volatile("mov %w0, %%ds\n\tmov %w0, %%es" ::"r"(0));
	return true;
}

static uint16_t read_ds(void)
{
	uint16_t ds;

	asm volatile("mov %%ds, %0" : "=r"(ds));
	return ds;
}

GUEST_TEST(segment_faults)
{
	uint64_t *ldt = page_alloc();
	struct sched_poll poll = {0};

	trap_hook_set(ENTRY_FAILSAFE, on_failsafe);
	ldt[1] = DATA;
	page_make_ro(ldt);
	check_rc(mmuext(MMUEXT_SET_LDT, ADDR(ldt), 16), 0, "SET_LDT");
	asm volatile("mov %w0, %%ds" ::"r"(SEL));
	check_eq(read_ds(), SEL, "ds");
	check_rc(hc_update_descriptor((va_to_mfn(ldt) << PAGE_SHIFT) + 8, 0), 0,
	         "clear the descriptor");
	poll.timeout = time_now_ns() + 3 * MS;
	hc_sched_op(SCHEDOP_poll, &poll);
	check(failsafes <= 1, "%u failsafe callbacks", failsafes);
	check(read_ds() == SEL || read_ds() == 0, "ds is %x", read_ds());
	check_eq(PROBE("mov %w0, %%es", ::"r"(SEL)), EXC(VEC_GP, SEL & ~3),
	         "load it again");
	asm volatile("mov %w0, %%ds" ::"r"(0));
	mmuext(MMUEXT_SET_LDT, 0, 0);
	page_make_rw(ldt);
	page_free(ldt);
}
