/* SPDX-License-Identifier: MIT */
/*
 * References and types of frames: the rules that keep page tables unwritable.
 *
 * Who may hold what is told in page.h; what a type of table means is told in
 * validate.c. A type reference is always held beside a plain one, so a frame
 * cannot go while it has a type.
 */
#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/traps.h>
#include <mm/frames.h>
#include <mm/table.h>

/* Counters stop short of their end; a guest gets an error instead. */
#define REFS_MAX 0xfffffff0u

bool page_get(struct page *pg, struct domain *d)
{
	if (pg->owner != d || pg->refs == 0 || pg->refs >= REFS_MAX) {
		return false;
	}
	pg->refs++;
	return true;
}

void page_put(struct page *pg)
{
	BUG_ON(pg->refs == 0);
	if (--pg->refs == 0) {
		domain_frame_free(pg);
	}
}

/* The validation of a table went on to its end, or to an error. */
static int table_finish(struct page *pg, int err)
{
	if (err == 0) {
		err = pg->owner->mmu->table_begin(pg);
	}
	pg->flags &= ~PGF_PARTIAL;
	if (err != 0) {
		mm_work_push(pg, pg->partial);
		return err;
	}
	pg->flags |= PGF_VALIDATED;
	pg->refs--; /* the caller has one, and takes over the type reference */
	return 0;
}

static int table_continue(struct page *pg)
{
	int err = table_validate(pg);

	return err == -XEN_ERESTART ? err : table_finish(pg, err);
}

static int segdesc_begin(struct page *pg)
{
	page_mark_dirty(pg);
	if (!descriptors_validate(pg)) {
		pg->type = PGT_NONE;
		pg->type_refs = 0;
		return -XEN_EINVAL;
	}
	return 0;
}

/* The first reference decides the type. TLBs may still let the owner write to
 * a frame that was writable: they are flushed before it runs. */
static int type_begin(struct page *pg, enum page_type type)
{
	if (pg->type == PGT_WRITABLE && type != PGT_WRITABLE) {
		tlb_flush_domain(pg->owner);
	}
	pg->type = type;
	pg->type_refs = 1;
	switch (type) {
	case PGT_L1:
	case PGT_L2:
	case PGT_L3:
	case PGT_L4:
		pg->partial = 0;
		pg->flags |= PGF_PARTIAL;
		pg->refs++;
		return table_continue(pg);
	case PGT_SEGDESC:
		return segdesc_begin(pg);
	default:
		return 0;
	}
}

int page_get_type(struct page *pg, enum page_type type)
{
	if ((pg->flags & PGF_TEARDOWN) && mm_begin(pg->owner) != 0) {
		return -XEN_ERESTART;
	}
	if (pg->type_refs == 0) {
		return type_begin(pg, type);
	}
	if (pg->type != type) {
		return -XEN_EINVAL;
	}
	if (pg->flags & PGF_PARTIAL) {
		return table_continue(pg);
	}
	if (pg->type_refs >= REFS_MAX) {
		return -XEN_EINVAL;
	}
	pg->type_refs++;
	return 0;
}

/* Drops a type reference; true when a table went on the stack instead. */
static bool type_put(struct page *pg)
{
	BUG_ON(pg->type_refs == 0);
	if (pg->type_refs == 1 && page_is_table(pg)) {
		pg->refs++;
		mm_work_push(pg, TABLE_ENTRIES);
		return true;
	}
	pg->type_refs--;
	return false;
}

int page_put_type(struct page *pg)
{
	return type_put(pg) ? mm_work(pg->owner) : 0;
}

int page_get_and_type(struct page *pg, struct domain *d, enum page_type type)
{
	int err;

	if (!page_get(pg, d)) {
		return -XEN_EINVAL;
	}
	err = page_get_type(pg, type);
	if (err != 0) {
		page_put(pg);
	}
	return err;
}

void page_put_and_type_later(struct page *pg)
{
	type_put(pg);
	page_put(pg);
}

void page_put_and_type(struct page *pg)
{
	struct domain *d = pg->owner;
	bool work = type_put(pg);

	page_put(pg);
	if (work) {
		mm_work(d);
	}
}

int domain_pin_table(struct domain *d, u64 gmfn, enum page_type type)
{
	struct page *pg = domain_frame(d, gmfn);
	int err;

	if (pg == NULL) {
		return -XEN_EINVAL;
	}
	err = page_get_and_type(pg, d, type);
	if (err != 0) {
		return err;
	}
	if (pg->flags & PGF_PINNED) {
		page_put_and_type(pg);
		return -XEN_EINVAL;
	}
	pg->flags |= PGF_PINNED;
	return 0;
}

int domain_unpin_table(struct domain *d, u64 gmfn)
{
	struct page *pg = domain_frame(d, gmfn);

	if (pg == NULL || pg->owner != d || !(pg->flags & PGF_PINNED)) {
		return -XEN_EINVAL;
	}
	pg->flags &= ~PGF_PINNED;
	page_put_and_type_later(pg);
	return 0;
}
