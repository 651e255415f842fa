/* SPDX-License-Identifier: MIT */
/*
 * The machine-to-physical table: for each frame the number by which its guest
 * knows it (xen.h, HYPERVISOR_VIRT_START). Guests read it at M2P_VIRT and
 * cannot write it; the hypervisor writes through the direct map.
 *
 * Untraced domains share one, indexed by machine frame number, in pieces of 2
 * MiB that each describe 1 GiB. A traced domain has its own, indexed by its
 * gmfns and of a size fixed at its creation: reading further faults (R4).
 */
#include <arch/entry.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <mm/frames.h>

#define FRAMES_PER_PIECE (SIZE_2M / sizeof(u64))
#define MAX_PIECES       64
#define ENTRIES_PER_PAGE (PAGE_SIZE / sizeof(u64))
#define VIEW_LEAF        (PTE_P | PTE_U | PTE_A | PTE_NX)
#define VIEW_TABLE       (PTE_P | PTE_RW | PTE_U | PTE_A)

static u64 *pieces[MAX_PIECES];

static void *early_ones(u64 bytes)
{
	void *p = frames_early_alloc(bytes, bytes);

	if (p == NULL) {
		panic("no %lu KiB of memory for the M2P", bytes >> 10);
	}
	memset(p, 0xff, bytes);
	return p;
}

void m2p_init(void)
{
	u64 ones = va_to_pa(early_ones(PAGE_SIZE));
	u64 *hole = early_ones(PAGE_SIZE);

	for (unsigned int i = 0; i < ENTRIES_PER_PAGE; i++) {
		hole[i] = ones | VIEW_LEAF;
	}
	for (u64 mfn = 0; mfn < frame_table_end; mfn += FRAMES_PER_PIECE) {
		u64 va = M2P_VIRT + mfn * sizeof(u64);
		u64 *piece;

		if (!frames_any_ram(mfn, mfn + FRAMES_PER_PIECE)) {
			hv_map_table(va, hole, PTE_U | PTE_NX);
			continue;
		}
		BUG_ON(mfn / FRAMES_PER_PIECE >= MAX_PIECES);
		piece = early_ones(SIZE_2M);
		pieces[mfn / FRAMES_PER_PIECE] = piece;
		hv_map_2m(va, va_to_pa(piece), PTE_U | PTE_NX);
	}
}

static u64 *m2p_entry(struct domain *d, const struct page *pg)
{
	u64 mfn = page_mfn(pg);

	if (d->traced) {
		return &d->m2p_view[pg->gmfn];
	}
	return &pieces[mfn / FRAMES_PER_PIECE][mfn % FRAMES_PER_PIECE];
}

void m2p_set(struct domain *d, struct page *pg, u64 pfn)
{
	*m2p_entry(d, pg) = pfn;
}

u64 m2p_get(struct domain *d, const struct page *pg)
{
	return *m2p_entry(d, pg);
}

u64 m2p_size(const struct domain *d)
{
	return d->traced ? ROUND_UP(d->s.nr_frames * sizeof(u64), PAGE_SIZE)
	                 : ROUND_UP(frame_table_end, FRAMES_PER_PIECE) *
	                           sizeof(u64);
}

/* The table below entry @index of @table, made if needed; NULL without memory.
 */
static u64 *view_table(u64 *table, unsigned int index)
{
	if (table[index] == 0) {
		void *page = hv_page_alloc();

		if (page == NULL) {
			return NULL;
		}
		table[index] = va_to_pa(page) | VIEW_TABLE;
	}
	return pa_to_va(table[index] & PTE_FRAME);
}

static int view_map(struct domain *d, u64 offset)
{
	u64 *l2 = view_table(d->m2p_tables, offset >> 30 & 511);
	u64 *l1 = l2 == NULL ? NULL : view_table(l2, offset >> 21 & 511);

	if (l1 == NULL) {
		return -XEN_ENOMEM;
	}
	l1[offset >> 12 & 511] =
		va_to_pa((u8 *)d->m2p_view + offset) | VIEW_LEAF;
	return 0;
}

int m2p_view_init(struct domain *d)
{
	u64 size = m2p_size(d);

	d->m2p_view = hv_pages_alloc(size);
	d->m2p_tables = hv_page_alloc();
	if (d->m2p_view == NULL || d->m2p_tables == NULL) {
		return -XEN_ENOMEM;
	}
	memset(d->m2p_view, 0xff, size);
	for (u64 offset = 0; offset < size; offset += PAGE_SIZE) {
		if (view_map(d, offset) != 0) {
			return -XEN_ENOMEM;
		}
	}
	return 0;
}

static void view_tables_free(u64 *table, unsigned int level)
{
	for (unsigned int i = 0; level > 1 && i < ENTRIES_PER_PAGE; i++) {
		if (table[i] != 0) {
			view_tables_free(pa_to_va(table[i] & PTE_FRAME),
			                 level - 1);
		}
	}
	hv_page_free(table);
}

void m2p_view_destroy(struct domain *d)
{
	if (d->m2p_tables != NULL) {
		view_tables_free(d->m2p_tables, 3);
	}
	hv_pages_free(d->m2p_view, m2p_size(d));
	d->m2p_tables = NULL;
	d->m2p_view = NULL;
}
