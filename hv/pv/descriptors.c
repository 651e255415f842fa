/* SPDX-License-Identifier: MIT */
/*
 * Guest descriptor tables. A frame that holds descriptors has type
 * PGT_SEGDESC: all 512 of it were checked and edited so that ring 3 may have
 * them, accessed bits set. So the CPU never writes to one, and the windows map
 * them read-only.
 *
 * The GDT's limit is always the whole window: frames that the guest did not
 * give read as empty, the last two are the hypervisor's. The LDT is taken at
 * SET_LDT and not when it is used, so that using it changes nothing (R8).
 */
#include <arch/cpu.h>
#include <arch/desc.h>
#include <arch/entry.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/traps.h>
#include <pv/cpu_state.h>

#define PER_PAGE      (PAGE_SIZE / 8)
#define GDT_MAX       (GDT_MAX_PAGES * PER_PAGE)
#define LDT_MAX_PAGES 16
#define LDT_MAX       (LDT_MAX_PAGES * PER_PAGE)
#define SYSTEM_TYPE   (15UL << 40)

static const u64 empty_page[PER_PAGE] __page_aligned;

bool descriptor_fix(u64 desc, u64 *fixed)
{
	*fixed = desc;
	if (!(desc & DESC_P)) {
		return true;
	}
	*fixed |= DESC_DPL;
	if (desc & DESC_S) {
		*fixed |= DESC_ACCESSED;
		return true;
	}
	return (desc & SYSTEM_TYPE) == 0; /* the reserved type: never loads */
}

bool descriptors_validate(struct page *pg)
{
	u64 *table = page_va(pg);
	u64 fixed;

	for (unsigned int i = 0; i < PER_PAGE; i++) {
		if (!descriptor_fix(table[i], &fixed)) {
			guest_log(pg->owner,
			          "descriptor %u of frame %#x is a system "
			          "descriptor (%#lx): refused",
			          i, pg->gmfn, table[i]);
			return false;
		}
	}
	for (unsigned int i = 0; i < PER_PAGE; i++) {
		descriptor_fix(table[i], &table[i]);
	}
	return true;
}

static u64 gdt_window(const struct vcpu *v, unsigned int page)
{
	return desc_window(v->slot) + page * PAGE_SIZE;
}

static u64 ldt_window(const struct vcpu *v, unsigned int page)
{
	return desc_window(v->slot) + DESC_LDT_OFFSET + page * PAGE_SIZE;
}

void descriptor_window_init(struct vcpu *v)
{
	for (unsigned int i = 0; i < GDT_MAX_PAGES; i++) {
		hv_map(gdt_window(v, i), va_to_pa(empty_page), PTE_NX);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(gdt_reserved_pa); i++) {
		hv_map(gdt_window(v, GDT_MAX_PAGES + i), gdt_reserved_pa[i],
		       PTE_RW | PTE_NX);
	}
}

static void put_pages(struct page **pages, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		if (pages[i] != NULL) {
			page_put_and_type(pages[i]);
			pages[i] = NULL;
		}
	}
}

/* After any change of descriptors all selectors are loaded again, so that none
 * lives on from a descriptor that is gone (R8). */
static void tables_changed(struct vcpu *v)
{
	if (v == current) {
		arch_load_descriptors(v);
		arch_reload_segments(v);
	}
}

static int gdt_get_pages(struct domain *d, const u64 *gmfns, unsigned int nr,
                         struct page **pages)
{
	for (unsigned int i = 0; i < nr; i++) {
		struct page *pg = domain_frame(d, gmfns[i]);

		if (pg == NULL || page_get_and_type(pg, d, PGT_SEGDESC) != 0) {
			put_pages(pages, i);
			return -XEN_EINVAL;
		}
		pages[i] = pg;
	}
	return 0;
}

int vcpu_set_gdt(struct vcpu *v, const u64 *gmfns, unsigned int entries)
{
	unsigned int nr = (unsigned int)((entries + PER_PAGE - 1) / PER_PAGE);
	struct page *pages[GDT_MAX_PAGES] = {NULL};

	if (entries > GDT_MAX) {
		return -XEN_EINVAL;
	}
	if (gdt_get_pages(v->domain, gmfns, nr, pages) != 0) {
		return -XEN_EINVAL;
	}
	for (unsigned int i = 0; i < GDT_MAX_PAGES; i++) {
		u64 pa = pages[i] ? page_pa(pages[i]) : va_to_pa(empty_page);

		hv_map(gdt_window(v, i), pa, PTE_NX);
		v->s.gdt_frames[i] = i < nr ? gmfns[i] : GMFN_NONE;
	}
	put_pages(v->gdt_pages, GDT_MAX_PAGES);
	memcpy(v->gdt_pages, pages, sizeof(pages));
	v->s.gdt_entries = entries;
	tables_changed(v);
	return 0;
}

static int ldt_get_pages(struct vcpu *v, u64 base, unsigned int nr,
                         struct page **pages, u64 *gmfns)
{
	for (unsigned int i = 0; i < nr; i++) {
		struct walk w;

		if (!guest_walk(v, base + i * PAGE_SIZE, &w) ||
		    w.page == NULL ||
		    page_get_and_type(w.page, v->domain, PGT_SEGDESC) != 0) {
			put_pages(pages, i);
			return -XEN_EINVAL;
		}
		pages[i] = w.page;
		gmfns[i] = pte_frame(w.pte[PGT_L1]);
	}
	return 0;
}

