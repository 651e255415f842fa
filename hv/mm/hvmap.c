/* SPDX-License-Identifier: MIT */
/*
 * Editing the hypervisor's own page tables. Every guest root shares the L3
 * tables below hv_root's slots, so an edit is seen everywhere.
 */
#include <arch/cpu.h>
#include <arch/entry.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <mm/frames.h>

#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_A)

static unsigned int table_index(u64 va, unsigned int level)
{
	return va >> (PAGE_SHIFT + 9 * (level - 1)) & 511;
}

/* The entry of @va at @level; tables above it are made. U is allowed above all
 * of the M2P, and the last entry decides. */
static u64 *hv_entry(u64 va, unsigned int level)
{
	u64 user = va < M2P_VIRT_END ? PTE_U : 0;
	u64 *table = hv_root;

	for (unsigned int l = 4; l > level; l--) {
		u64 *entry = &table[table_index(va, l)];

		if (*entry == 0) {
			void *page = hv_page_alloc();

			if (page == NULL) {
				panic("no memory to map %#lx", va);
			}
			*entry = va_to_pa(page) | TABLE_FLAGS;
		}
		BUG_ON(*entry & PTE_PS && l < 4);
		*entry |= user;
		table = pa_to_va(*entry & PTE_FRAME);
	}
	return &table[table_index(va, level)];
}

void hv_map_prepare(u64 va, u64 bytes)
{
	for (u64 at = va; at < va + bytes; at += SIZE_2M) {
		(void)hv_entry(at, 1);
	}
}

void hv_map(u64 va, u64 pa, u64 flags)
{
	*hv_entry(va, 1) = pa | flags | PTE_P | PTE_A | PTE_D;
	invlpg(va);
}

void hv_map_copy(u64 to, u64 from, u64 bytes)
{
	for (u64 at = 0; at < bytes; at += PAGE_SIZE) {
		u64 *entry = hv_entry(to + at, 1);
		u64 pte = *hv_entry(from + at, 1);

		if (*entry != pte) {
			*entry = pte;
			invlpg(to + at);
		}
	}
}

void hv_unmap(u64 va)
{
	*hv_entry(va, 1) = 0;
	invlpg(va);
}

void hv_map_2m(u64 va, u64 pa, u64 flags)
{
	*hv_entry(va, 2) = pa | flags | PTE_P | PTE_A | PTE_D | PTE_PS;
}

void hv_map_table(u64 va, const u64 *l1, u64 flags)
{
	*hv_entry(va, 2) = va_to_pa(l1) | flags | PTE_P | PTE_A;
}
