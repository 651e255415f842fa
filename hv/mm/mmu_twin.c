/* SPDX-License-Identifier: MIT */
/*
 * Twin tables: the MMU of a traced domain (D9, R4 to R6).
 *
 * Each validated table of the guest has a twin, and the CPU walks twins only.
 * The guest's entries hold its own frame numbers, the twin's hold machine ones.
 * What the twin lets through is always a part of what the guest's entry does:
 *
 *   guest's leaf           twin's leaf
 *   A clear                not present: the first access comes here
 *   D clear                read-only: the first write comes here
 *   frame not yet dirty    read-only: the first write of an epoch comes here,
 *                          if somebody wants to know it before it happens
 *
 *   debug_guards()         not present: debug_leaf() decides at each access
 *
 * So accessed and dirty bits appear in the guest's entry at the access, set by
 * the hypervisor, and never because the CPU speculated. Twins have A set
 * throughout, and D too unless the domain is dirty_by_cpu: then the CPU sets it
 * where it writes, which no guest sees, and mmu_twin_harvest() collects what
 * was written. Entries above the leaves have A set from validation on, in both.
 */
#include <arch/entry.h>
#include <hv/debug.h>
#include <hv/lib.h>
#include <hv/rr.h>
#include <mm/table.h>

#define TWIN_TABLE (PTE_P | PTE_U | PTE_A)
#define TWIN_LEAF  (PTE_P | PTE_U | PTE_A)

/* A table that two entries of one level share is reached by more addresses
 * than breaks were checked for. (L3 tables count as shared always.) */
static void note_shared(const struct page *table, const struct page *child)
{
	struct domain *d = table->owner;

	if (d->debug == NULL || table->type == PGT_L4 ||
	    !mmu_table_shared(child)) {
		return;
	}
	for (unsigned int i = 0; i < TABLE_ENTRIES; i++) {
		if (debug_guards(d, i)) {
			mmu_twin_forget_index(d, i);
		}
	}
}

/* Entry @index of @table, which is @pte, is in the twin. */
static void note_entry(const struct page *table, unsigned int index, u64 pte)
{
	struct page *child;

	if (table->type == PGT_L1 || !(pte & PTE_P)) {
		return;
	}
	child = domain_frame(table->owner, pte_frame(pte));
	table_linked(table, index, child);
	note_shared(table, child);
}

static u64 twin_leaf(struct domain *d, u64 pte)
{
	struct page *pg;
	u64 bits = (pte & PTE_NX) | (d->dirty_by_cpu ? 0 : PTE_D);

	if ((pte & (PTE_P | PTE_A)) != (PTE_P | PTE_A)) {
		return 0;
	}
	pg = domain_frame(d, pte_frame(pte));
	if ((pte & PTE_RW) && (pte & PTE_D) &&
	    ((pg->flags & PGF_DIRTY) || !mmu_twin_guards_clean(d))) {
		bits |= PTE_RW;
	}
	return page_pa(pg) | bits | TWIN_LEAF;
}

/* What the twin of @table holds for entry @index of it, which is @pte. */
static u64 twin_of(const struct page *table, unsigned int index, u64 pte)
{
	struct domain *d = table->owner;
	struct page *child;

	if (table->type == PGT_L1) {
		return debug_guards(d, index) ? 0 : twin_leaf(d, pte);
	}
	if (!(pte & PTE_P)) {
		return 0;
	}
	child = domain_frame(d, pte_frame(pte))->twin;
	return page_pa(child) | (pte & (PTE_RW | PTE_NX)) | TWIN_TABLE;
}

/* The hypervisor's slots are in the twin alone; the M2P is the domain's. */
static void fill_hv_slots(struct domain *d, u64 *guest, u64 *twin)
{
	for (unsigned int i = HV_SLOT_FIRST; i <= HV_SLOT_LAST; i++) {
		guest[i] = 0;
		twin[i] = hv_root[i];
	}
	twin[HV_SLOT_FIRST] = va_to_pa(d->m2p_tables) | TWIN_TABLE | PTE_NX;
}

