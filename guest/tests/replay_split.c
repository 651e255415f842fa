/* SPDX-License-Identifier: MIT */
/*
 * One store across two pages of which the second (or the first) is clean or
 * not accessed. No interruption may show the store half done, nor entries
 * that say otherwise than memory.
 */
#include <guest/mm.h>
#include <guest/replay.h>
#include <guest/test.h>

static char pages[2][PAGE_SIZE] __page;
static unsigned int torn;

static volatile uint64_t *middle(void)
{
	return (volatile uint64_t *)(pages[0] + PAGE_SIZE - 4);
}

static void look(struct regs *regs)
{
	uint64_t value = *middle();

	(void)regs;
	observe(pte_of(pages[0]) & (PTE_A | PTE_D));
	observe(pte_of(pages[1]) & (PTE_A | PTE_D));
	observe(value);
	torn += (uint32_t)value != value >> 32;
}

static void renew(unsigned int i)
{
	uint64_t bits = random_next(&replay_random) & (PTE_A | PTE_D);

	va_map(pages[i], pte_make(va_to_mfn(pages[i]), PTE_P | PTE_W | bits));
}

GUEST_TEST(replay_split)
{
	uint64_t rounds = replay_rounds(20000);

	replay_begin();
	ticker_start(100000, look);
	for (uint64_t n = 0; n < rounds; n++) {
		renew(n & 1);
		if (random_one_in(&replay_random, 2)) {
			renew(!(n & 1));
		}
		*middle() = n << 32 | n;
		if (n % 16 == 0) {
			look(NULL);
		}
	}
	ticker_stop();
	look(NULL);
	check_eq(torn, 0, "stores seen half done");
	replay_end("replay_split");
}