int vcpu_set_ldt(struct vcpu *v, u64 base, unsigned int entries)
{
	unsigned int nr = (unsigned int)((entries + PER_PAGE - 1) / PER_PAGE);
	struct page *pages[LDT_MAX_PAGES] = {NULL};
	u64 gmfns[LDT_MAX_PAGES] = {0};
	u64 end = base + nr * PAGE_SIZE - 1;

	if (entries > LDT_MAX || base % PAGE_SIZE != 0 ||
	    (entries != 0 && (!is_canonical(base) || !is_canonical(end) ||
	                      is_hv_va(base) || is_hv_va(end)))) {
		return -XEN_EINVAL;
	}
	if (entries == 0 && v->s.ldt_entries == 0) {
		return 0; /* at each switch of a kernel's address spaces */
	}
	if (ldt_get_pages(v, base, nr, pages, gmfns) != 0) {
		return -XEN_EINVAL;
	}
	for (unsigned int i = 0; i < LDT_MAX_PAGES; i++) {
		v->s.ldt_frames[i] = pages[i] != NULL ? gmfns[i] : GMFN_NONE;
		if (pages[i] != NULL) {
			hv_map(ldt_window(v, i), page_pa(pages[i]), PTE_NX);
		} else if (v->ldt_pages[i] != NULL) {
			hv_unmap(ldt_window(v, i));
		}
	}
	put_pages(v->ldt_pages, LDT_MAX_PAGES);
	memcpy(v->ldt_pages, pages, sizeof(pages));
	v->s.ldt_base = entries != 0 ? base : 0;
	v->s.ldt_entries = entries;
	tables_changed(v);
	return 0;
}

/* The references are part of the frames' state: none are taken here. */
static int ldt_rebuild(struct vcpu *v)
{
	unsigned int nr =
		(unsigned int)((v->s.ldt_entries + PER_PAGE - 1) / PER_PAGE);

	for (unsigned int i = 0; i < LDT_MAX_PAGES; i++) {
		struct page *pg;

		v->ldt_pages[i] = NULL;
		hv_unmap(ldt_window(v, i));
		if (i >= nr) {
			continue;
		}
		pg = domain_frame(v->domain, v->s.ldt_frames[i]);
		if (pg == NULL || pg->type != PGT_SEGDESC) {
			return -XEN_EINVAL;
		}
		v->ldt_pages[i] = pg;
		hv_map(ldt_window(v, i), page_pa(pg), PTE_NX);
	}
	return 0;
}

int vcpu_descriptors_rebuild(struct vcpu *v)
{
	unsigned int nr =
		(unsigned int)((v->s.gdt_entries + PER_PAGE - 1) / PER_PAGE);

	if (v->s.gdt_entries > GDT_MAX || v->s.ldt_entries > LDT_MAX) {
		return -XEN_EINVAL;
	}
	descriptor_window_init(v);
	memset(v->gdt_pages, 0, sizeof(v->gdt_pages));
	for (unsigned int i = 0; i < nr; i++) {
		struct page *pg = domain_frame(v->domain, v->s.gdt_frames[i]);

		if (pg == NULL || pg->type != PGT_SEGDESC) {
			return -XEN_EINVAL;
		}
		v->gdt_pages[i] = pg;
		hv_map(gdt_window(v, i), page_pa(pg), PTE_NX);
	}
	return ldt_rebuild(v);
}

void vcpu_descriptors_abandon(struct vcpu *v)
{
	descriptor_window_init(v);
	memset(v->gdt_pages, 0, sizeof(v->gdt_pages));
	v->s.gdt_entries = 0;
	v->s.ldt_entries = 0;
	(void)ldt_rebuild(v);
}

long hc_set_gdt(struct vcpu *v, struct hc_frame *f)
{
	u64 gmfns[GDT_MAX_PAGES];
	u32 entries = (u32)f->args[1];
	size_t nr = (entries + PER_PAGE - 1) / PER_PAGE;

	if (entries > GDT_MAX) {
		return -XEN_EINVAL;
	}
	if (hc_read(f, gmfns, f->args[0], nr * sizeof(gmfns[0])) != 0) {
		return -XEN_EFAULT;
	}
	return vcpu_set_gdt(v, gmfns, entries);
}

/* Writes @desc into @pg, which the domain holds either as descriptors or as
 * memory of its own. */
static int descriptor_write(struct vcpu *v, struct page *pg, u64 offset,
                            u64 desc)
{
	bool in_table = pg->type == PGT_SEGDESC && pg->type_refs != 0;
	u64 *entry = (u64 *)((u8 *)page_va(pg) + offset);

	if (page_get_and_type(pg, v->domain,
	                      in_table ? PGT_SEGDESC : PGT_WRITABLE) != 0) {
		return -XEN_EINVAL;
	}
	page_mark_dirty(pg);
	__atomic_store_n(entry, desc, __ATOMIC_RELAXED);
	page_put_and_type(pg);
	if (in_table && v == current) {
		arch_reload_segments(v);
	}
	return 0;
}

long hc_update_descriptor(struct vcpu *v, struct hc_frame *f)
{
	u64 address = f->args[0], offset = address % PAGE_SIZE, desc;
	struct page *pg = domain_frame(v->domain, address >> PAGE_SHIFT);

	if (address % sizeof(u64) != 0 || pg == NULL ||
	    !descriptor_fix(f->args[1], &desc)) {
		return -XEN_EINVAL;
	}
	return descriptor_write(v, pg, offset, desc);
}