static u64 *l1_word(const struct page *table)
{
	return &table->owner->l1_twins[table->gmfn / 64];
}

/* The gmfn of the first L1 table with a twin from @g on; nr_frames after the
 * last. There are few among many frames. */
static u64 l1_next(const struct domain *d, u64 g)
{
	for (; g < d->s.nr_frames; g = (g | 63) + 1) {
		u64 word = d->l1_twins[g / 64] >> (g % 64);

		if (word != 0) {
			return g + (unsigned int)__builtin_ctzl(word);
		}
	}
	return d->s.nr_frames;
}

#define for_each_l1_twin(d, g)                                                 \
	for ((g) = l1_next(d, 0); (g) < (d)->s.nr_frames;                      \
	     (g) = l1_next(d, (g) + 1))

static void twin_fill(struct page *table, bool leaves)
{
	u64 *guest = table_entries(table), *twin = table_entries(table->twin);

	table_unlinked(table);
	if (table->type == PGT_L1) {
		*l1_word(table) |= 1UL << (table->gmfn % 64);
	}
	if (table->type == PGT_L4) {
		page_mark_dirty(table);
		fill_hv_slots(table->owner, guest, twin);
	}
	if (table->type == PGT_L1 && !leaves) {
		return;
	}
	for (unsigned int i = 0; i < TABLE_ENTRIES; i++) {
		if (is_hv_slot(table->type, i)) {
			continue;
		}
		twin[i] = 0;
		if (guest[i] & PTE_P) { /* few are */
			twin[i] = twin_of(table, i, guest[i]);
			note_entry(table, i, guest[i]);
		}
	}
}

/* Without memory for a twin the guest must not see an error (R7): what was
 * recorded so far is kept, and it stops at the instruction that needed one. */
static int twin_table_begin(struct page *table)
{
	static const char why[] = "no memory left for the twin of a page table";
	struct page *twin = frames_alloc(0);

	if (twin == NULL) {
		if (!rr_out_of_memory(table->owner, why)) {
			domain_crash(table->owner, why);
		}
		return -XEN_ENOMEM;
	}
	table->twin = twin;
	twin_fill(table, true);
	return 0;
}

/* The CPU wrote to @pg through a leaf. */
static void written_through(struct page *pg)
{
	struct domain *d = pg->owner;

	pg->flags &= (u16)~PGF_DIGESTED;
	if (d != NULL && !mmu_twin_guards_clean(d) &&
	    !(pg->flags & PGF_DIRTY)) {
		pg->flags |= PGF_DIRTY;
		d->nr_dirty++;
	}
}

static void eight_harvest(u64 *entry)
{
	for (unsigned int i = 0; i < 8; i++) {
		if (entry[i] & PTE_D) {
			written_through(mfn_page(pte_frame(entry[i])));
			entry[i] &= ~PTE_D;
		}
	}
}

/* Takes the dirty bits out of the leaves; true when there were any. */
static bool leaves_harvest(struct page *twin)
{
	u64 *entry = table_entries(twin);
	bool any = false;

	for (unsigned int i = 0; i < TABLE_ENTRIES; i += 8, entry += 8) {
		/* Most are clean. */
		if ((entry[0] | entry[1] | entry[2] | entry[3] | entry[4] |
		     entry[5] | entry[6] | entry[7]) &
		    PTE_D) {
			eight_harvest(entry);
			any = true;
		}
	}
	return any;
}

void mmu_twin_discard(struct page *table)
{
	*l1_word(table) &= ~(1UL << (table->gmfn % 64));
	frames_free(table->twin, 0);
	table->twin = NULL;
}

static void twin_table_end(struct page *table)
{
	if (table->type == PGT_L1 && table->owner->dirty_by_cpu) {
		(void)leaves_harvest(table->twin);
	}
	tlb_flush_stale();
	debug_map_changed(table->owner);
	mmu_twin_discard(table);
}

