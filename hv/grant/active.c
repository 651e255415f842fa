/* SPDX-License-Identifier: MIT */
/*
 * Accesses in progress: the only code that reads a guest's grant entry and
 * that writes its GTF_reading and GTF_writing bits.
 */
#include "table.h"

/* Times that a guest may change an entry under us before it gets an error. */
#define MAX_TRIES   4
#define COUNT_MAX   0x7fffffffu
#define IN_USE(act) ((act)->readers + (act)->writers)

/* The part of an entry that is compared and swapped as one. */
union entry_head {
	struct {
		u16 flags;
		domid_t domid;
	};
	u32 word;
};

struct grant_active *grant_active_get(struct domain *d, u32 ref)
{
	struct grant_active *frame;

	if (ref >= d->s.grant_frames * GRANT_PER_FRAME) {
		return NULL;
	}
	frame = d->grant->active[ref / GRANT_PER_FRAME];
	return &frame[ref % GRANT_PER_FRAME];
}

/* NULL when the domain died and its table went. */
static struct grant_entry_v1 *shared_entry(struct domain *d, u32 ref)
{
	struct grant_entry_v1 *frame = d->grant->shared[ref / GRANT_PER_FRAME];

	return frame != NULL ? &frame[ref % GRANT_PER_FRAME] : NULL;
}

bool grant_refused(const struct domain *d, const struct domain *who)
{
	return d != who && d->rr != NULL;
}

static s16 judge(const struct grant_active *act, union entry_head head,
                 domid_t who, bool write)
{
	if ((head.flags & GTF_type_mask) != GTF_permit_access ||
	    head.domid != who || (act->page != NULL && act->domid != who)) {
		return GNTST_general_error;
	}
	if (write && (head.flags & GTF_readonly)) {
		return GNTST_general_error;
	}
	return IN_USE(act) >= COUNT_MAX ? GNTST_no_space : GNTST_okay;
}

/* Sets the status bits of an entry that permits the access, as one step. */
static s16 set_status(struct grant_entry_v1 *e, const struct grant_active *act,
                      domid_t who, bool write)
{
	u32 *word = (u32 *)(void *)e;

	for (unsigned int i = 0; i < MAX_TRIES; i++) {
		union entry_head old = {
			.word = __atomic_load_n(word, __ATOMIC_SEQ_CST)};
		union entry_head new = old;
		s16 status = judge(act, old, who, write);

		if (status != GNTST_okay) {
			return status;
		}
		new.flags |= GTF_reading | (write ? GTF_writing : 0);
		if (__atomic_compare_exchange_n(word, &old.word, new.word,
		                                false, __ATOMIC_SEQ_CST,
		                                __ATOMIC_SEQ_CST)) {
			return GNTST_okay;
		}
	}
	return GNTST_general_error;
}

static void clear_status(struct domain *d, u32 ref,
                         const struct grant_active *act)
{
	struct grant_entry_v1 *e = shared_entry(d, ref);
	u16 clear = 0;

	if (e == NULL) {
		return;
	}
	if (act->writers == 0) {
		clear |= GTF_writing;
	}
	if (IN_USE(act) == 0) {
		clear |= GTF_reading;
	}
	if (clear != 0) {
		page_mark_dirty(va_page(e));
		__atomic_fetch_and(&e->flags, (u16)~clear, __ATOMIC_SEQ_CST);
	}
}

/* The frame number is looked at once, by the access that comes first. */
static s16 hold_frame(struct domain *d, u32 ref, struct grant_active *act)
{
	u32 gmfn =
		__atomic_load_n(&shared_entry(d, ref)->frame, __ATOMIC_SEQ_CST);
	struct page *pg = domain_frame(d, gmfn);

	if (pg == NULL || !page_get(pg, d)) {
		return GNTST_bad_page;
	}
	act->page = pg;
	return GNTST_okay;
}

static s16 begin(struct domain *d, u32 ref, struct grant_active *act,
                 domid_t who, bool write)
{
	struct grant_entry_v1 *e = shared_entry(d, ref);
	s16 status;

	page_mark_dirty(va_page(e));
	status = set_status(e, act, who, write);
	if (status != GNTST_okay) {
		return status;
	}
	if (act->page == NULL) {
		status = hold_frame(d, ref, act);
	}
	if (status != GNTST_okay) {
		clear_status(d, ref, act);
		return status;
	}
	act->domid = who;
	act->writers += write;
	act->readers += !write;
	return GNTST_okay;
}

s16 grant_begin(struct domain *d, u32 ref, const struct domain *who, bool write,
                struct page **page)
{
	struct grant_active *act = grant_active_get(d, ref);
	s16 status;

	if (act == NULL || d->dying) {
		return GNTST_bad_gntref;
	}
	spin_lock(&d->grant->lock);
	status = begin(d, ref, act, who->id, write);
	*page = act->page;
	spin_unlock(&d->grant->lock);
	return status;
}

void grant_end(struct domain *d, u32 ref, bool write)
{
	struct grant_active *act = grant_active_get(d, ref);
	struct page *drop = NULL;

	BUG_ON(act == NULL || (write ? act->writers : act->readers) == 0);
	spin_lock(&d->grant->lock);
	act->writers -= write;
	act->readers -= !write;
	clear_status(d, ref, act);
	if (IN_USE(act) == 0) {
		drop = act->page;
		act->page = NULL;
	}
	spin_unlock(&d->grant->lock);
	if (drop != NULL) {
		page_put(drop); /* may free @d */
	}
}
