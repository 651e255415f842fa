/* SPDX-License-Identifier: MIT */
/*
 * The verdict on a guest page fault: one walk of the guest's own tables decides
 * (R4). What they permit is resumed: a TLB was out of date, or a twin wanted to
 * know. A write that they refuse may be one to a page table. The rest is the
 * guest's own, with an error code made from the walk.
 */
#include <hv/lib.h>
#include <mm/walk.h>
#include <xen/xen.h>

static bool permits(const struct walk *w, u32 code)
{
	if ((code & PFEC_WRITE) && !(w->rights & PTE_RW)) {
		return false;
	}
	return !(code & PFEC_FETCH) || !(w->rights & PTE_NX);
}

/* Of the hypervisor's range a guest sees the M2P, read-only. */
static bool hv_present(struct vcpu *v, u64 va)
{
	return va >= M2P_VIRT && va < M2P_VIRT + m2p_size(v->domain);
}

static int bounce(struct vcpu *v, u32 *code, bool present)
{
	u32 c = *code & (PFEC_WRITE | PFEC_FETCH | PFEC_RSVD);

	c |= present ? PFEC_PRESENT : 0;
	c |= v->s.kernel_mode ? 0 : PFEC_USER;
	*code = c;
	return FAULT_BOUNCE;
}

static bool wants_ptwr(struct vcpu *v, const struct walk *w, u32 code)
{
	return (code & PFEC_WRITE) && v->s.kernel_mode && w->page != NULL &&
	       !(w->pte[PGT_L1] & PTE_RW) &&
	       (v->domain->s.vm_assist &
	        1UL << VMASST_TYPE_writable_pagetables) &&
	       w->page->owner == v->domain && page_is_table(w->page) &&
	       w->page->type == PGT_L1;
}

int guest_fault(struct vcpu *v, u64 va, u32 *error_code)
{
	u32 code = *error_code;
	struct walk w;
	int ret = FAULT_BOUNCE;

	if (is_hv_va(va)) {
		return bounce(v, error_code, hv_present(v, va));
	}
	if (!guest_walk(v, va, &w)) {
		return bounce(v, error_code, false);
	}
	if (code & PFEC_RSVD) {
		domain_crash(v->domain, "reserved bit in the tables of %#lx",
		             va);
		return bounce(v, error_code, true);
	}
	if (permits(&w, code)) {
		v->domain->mmu->fault(v, va, &w, code & PFEC_WRITE);
		return FAULT_RESOLVED;
	}
	if (wants_ptwr(v, &w, code)) {
		ret = ptwr_emulate(v, va, &w);
	}
	return ret == FAULT_BOUNCE ? bounce(v, error_code, true) : ret;
}
