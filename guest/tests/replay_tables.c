/* SPDX-License-Identifier: MIT */
/*
 * Page tables built, pinned, switched to, torn down and reused at random,
 * with emulated writes and accesses through them, while a timer looks at
 * entries: twins must follow in every order of events.
 */
#include <guest/mm.h>
#include <guest/replay.h>
#include <guest/test.h>

#define SLOTS 32

static char pages[4][PAGE_SIZE] __page;

static volatile uint64_t *slot(uint64_t i)
{
	return pt_entry_in(pt_root(), MM_WINDOW + i * PAGE_SIZE, 1);
}

static void look(struct regs *regs)
{
	(void)regs;
	for (unsigned int i = 0; i < SLOTS; i++) {
		observe(*slot(i));
	}
}

static uint64_t some_pte(void)
{
	char *page = pages[random_below(&replay_random, 4)];
	uint64_t flags = random_next(&replay_random) &
	                 (PTE_P | PTE_W | PTE_A | PTE_D | PTE_NX);

	return pte_make(va_to_mfn(page), flags);
}

static void write_entry(uint64_t i)
{
	uint64_t pte = some_pte(), va = MM_WINDOW + i * PAGE_SIZE;

	switch (random_below(&replay_random, 4)) {
	case 0:
		observe(PROBE("movq %0, (%1)", ::"r"(pte), "r"(slot(i))
		              : "memory"));
		break;
	case 1:
		observe(PROBE("xchgq %0, (%1)",
		              : "+r"(pte)
		              : "r"(slot(i))
		              : "memory"));
		observe(pte);
		break;
	case 2:
		observe((uint64_t)pt_write(slot(i), pte));
		break;
	default:
		observe((uint64_t)hc_update_va_mapping(va, pte, UVMF_INVLPG));
		break;
	}
	mmuext(MMUEXT_INVLPG_LOCAL, va, 0);
}

static void access(uint64_t i)
{
	uint64_t va = MM_WINDOW + i * PAGE_SIZE, value = 0;

	observe(PROBE("movq (%1), %0", : "+r"(value) : "r"(va)));
	observe(value);
	observe(PROBE("movq %0, 8(%1)", ::"r"(value + 1), "r"(va) : "memory"));
}

/* A copy of the L4: switch to it, look, and go back. */
static void other_root(uint64_t *l4)
{
	volatile uint64_t *from = mfn_to_va(pt_root());
	uint64_t old = pt_root();

	for (unsigned int i = 0; i < 512; i++) {
		l4[i] = i >= 256 && i < 272 ? 0 : from[i];
	}
	page_make_ro(l4);
	observe((uint64_t)mmuext(MMUEXT_NEW_BASEPTR, va_to_mfn(l4), 0));
	pt_root_set(va_to_mfn(l4));
	access(random_below(&replay_random, SLOTS));
	look(NULL);
	observe((uint64_t)mmuext(MMUEXT_NEW_BASEPTR, old, 0));
	pt_root_set(old);
	page_make_rw(l4);
}

GUEST_TEST(replay_tables)
{
	uint64_t rounds = replay_rounds(5000);
	uint64_t *l4 = page_alloc();

	replay_begin();
	hc_vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables);
	window_map(0, 0);
	ticker_start(150000, look);
	for (uint64_t n = 0; n < rounds; n++) {
		write_entry(random_below(&replay_random, SLOTS));
		access(random_below(&replay_random, SLOTS));
		if (n % 50 == 0) {
			other_root(l4);
		}
	}
	ticker_stop();
	look(NULL);
	observe_bytes(pages, sizeof(pages));
	for (unsigned int i = 0; i < SLOTS; i++) {
		window_map(i, 0);
	}
	hc_vm_assist(VMASST_CMD_disable, VMASST_TYPE_writable_pagetables);
	page_free(l4);
	replay_end("replay_tables");
}