static void flush_entry(const struct page *table, unsigned int index)
{
	if (table->type != PGT_L1 || !table_entry_flush(table, index)) {
		tlb_note_stale();
		tlb_flush_domain(table->owner);
	}
}

/* What takes the place of the twin's entry @old: the dirty bit stays with the
 * frame. */
static u64 replacing(u64 old, u64 twin)
{
	if (!(old & PTE_D)) {
		return twin;
	}
	if ((twin & PTE_P) && pte_frame(twin) == pte_frame(old)) {
		return twin | PTE_D;
	}
	written_through(mfn_page(pte_frame(old)));
	return twin;
}

/* Any change of a live translation is flushed before the guest runs: what it
 * sees must not depend on what a TLB remembers. Only the right to write may
 * appear late, for without it the access comes here. */
static void twin_store(struct page *table, unsigned int index, u64 twin)
{
	u64 *entry = &table_entries(table->twin)[index];
	u64 old = *entry;

	twin = replacing(old, twin);
	__atomic_store_n(entry, twin, __ATOMIC_RELAXED);
	if ((old & PTE_P) && old != twin && (old | PTE_RW) != twin) {
		flush_entry(table, index);
	}
	debug_map_changed(table->owner);
}

static void twin_entry_write(struct page *table, unsigned int index, u64 pte)
{
	page_mark_dirty(table);
	table_entries(table)[index] = pte;
	twin_store(table, index, twin_of(table, index, pte));
	note_entry(table, index, pte);
}

static u64 twin_cr3(struct vcpu *v)
{
	struct page *root = v->s.kernel_mode ? v->kernel_root : v->user_root;

	/* Without a user root nothing is mapped, and the kernel hears of it. */
	return root == NULL ? va_to_pa(hv_root) : page_pa(root->twin);
}

/* The access of @w happens: A, and D for a write, are set in the guest's leaf
 * and the frame counts as written. */
static void twin_touch(const struct walk *w, bool write)
{
	struct page *table = w->table[PGT_L1];
	u64 *entry = &table_entries(table)[w->index[PGT_L1]];
	u64 pte = w->pte[PGT_L1] | PTE_A | (write ? PTE_D : 0);

	if (write) {
		page_mark_dirty(w->page);
	}
	if (*entry != pte) {
		page_mark_dirty(table);
		*entry = pte;
	}
}

static void twin_fault(struct vcpu *v, u64 va, const struct walk *w, bool write)
{
	struct page *table = w->table[PGT_L1];
	unsigned int index = w->index[PGT_L1];
	u64 leaf, old = table_entries(table->twin)[index];

	if (debug_stops_fetch(v, va)) {
		return;
	}
	twin_touch(w, write);
	leaf = twin_leaf(v->domain, table_entries(table)[index]);
	if (debug_guards(v->domain, index)) {
		leaf = debug_leaf(v, va, w, leaf);
	}
	/* The write that is tried again need not walk for the bit. */
	leaf |= write && (leaf & PTE_P) ? PTE_D : 0;
	table_entries(table->twin)[index] = replacing(old, leaf);
	if (old & PTE_P) {
		tlb_flush_va(v, va);
	}
}

const struct mmu_ops mmu_twin = {
	.name = "twin",
	.table_begin = twin_table_begin,
	.table_end = twin_table_end,
	.entry_write = twin_entry_write,
	.cr3 = twin_cr3,
	.fault = twin_fault,
	.touch = twin_touch,
};

/* Takes the right to write from all leaves of a twin. */
static void twin_protect(struct page *twin)
{
	u64 *entry = table_entries(twin);

	for (unsigned int i = 0; i < TABLE_ENTRIES; i++) {
		entry[i] &= ~PTE_RW;
	}
}

