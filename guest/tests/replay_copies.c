/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own accesses to guest memory: arguments on pages that are
 * absent, read-only, clean or not accessed. The verdict (-EFAULT or not) and
 * the A and D bits afterwards.
 */
#include <guest/mm.h>
#include <guest/replay.h>
#include <guest/test.h>

static char pages[2][PAGE_SIZE] __page;

static void renew(unsigned int i)
{
	static const uint64_t rights[] = {0, PTE_P, PTE_P | PTE_W,
	                                  PTE_P | PTE_W | PTE_A};
	uint64_t flags = rights[random_below(&replay_random, 4)];

	va_map(pages[i], flags ? pte_make(va_to_mfn(pages[i]), flags) : 0);
}

static void look(struct regs *regs)
{
	(void)regs;
	observe(pte_of(pages[0]) & (PTE_P | PTE_W | PTE_A | PTE_D));
	observe(pte_of(pages[1]) & (PTE_P | PTE_W | PTE_A | PTE_D));
}

static void call(uint64_t n)
{
	char *p = pages[0] + PAGE_SIZE - random_below(&replay_random, 64);
	domid_t *dom = (domid_t *)(pages[0] + 64);

	switch (n % 6) {
	case 0:
		observe((uint64_t)hc_xen_version(XENVER_extraversion, p));
		break;
	case 1:
		observe((uint64_t)hc_memory_op(XENMEM_current_reservation,
		                               dom));
		break;
	case 2:
		observe((uint64_t)hc_event_channel_op(EVTCHNOP_send, p));
		break;
	case 3:
		observe((uint64_t)hc_xen_version(XENVER_get_features, p));
		break;
	case 4:
		observe((uint64_t)hc_multicall((void *)p, 1));
		break;
	default:
		observe((uint64_t)hc_memory_op(XENMEM_machphys_mapping, p));
		break;
	}
}

GUEST_TEST(replay_copies)
{
	uint64_t rounds = replay_rounds(10000);

	replay_begin();
	page_make_rw(pages[0]);
	memset(pages, 0xff, sizeof(pages));
	ticker_start(150000, look);
	for (uint64_t n = 0; n < rounds; n++) {
		renew(0);
		renew(1);
		call(n);
		look(NULL);
	}
	ticker_stop();
	page_make_rw(pages[0]);
	page_make_rw(pages[1]);
	observe_bytes(pages, sizeof(pages));
	replay_end("replay_copies");
}
