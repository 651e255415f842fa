/* SPDX-License-Identifier: MIT */
/*
 * update_va_mapping: replaces the L1 entry that maps an address in the
 * caller's kernel tables.
 */
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <mm/foreign.h>
#include <mm/table.h>
#include <xen/xen.h>

/* Which vCPUs to flush does not matter: those of the domain that are not
 * loaded are flushed when they are. */
static void flush(struct vcpu *v, u64 va, u64 flags)
{
	switch (flags & UVMF_FLUSHTYPE_MASK) {
	case UVMF_TLB_FLUSH:
		tlb_flush_domain(v->domain);
		break;
	case UVMF_INVLPG:
		tlb_flush_va(v, va);
		break;
	}
}

static long update(struct vcpu *v, u64 va, u64 pte, u64 flags,
                   struct domain *source)
{
	struct walk w;
	int err = mm_begin(v->domain);

	if (err != 0) {
		return HC_RESTART;
	}
	(void)guest_walk(v, va, &w);
	if (w.table[PGT_L1] == NULL) {
		return -XEN_EINVAL;
	}
	err = table_update(w.table[PGT_L1], w.index[PGT_L1], pte, source,
	                   false);
	if (err == 0) {
		flush(v, va, flags);
	}
	return err;
}

long hc_update_va_mapping(struct vcpu *v, struct hc_frame *f)
{
	return update(v, f->args[0], f->args[1], f->args[2], v->domain);
}

long hc_update_va_mapping_otherdomain(struct vcpu *v, struct hc_frame *f)
{
	int err;
	struct domain *d = mm_target(v->domain, (domid_t)f->args[3], &err);

	if (d == NULL) {
		return err;
	}
	return update(v, f->args[0], f->args[1], f->args[2], d);
}
