/* SPDX-License-Identifier: MIT */
/*
 * Long operations that the hypervisor cuts: big mmu_update batches, pins of
 * full trees, long multicalls. An event between the parts shows the guest
 * its registers at the cut: rip at the syscall, arguments as far as it got.
 */
#include <guest/mm.h>
#include <guest/replay.h>
#include <guest/test.h>

#define UPDATES 4000

static struct mmu_update updates[UPDATES];
static struct multicall_entry calls[512];
static char page[PAGE_SIZE] __page;

static void look(struct regs *regs)
{
	(void)regs;
	observe(updates[0].val);
	observe(*pt_entry(page, 1));
	observe(calls[100].result);
}

static void big_update(uint64_t n)
{
	uint64_t entry = pt_maddr(pt_entry(page, 1));
	unsigned int done = 0;

	for (unsigned int i = 0; i < UPDATES; i++) {
		updates[i].ptr = entry;
		updates[i].val =
			pte_make(va_to_mfn(page),
		                 (i + n) % 2 ? PTE_KERNEL : PTE_KERNEL_R);
	}
	if (n % 3 == 0) {
		updates[UPDATES / 2].val = pte_make(~0UL >> 12, PTE_KERNEL);
	}
	observe((uint64_t)hc_mmu_update(updates, UPDATES, &done, DOMID_SELF));
	observe(done);
}

static void big_tree(uint64_t *l1, uint64_t *l2)
{
	for (unsigned int i = 0; i < 512; i++) {
		l1[i] = pte_make(va_to_mfn(page), PTE_P | PTE_A);
		l2[i] = pte_make(va_to_mfn(l1), PTE_TABLE);
	}
	page_make_ro(l1);
	page_make_ro(l2);
	observe((uint64_t)pin(2, l2));
	observe(l1[17]);
	observe(l2[400]);
	observe((uint64_t)unpin(l2));
	page_make_rw(l1);
	page_make_rw(l2);
}

static void big_multicall(void)
{
	for (unsigned int i = 0; i < ARRAY_LEN(calls); i++) {
		calls[i] = (struct multicall_entry){
			.op = __HYPERVISOR_update_va_mapping,
			.args = {ADDR(page),
		                 pte_make(va_to_mfn(page), PTE_KERNEL),
		                 UVMF_INVLPG},
		};
	}
	observe((uint64_t)hc_multicall(calls, ARRAY_LEN(calls)));
	for (unsigned int i = 0; i < ARRAY_LEN(calls); i++) {
		observe(calls[i].result);
	}
}

GUEST_TEST(replay_cuts)
{
	uint64_t rounds = replay_rounds(60);
	uint64_t *l1 = page_alloc(), *l2 = page_alloc();

	replay_begin();
	ticker_start(150000, look);
	for (uint64_t n = 0; n < rounds; n++) {
		big_update(n);
		big_tree(l1, l2);
		big_multicall();
	}
	ticker_stop();
	page_make_rw(page);
	page_free(l1);
	page_free(l2);
	replay_end("replay_cuts");
}
