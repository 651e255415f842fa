/* SPDX-License-Identifier: MIT */
/*
 * mmu_update: a list of writes to page tables and to the M2P (xen.h).
 *
 * Argument 1 holds the count in its low half. The high half is how many are
 * done: it is 0 in the guest's call and set when the call is cut (R11).
 */
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/rr.h>
#include <mm/foreign.h>
#include <mm/table.h>
#include <xen/xen.h>

struct targets {
	struct domain *tables; /* whose page tables are written */
	struct domain *frames; /* whose frames the entries name */
};

/* Low half: owner of the frames. High half: owner of the tables + 1, or 0. */
static int find_targets(struct domain *caller, u64 arg, struct targets *t)
{
	u16 tables = (u16)(arg >> 16);
	domid_t frames = (domid_t)arg;
	int err;

	if (frames == DOMID_IO) {
		frames = DOMID_SELF; /* entry_get() knows what is I/O */
	}
	t->tables = mm_target(
		caller, tables == 0 ? DOMID_SELF : (domid_t)(tables - 1), &err);
	if (t->tables == NULL) {
		return err;
	}
	t->frames = mm_target(caller, frames, &err);
	return err;
}

/* A frame that is no page table now is written as memory. */
static int raw_write(struct page *pg, unsigned int index, u64 value)
{
	int err = page_get_type(pg, PGT_WRITABLE);

	if (err != 0) {
		return err;
	}
	page_mark_dirty(pg);
	table_entries(pg)[index] = value;
	page_put_type(pg);
	return 0;
}

static int update_entry(const struct targets *t, const struct mmu_update *u,
                        bool preserve_ad)
{
	struct page *pg = domain_frame(t->tables, u->ptr >> PAGE_SHIFT);
	unsigned int index = (u->ptr & ~PAGE_MASK) / sizeof(u64);
	int err;

	if (pg == NULL || !page_get(pg, t->tables)) {
		return -XEN_EINVAL;
	}
	if (page_is_table(pg)) {
		err = table_update(pg, index, u->val, t->frames, preserve_ad);
	} else {
		err = raw_write(pg, index, u->val);
	}
	page_put(pg);
	return err;
}

static int update_m2p(struct domain *d, const struct mmu_update *u)
{
	struct page *pg = domain_frame(d, u->ptr >> PAGE_SHIFT);

	if (pg == NULL || pg->owner != d ||
	    (d != current->domain && !rr_foreign_allowed(d))) {
		return -XEN_EINVAL;
	}
	m2p_set(d, pg, u->val);
	return 0;
}

static int update_one(const struct targets *t, const struct mmu_update *u)
{
	switch (u->ptr & (sizeof(u64) - 1)) {
	case MMU_MACHPHYS_UPDATE:
		return update_m2p(t->frames, u);
	case MMU_PT_UPDATE_PRESERVE_AD:
		return update_entry(t, u, true);
	case MMU_NORMAL_PT_UPDATE:
	case MMU_PT_UPDATE_NO_TRANSLATE:
		return update_entry(t, u, false);
	default:
		return -XEN_ENOSYS;
	}
}

/* Carries requests out until @count, a cut or an error; *done counts. */
static int update_some(struct hc_frame *f, const struct targets *t, u32 count,
                       u32 *done)
{
	struct mmu_update u;
	u32 limit = MIN(count, *done + MM_CUT_REQUESTS);
	int err = 0;

	while (err == 0 && *done < limit) {
		u64 at = f->args[0] + *done * sizeof(u);

		if (hc_read(f, &u, at, sizeof(u)) != 0) {
			return -XEN_EFAULT;
		}
		err = update_one(t, &u);
		if (err == 0) {
			(*done)++;
			err = mm_work(t->tables);
		}
	}
	return err == 0 && *done < count ? HC_RESTART : err;
}

static int finish(struct hc_frame *f, u32 done, int err)
{
	if (f->args[2] != 0 &&
	    hc_write(f, f->args[2], &done, sizeof(done)) != 0) {
		return -XEN_EFAULT;
	}
	return err;
}

long hc_mmu_update(struct vcpu *v, struct hc_frame *f)
{
	u32 count = (u32)f->args[1], done = (u32)(f->args[1] >> 32);
	struct targets t;
	int err = find_targets(v->domain, f->args[3], &t);

	if (err != 0) {
		return finish(f, 0, err);
	}
	if (done > count || count > (1u << 31)) {
		return -XEN_EINVAL;
	}
	err = mm_begin(t.tables);
	if (err == 0) {
		err = update_some(f, &t, count, &done);
	}
	if (err == HC_RESTART) {
		f->args[1] = (u64)done << 32 | count;
		return HC_RESTART;
	}
	return finish(f, done, err);
}
