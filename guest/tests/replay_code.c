/* SPDX-License-Identifier: MIT */
/*
 * Code that writes code: into the page it runs in, ahead of itself and beside
 * itself, and into a page that is called next. Machines that translate code
 * start such instructions anew; the instruction clock must count them once.
 */
#include <guest/mm.h>
#include <guest/replay.h>
#include <guest/test.h>

static uint8_t code[PAGE_SIZE] __page;

/* Adds edi times @step; the immediate is at 2, the routine ends with ret. */
static void assemble(uint8_t *at, uint32_t step)
{
	static const uint8_t form[] = {
		0x81, 0xc0, 0, 0, 0, 0, /* add $step, %eax */
		0xff, 0xcf,             /* dec %edi */
		0x75, 0xf6,             /* jnz 0 */
		0xc3,
	};

	memcpy(at, form, sizeof(form));
	memcpy(at + 2, &step, sizeof(step));
}

static uint64_t run(const uint8_t *at, uint64_t count)
{
	uint64_t sum = 0;

	asm volatile("call *%2"
	             : "+a"(sum), "+D"(count)
	             : "r"(at)
	             : "memory", "cc");
	return sum;
}

/* Loops edi times over a store into its own page, two instructions ahead of
 * the changed one. */
static void assemble_self(uint8_t *at)
{
	static const uint8_t form[] = {
		0x00, 0x3d, 0x02, 0x00, 0x00, 0x00, /* add %bh, 2(%rip) */
		0xff, 0xc0,                         /* inc %eax */
		0x05, 0x01, 0x00, 0x00, 0x00,       /* add $1, %eax */
		0xff, 0xcf,                         /* dec %edi */
		0x75, 0xef,                         /* jnz 0 */
		0xc3,
	};

	memcpy(at, form, sizeof(form));
	at[2] = 0x03; /* the immediate of the second add */
	at[1] = 0x3d;
}

GUEST_TEST(replay_code)
{
	uint64_t rounds = replay_rounds(300);
	uint64_t pte;

	replay_begin();
	pte = pte_of(code);
	va_map(code, pte & ~PTE_NX);
	ticker_start(3000, NULL);
	for (uint64_t n = 0; n < rounds; n++) {
		uint8_t *at = code + random_below(&replay_random, 4000);
		uint64_t count = 1 + random_below(&replay_random, 30);

		if (random_one_in(&replay_random, 2)) {
			assemble(at, (uint32_t)n);
		} else {
			assemble_self(at);
		}
		observe(run(at, count));
		observe(run(at, count));
	}
	ticker_stop();
	va_map(code, pte);
	observe_bytes(code, sizeof(code));
	replay_end("replay_code");
}
