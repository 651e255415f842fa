/* SPDX-License-Identifier: MIT */
/*
 * String instructions over pages that fault on the way, and that the timer
 * interrupts between iterations: rcx, rsi and rdi at each entry.
 */
#include <guest/mm.h>
#include <guest/replay.h>
#include <guest/test.h>

#define PAGES 8

static char from[PAGES * PAGE_SIZE] __page, to[PAGES * PAGE_SIZE] __page;
static unsigned int faults;

/* Maps the page that is missing, and looks at how far the loop got. */
static bool on_fault(struct regs *regs)
{
	char *page = (char *)(boot_vcpu_info->arch.cr2 & PAGE_MASK);

	observe(boot_vcpu_info->arch.cr2);
	observe(regs->error);
	observe_regs(regs);
	faults++;
	return page_make_rw(page) == 0;
}

static void spoil(char *area)
{
	char *page = area + random_below(&replay_random, PAGES) * PAGE_SIZE;

	if (random_one_in(&replay_random, 2)) {
		va_map(page, 0);
	} else {
		page_make_ro(page);
	}
}

static void run(uint64_t n)
{
	uint64_t off = random_below(&replay_random, PAGE_SIZE);
	uint64_t len = random_below(&replay_random, (PAGES - 1) * PAGE_SIZE);
	char *d = to + off, *s = from + random_below(&replay_random, PAGE_SIZE);

	switch (n % 4) {
	case 0:
		asm volatile("rep movsb"
		             : "+D"(d), "+S"(s), "+c"(len)::"memory");
		break;
	case 1:
		len /= 8;
		asm volatile("rep movsq"
		             : "+D"(d), "+S"(s), "+c"(len)::"memory");
		break;
	case 2:
		asm volatile("rep stosb"
		             : "+D"(d), "+c"(len)
		             : "a"(n)
		             : "memory");
		break;
	default:
		asm volatile("repe cmpsb"
		             : "+D"(d), "+S"(s), "+c"(len)::"memory", "cc");
		break;
	}
	observe(len);
	observe(ADDR(d));
}

GUEST_TEST(replay_rep)
{
	uint64_t rounds = replay_rounds(2000);

	replay_begin();
	trap_hook_set(VEC_PF, on_fault);
	ticker_start(100000, NULL);
	for (uint64_t n = 0; n < rounds; n++) {
		spoil(to);
		spoil(from);
		run(n);
	}
	ticker_stop();
	for (unsigned int i = 0; i < PAGES; i++) {
		page_make_rw(to + i * PAGE_SIZE);
		page_make_rw(from + i * PAGE_SIZE);
	}
	observe_bytes(to, sizeof(to));
	check(faults > 0, "no faults");
	replay_end("replay_rep");
}
