/* SPDX-License-Identifier: MIT */
/*
 * Accessed and dirty bits, read by code that interrupts the accesses at
 * random instructions: they must be set by the access, at the access.
 */
#include <guest/mm.h>
#include <guest/replay.h>
#include <guest/test.h>

#define PAGES 16

static char pages[PAGES][PAGE_SIZE] __page;

static void look(struct regs *regs)
{
	(void)regs;
	for (unsigned int i = 0; i < PAGES; i++) {
		observe(pte_of(pages[i]) & (PTE_A | PTE_D));
	}
}

/* A fresh entry, with A and D as chance has it. */
static void renew(unsigned int i)
{
	uint64_t bits = random_next(&replay_random) & (PTE_A | PTE_D);

	va_map(pages[i], pte_make(va_to_mfn(pages[i]), PTE_P | PTE_W | bits));
}

static void touch(unsigned int i)
{
	volatile char *p = &pages[i][random_below(&replay_random, PAGE_SIZE)];

	switch (random_below(&replay_random, 4)) {
	case 0:
		*p = (char)i;
		break;
	case 1:
		asm volatile("lock orb $0, %0" : "+m"(*p)::"cc");
		break;
	default:
		observe((uint64_t)*p);
		break;
	}
}

GUEST_TEST(replay_ad_bits)
{
	uint64_t rounds = replay_rounds(20000);

	replay_begin();
	ticker_start(100000, look);
	for (uint64_t n = 0; n < rounds; n++) {
		unsigned int i =
			(unsigned int)random_below(&replay_random, PAGES);

		if (random_one_in(&replay_random, 3)) {
			renew(i);
		}
		touch(i);
		if (n % 64 == 0) {
			look(NULL);
		}
	}
	ticker_stop();
	look(NULL);
	replay_end("replay_ad_bits");
}
