/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include <guest/boot.h>
#include <guest/mm.h>
#include <guest/string.h>
#include <guest/test.h>

struct random fuzz_random;

uint64_t fuzz_below(uint64_t limit)
{
	return random_below(&fuzz_random, limit);
}

bool fuzz_one_in(unsigned int n)
{
	return random_one_in(&fuzz_random, n);
}

uint64_t any_small(void)
{
	switch (fuzz_below(6)) {
	case 0:
		return 0;
	case 1:
		return fuzz_below(4);
	case 2:
	case 3:
		return fuzz_below(64);
	case 4:
		return fuzz_below(5000);
	default:
		return DOMID_SELF + fuzz_below(8);
	}
}

uint64_t bad_pointer(void)
{
	static const uint64_t bad[] = {0,
	                               8,
	                               0x0000800000000000,
	                               0x00007ffffffffff8,
	                               0xffff7fffffffffff,
	                               M2P_BASE,
	                               0xffff82d040200000,
	                               0xffff830000000000,
	                               0xffff87fffffffff8,
	                               0xffff880000000000,
	                               0xfffffffffffffff8};

	return bad[fuzz_below(ARRAY_LEN(bad))];
}

uint64_t any_va(void)
{
	switch (fuzz_below(8)) {
	case 0:
		return bad_pointer();
	case 1:
		return ADDR(pool_page()) + PAGE_SIZE - fuzz_below(64);
	case 2:
	case 3:
		return MM_WINDOW + fuzz_below(FUZZ_SLOTS * PAGE_SIZE);
	case 4:
		return MM_WINDOW + fuzz_below(512) * PAGE_SIZE;
	default:
		return ADDR(pool_page()) + (fuzz_below(PAGE_SIZE) & ~7UL);
	}
}

uint64_t any_entry(void)
{
	return (pool_frame() << PAGE_SHIFT) | fuzz_below(512) * 8;
}

uint64_t any_pte(void)
{
	static const uint64_t common[] = {PTE_KERNEL, PTE_KERNEL_R, PTE_USER,
	                                  PTE_USER_R, PTE_TABLE,    0};
	uint64_t flags = common[fuzz_below(ARRAY_LEN(common))];

	if (fuzz_one_in(4)) {
		flags ^= BIT(fuzz_below(12));
	}
	if (fuzz_one_in(8)) {
		flags ^= BIT(52 + fuzz_below(12));
	}
	return pte_make(pool_frame(), flags);
}

static uint64_t noise(void)
{
	switch (fuzz_below(10)) {
	case 0:
		return any_small();
	case 1:
		return ~fuzz_below(16);
	case 2:
		return BIT(fuzz_below(64));
	case 3:
		return BIT(fuzz_below(64)) - 1;
	case 4:
		return any_va();
	case 5:
		return pool_frame();
	case 6:
		return any_entry();
	case 7:
		return any_pte();
	case 8:
		return random_next(&fuzz_random) >> fuzz_below(64);
	default:
		return random_next(&fuzz_random);
	}
}

uint64_t any_value(void)
{
	for (;;) {
		uint64_t value = noise();

		if (!pool_is_vital(value)) {
			return value;
		}
	}
}

uint64_t *any_arguments(unsigned int words)
{
	uint64_t *at = (uint64_t *)pool_page() + fuzz_below(512);
	bool spoilt = false;

	if ((ADDR(at) & ~PAGE_MASK) + words * 8 > PAGE_SIZE) {
		at -= words;
	}
	for (unsigned int i = 0; i < words && !spoilt; i++) {
		uint64_t value = any_value();

		spoilt = PROBE("movq %0, (%1)", ::"r"(value), "r"(&at[i])
		               : "memory");
	}
	return spoilt && fuzz_one_in(2) ? (uint64_t *)bad_pointer() : at;
}
