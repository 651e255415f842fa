/* SPDX-License-Identifier: MIT */
/*
 * The frames of a new domain and their contents; see hv/builder.h.
 */
#include <hv/builder.h>
#include <hv/errno.h>
#include <hv/mm.h>

int builder_init(struct builder *b, struct domain *d,
                 const struct boot_layout *l)
{
	*b = (struct builder){.d = d, .l = *l};
	b->mfns = hv_pages_alloc(l->nr_pages * sizeof(*b->mfns));
	if (!b->mfns) {
		log_warn(
			"first domain: no memory left to build it with: lower its memory");
		return -XEN_ENOMEM;
	}
	return 0;
}

void builder_release(struct builder *b)
{
	if (b->mfns) {
		hv_pages_free(b->mfns, b->l.nr_pages * sizeof(*b->mfns));
		b->mfns = NULL;
	}
}

int builder_populate(struct builder *b, u64 end_pfn)
{
	while (b->nr_populated < end_pfn) {
		struct page *pg = domain_frame_alloc(b->d, GMFN_NONE);

		if (!pg) {
			log_warn(
				"first domain: memory ran out after %llu of its %llu MiB: lower its memory",
				(unsigned long long)b->nr_populated >> 8,
				(unsigned long long)b->l.nr_pages >> 8);
			return -XEN_ENOMEM;
		}
		b->mfns[b->nr_populated] = (u32)page_mfn(pg);
		m2p_set(b->d, pg, b->nr_populated);
		b->nr_populated++;
	}
	return 0;
}

void builder_copy(struct builder *b, u64 offset, const void *src, u64 size)
{
	const u8 *from = src;

	while (size > 0) {
		u64 in_page = offset % PAGE_SIZE;
		u64 n = MIN(size, PAGE_SIZE - in_page);

		memcpy((u8 *)builder_va(b, offset >> PAGE_SHIFT) + in_page,
		       from, n);
		from += n;
		offset += n;
		size -= n;
	}
}

void builder_fill_p2m(struct builder *b)
{
	const u64 per_page = PAGE_SIZE / sizeof(u64);

	for (u64 pfn = 0; pfn < b->l.nr_pages; pfn++) {
		u64 *list = builder_va(b, b->l.p2m_pfn + pfn / per_page);

		list[pfn % per_page] = page_gmfn(builder_page(b, pfn));
	}
}
