/* SPDX-License-Identifier: MIT */
/*
 * The budget of a hypercall, and the stack of tables that a domain has still
 * to take apart.
 *
 * The stack links frames through work_next; its top is the owner's mm_work.
 * Both are the owner's own frame numbers, so a snapshot carries them as they
 * are. A table drops its entries from the last to the first; a child that this
 * makes to go is put on top and done first. Whatever waits when a hypercall
 * ends is continued by the owner's next one on memory before that does
 * anything else, so a guest sees a table go at once or not at all.
 */
#include <hv/lib.h>
#include <mm/table.h>

static int budget = MM_CUT_ENTRIES;

void mm_refill(void)
{
	budget = MM_CUT_ENTRIES;
}

bool mm_spend(void)
{
	if (budget-- > 0) {
		return true;
	}
	mm_refill(); /* for whoever calls again */
	return false;
}

int mm_begin(struct domain *d)
{
	mm_refill();
	return mm_work(d);
}

void mm_work_push(struct page *table, unsigned int entries)
{
	struct domain *d = table->owner;

	if (table->flags & PGF_VALIDATED) {
		d->mmu->table_end(table);
	}
	table->flags &= ~PGF_VALIDATED;
	table->flags |= PGF_TEARDOWN;
	table->partial = (u16)entries;
	table->work_next = (u32)d->s.mm_work;
	d->s.mm_work = page_gmfn(table);
}

static void work_pop(struct domain *d, struct page *table)
{
	d->s.mm_work = table->work_next;
	table->work_next = 0;
	table->flags &= ~PGF_TEARDOWN;
	table->type_refs = 0;
	page_put(table);
}

/* One entry of the table on top, or the end of the table. */
static void work_step(struct domain *d)
{
	struct page *table = domain_frame(d, d->s.mm_work);
	unsigned int index;
	u64 pte;

	if (table->partial == 0) {
		work_pop(d, table);
		return;
	}
	index = --table->partial;
	pte = table_entries(table)[index];
	if ((pte & PTE_P) && !is_hv_slot(table->type, index)) {
		entry_put(d, table->type, pte);
	}
}

int mm_work(struct domain *d)
{
	int err = 0;

	if (d->s.mm_work == 0) {
		return 0;
	}
	d->refs++; /* its last frame may go here */
	while (d->s.mm_work != 0 && err == 0) {
		if (mm_spend()) {
			work_step(d);
		} else {
			err = -XEN_ERESTART;
		}
	}
	domain_put(d);
	return err;
}
