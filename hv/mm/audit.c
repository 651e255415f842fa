/* SPDX-License-Identifier: MIT */
/*
 * The recount: every reference and every type of every frame, found again from
 * what holds them, compared with the counts. It knows the holders and not the
 * history, so it shares no code with the paths that count.
 */
#include <arch/machine.h>
#include <hv/grant.h>
#include <hv/lib.h>
#include <hv/rr.h>
#include <mm/table.h>

#define MAX_LINES 20

static unsigned int mismatches;

static void mismatch(const struct page *pg, const char *what, u64 is,
                     u64 should)
{
	if (mismatches++ >= MAX_LINES) {
		return;
	}
	log_error("audit: frame %#lx of d%d (type %u, flags %#x): %s is %#lx, "
	          "should be %#lx",
	          page_mfn(pg), pg->owner == NULL ? -1 : pg->owner->id,
	          pg->type, pg->flags, what, is, should);
}

static bool is_ram(u64 mfn)
{
	return mfn < frame_table_end && (mfn_page(mfn)->flags & PGF_RAM);
}

static void count(struct page *pg, bool typed)
{
	pg->scratch++;
	pg->scratch_type += typed;
}

static void count_entry(struct domain *d, unsigned int level, u64 pte)
{
	u64 n = pte_frame(pte);
	struct page *pg;

	if (!(pte & PTE_P)) {
		return;
	}
	if (d->traced) {
		pg = n < d->s.nr_frames ? d->frames[n] : NULL;
	} else {
		pg = is_ram(n) ? mfn_page(n) : NULL;
	}
	if (pg != NULL) {
		count(pg, level > 1 || (pte & PTE_RW));
	}
}

/* How many of a table's entries hold references. */
static unsigned int referenced_entries(const struct page *pg)
{
	if (pg->flags & (PGF_PARTIAL | PGF_TEARDOWN)) {
		return pg->partial;
	}
	return pg->flags & PGF_VALIDATED ? TABLE_ENTRIES : 0;
}

static void count_page(struct page *pg)
{
	const u16 typed = PGF_PINNED | PGF_PARTIAL | PGF_TEARDOWN | PGF_SHARED;
	unsigned int n = referenced_entries(pg);

	if (pg->flags & PGF_ALLOCATED) {
		count(pg, false);
	}
	for (u16 held = pg->flags & typed; held != 0; held &= held - 1) {
		count(pg, true);
	}
	for (unsigned int i = 0; i < n; i++) {
		if (!is_hv_slot(pg->type, i)) {
			count_entry(pg->owner, pg->type, table_entries(pg)[i]);
		}
	}
}

static void count_optional(struct page *pg)
{
	if (pg != NULL) {
		count(pg, true);
	}
}

static void count_vcpu(struct vcpu *v)
{
	count_optional(v->kernel_root);
	count_optional(v->user_root);
	count_optional(v->info_page);
	for (unsigned int i = 0; i < ARRAY_SIZE(v->gdt_pages); i++) {
		count_optional(v->gdt_pages[i]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(v->ldt_pages); i++) {
		count_optional(v->ldt_pages[i]);
	}
}

static void count_grant(struct page *pg)
{
	count(pg, false);
}

/* The twin says what the guest's entry permits and never more. */
static void check_twin_entry(const struct page *table, unsigned int i)
{
	u64 guest = table_entries(table)[i];
	u64 twin = table_entries(table->twin)[i];
	u64 lent = twin & (PTE_P | PTE_RW);
	struct page *pg;

	if (!(twin & PTE_P)) {
		lent = 0;
	} else if (!(guest & PTE_A)) {
		mismatch(table, "twin of an unaccessed entry", twin, 0);
	}
	if (lent & ~guest || (twin & PTE_P && (guest & ~twin & PTE_NX))) {
		mismatch(table, "twin", twin, guest);
		return;
	}
	if (!(twin & PTE_P)) {
		return;
	}
	pg = table->owner->frames[pte_frame(guest)];
	if (table->type > PGT_L1) {
		pg = pg->twin;
	} else if ((lent & PTE_RW) &&
	           (!(guest & PTE_D) || (!(pg->flags & PGF_DIRTY) &&
	                                 mmu_twin_guards_clean(pg->owner)))) {
		mismatch(table, "writable twin of a clean entry", twin, guest);
	}
	if (pg == NULL || pte_frame(twin) != page_mfn(pg)) {
		mismatch(table, "frame of a twin", twin, guest);
	}
}

static void check_twin(const struct page *pg)
{
	bool wanted = pg->owner->traced && (pg->flags & PGF_VALIDATED) &&
	              pg->type >= PGT_L1 && pg->type <= PGT_L4;

	if ((pg->twin != NULL) != wanted) {
		mismatch(pg, "has a twin", pg->twin != NULL, wanted);
		return;
	}
	for (unsigned int i = 0; wanted && i < TABLE_ENTRIES; i++) {
		if (!is_hv_slot(pg->type, i)) {
			check_twin_entry(pg, i);
		} else if (table_entries(pg)[i] != 0) {
			mismatch(pg, "hypervisor slot", table_entries(pg)[i],
			         0);
		}
	}
}

static void check_number(const struct page *pg)
{
	struct domain *d = pg->owner;

	if (!d->traced && pg->gmfn != page_mfn(pg)) {
		mismatch(pg, "gmfn", pg->gmfn, page_mfn(pg));
	}
	if (d->traced &&
	    (pg->gmfn >= d->s.nr_frames || d->frames[pg->gmfn] != pg)) {
		mismatch(pg, "gmfn", pg->gmfn, 0);
	}
}

static void check_page(struct page *pg)
{
	if (pg->owner == NULL) {
		if (pg->scratch != 0) {
			mismatch(pg, "references without owner", 0,
			         pg->scratch);
		}
		return;
	}
	if (pg->refs != pg->scratch) {
		mismatch(pg, "refs", pg->refs, pg->scratch);
	}
	if (pg->type_refs != pg->scratch_type) {
		mismatch(pg, "type_refs", pg->type_refs, pg->scratch_type);
	}
	check_twin(pg);
	check_number(pg);
}

static void for_each_ram(void (*fn)(struct page *pg))
{
	for (u64 mfn = 0; mfn < frame_table_end; mfn++) {
		if (is_ram(mfn)) {
			fn(mfn_page(mfn));
		}
	}
}

static void reset_page(struct page *pg)
{
	pg->scratch = 0;
	pg->scratch_type = 0;
}

static void count_owned(struct page *pg)
{
	if (pg->owner != NULL) {
		count_page(pg);
	}
}

static void check_domain(struct domain *d)
{
	struct page *pg;
	u64 n = 0;

	list_for_each (pg, &d->pages, link) {
		n++;
		if (pg->owner != d) {
			mismatch(pg, "owner", 0, d->id);
		}
	}
	if (n != d->nr_pages) {
		mismatches++;
		log_error("audit: d%u has %lu pages, its count says %lu", d->id,
		          n, d->nr_pages);
	}
}

unsigned int mm_audit(void)
{
	struct domain *d;
	struct vcpu *v;

	mismatches = 0;
	for_each_ram(reset_page);
	for_each_ram(count_owned);
	for_each_domain (d) {
		for_each_vcpu (d, v) {
			count_vcpu(v);
		}
		grant_for_each_held(d, count_grant);
	}
	for_each_ram(check_page);
	for_each_domain (d) {
		check_domain(d);
		mismatches += rr_audit(d);
	}
	return mismatches + grant_audit() + paging_audit();
}