void mmu_twin_harvest(struct domain *d)
{
	bool any = false;
	u64 g;

	for_each_l1_twin(d, g)
	{
		any |= leaves_harvest(d->frames[g]->twin);
	}
	if (any) {
		tlb_flush_domain(d);
	}
}

void mmu_twin_epoch(struct domain *d)
{
	u64 g;

	if (d->dirty_by_cpu) {
		mmu_twin_harvest(d);
	}
	d->nr_dirty = 0;
	/* Pages shared with the hypervisor are among the frames, and not on
	 * the list of the domain's own. */
	for (g = 0; g < d->s.nr_frames; g++) {
		if (d->frames[g] != NULL) {
			d->frames[g]->flags &= (u16)~PGF_DIRTY;
		}
	}
	if (mmu_twin_guards_clean(d)) {
		for_each_l1_twin(d, g)
		{
			twin_protect(d->frames[g]->twin);
		}
		tlb_flush_domain(d);
	}
}

static bool wants_twin(const struct page *pg, unsigned int level)
{
	return pg != NULL && pg->type == level && (pg->flags & PGF_VALIDATED);
}

/* Frames that are tables no longer, or of another level, lose theirs. */
static void twins_empty(struct domain *d)
{
	memset(d->l1_twins, 0, mmu_twin_bitmap_bytes(d));
	for (u64 g = 0; g < d->s.nr_frames; g++) {
		struct page *pg = d->frames[g];

		if (pg == NULL || pg->twin == NULL) {
			continue;
		}
		if (wants_twin(pg, pg->type)) {
			memset(page_va(pg->twin), 0, PAGE_SIZE);
		} else {
			mmu_twin_discard(pg);
		}
	}
}

/* Every entry leads to a frame that is there, and is a table if it has to be:
 * what was loaded is a file's. */
static bool entries_lead(const struct page *table)
{
	const u64 *entry = table_entries(table);

	for (unsigned int i = 0; i < TABLE_ENTRIES; i++) {
		const struct page *pg;

		if (!(entry[i] & PTE_P) || is_hv_slot(table->type, i)) {
			continue;
		}
		pg = domain_frame(table->owner, pte_frame(entry[i]));
		if (pg == NULL || (table->type > PGT_L1 &&
		                   !wants_twin(pg, table->type - 1U))) {
			return false;
		}
	}
	return true;
}

int mmu_twin_rebuild(struct domain *d)
{
	twins_empty(d);
	debug_map_changed(d);
	for (unsigned int level = PGT_L1; level <= PGT_L4; level++) {
		for (u64 g = 0; g < d->s.nr_frames; g++) {
			struct page *pg = d->frames[g];

			if (!wants_twin(pg, level)) {
				continue;
			}
			if (!entries_lead(pg)) {
				return -XEN_EINVAL;
			}
			if (pg->twin == NULL) {
				pg->twin = frames_alloc(0);
			}
			if (pg->twin == NULL) {
				return -XEN_ENOMEM;
			}
			twin_fill(pg, false);
		}
	}
	tlb_flush_domain(d);
	return 0;
}

/* ---- for hv/debug -------------------------------------------------------- */

bool mmu_table_shared(const struct page *table)
{
	return table->type_refs - !!(table->flags & PGF_PINNED) > 1;
}

static void leaf_drop(struct page *twin, unsigned int index)
{
	u64 *entry = &table_entries(twin)[index];

	*entry = replacing(*entry, 0);
}

void mmu_twin_forget(struct vcpu *v, u64 va)
{
	struct walk w;

	if (guest_walk(v, va, &w)) {
		leaf_drop(w.table[PGT_L1]->twin, w.index[PGT_L1]);
		tlb_flush_va(v, va);
	}
}

void mmu_twin_forget_index(struct domain *d, unsigned int index)
{
	u64 g;

	for_each_l1_twin(d, g)
	{
		leaf_drop(d->frames[g]->twin, index);
	}
	tlb_flush_domain(d);
}
