/* SPDX-License-Identifier: MIT */
/*
 * The page tables that a new domain starts on, in its own frame numbers.
 *
 * They are written before they are page tables to anyone: validation checks
 * them afterwards as it checks a guest's. The rights are those of xen.h's
 * start of day: all writable and executable but the tables themselves.
 */
#include <hv/builder.h>
#include <hv/mm.h>

#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_U | PTE_A | PTE_D)
#define LEAF_FLAGS  (PTE_P | PTE_RW | PTE_A)

/* The frames from which missing tables come; layout.c counted them. */
struct table_pool {
	u64 next_pfn, end_pfn;
};

static unsigned int table_index(u64 va, unsigned int level)
{
	return va >> (PAGE_SHIFT + 9 * (level - 1)) & 511;
}

static u64 make_pte(const struct builder *b, u64 pfn, u64 flags)
{
	return page_gmfn(builder_page(b, pfn)) << PAGE_SHIFT | flags;
}

/* The entry of @va in its L1 table; tables on the way are made. */
static u64 *leaf_entry(struct builder *b, struct table_pool *pool, u64 va)
{
	u64 *table = builder_va(b, b->l.tables_pfn);

	for (unsigned int level = 4; level > 1; level--) {
		u64 *entry = &table[table_index(va, level)];

		if (!(*entry & PTE_P)) {
			BUG_ON(pool->next_pfn == pool->end_pfn);
			*entry = make_pte(b, pool->next_pfn++, TABLE_FLAGS);
		}
		table = page_va(domain_frame(b->d, pte_frame(*entry)));
	}
	return &table[table_index(va, 1)];
}

static bool is_table(const struct boot_layout *l, u64 pfn)
{
	return pfn >= l->tables_pfn && pfn < l->tables_pfn + l->nr_tables;
}

static void map_range(struct builder *b, struct table_pool *pool, u64 va,
                      u64 pfn, u64 pages)
{
	u64 *entry = NULL;

	for (u64 i = 0; i < pages; i++, va += PAGE_SIZE) {
		u64 flags = is_table(&b->l, pfn + i) ? LEAF_FLAGS & ~PTE_RW
		                                     : LEAF_FLAGS;

		if (!entry || table_index(va, 1) == 0) {
			entry = leaf_entry(b, pool, va);
		}
		*entry++ = make_pte(b, pfn + i, flags);
	}
}

void builder_fill_tables(struct builder *b)
{
	const struct boot_layout *l = &b->l;
	struct table_pool pool = {
		.next_pfn = l->tables_pfn + 1, /* the L4 is there */
		.end_pfn = l->tables_pfn + l->nr_tables,
	};

	map_range(b, &pool, l->virt_base, 0, l->end_pfn);
	if (l->p2m_apart) {
		pool = (struct table_pool){
			.next_pfn = l->p2m_tables_pfn,
			.end_pfn = l->p2m_tables_pfn + l->nr_p2m_tables,
		};
		map_range(b, &pool, l->p2m_va, l->p2m_pfn, l->nr_p2m);
	}
}
