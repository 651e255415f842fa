/* SPDX-License-Identifier: MIT */
/*
 * The victim: fills pages with a pattern that its seed and each page's
 * address determine, then checks them for ever (or for `beats=` rounds) and
 * prints a heartbeat. Runs beside hostile domains; any change is a FAIL.
 */
#include <guest/mm.h>
#include <guest/random.h>
#include <guest/test.h>
#include <guest/time.h>

#define PAGES 512

static uint64_t pages[PAGES][512] __page;

static uint64_t pattern(unsigned int page, unsigned int word, uint64_t round)
{
	return (page * 512UL + word + round) * 0x9e3779b97f4a7c15;
}

static void fill(uint64_t round)
{
	for (unsigned int p = 0; p < PAGES; p++) {
		for (unsigned int w = 0; w < 512; w++) {
			pages[p][w] = pattern(p, w, round);
		}
	}
}

static bool verify(uint64_t round)
{
	for (unsigned int p = 0; p < PAGES; p++) {
		for (unsigned int w = 0; w < 512; w++) {
			uint64_t got = *(volatile uint64_t *)&pages[p][w];

			if (!check_eq(got, pattern(p, w, round),
			              "page %u word %u", p, w)) {
				return false;
			}
		}
	}
	return true;
}

static void nap(void)
{
	struct sched_poll poll = {.timeout = time_now_ns() + 20 * MS};

	hc_sched_op(SCHEDOP_poll, &poll);
}

GUEST_TEST(canary)
{
	uint64_t beats = boot_option("beats", ~0UL);

	for (uint64_t beat = 1; beat <= beats; beat++) {
		fill(beat);
		for (unsigned int i = 0; i < 10; i++) {
			nap();
			if (!verify(beat)) {
				return;
			}
		}
		print("canary: beat %lu at %lu ms\n", beat, time_now_ns() / MS);
	}
}
