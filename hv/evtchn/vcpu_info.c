/* SPDX-License-Identifier: MIT */
/*
 * Moving a vCPU's vcpu_info from shared_info to a page of the guest's choice:
 * VCPUOP_register_vcpu_info (vcpu.h). The page is writable memory for ever.
 */
#include <hv/evtchn.h>
#include <hv/mm.h>
#include <xen/errno.h>

/* Events that raced with the move must not be lost: all is pending. */
static void move_info(struct vcpu *v, struct vcpu_info *to)
{
	vcpu_info_written(v);
	memcpy(to, v->info, sizeof(*to));
	v->info = to;
	to->evtchn_pending_sel = ~0UL;
	__atomic_store_n(&to->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
	vcpu_wake(v);
}

int vcpu_info_register(struct vcpu *v, u64 gmfn, u64 offset)
{
	struct domain *d = v->domain;
	struct page *pg;

	if (offset > PAGE_SIZE - sizeof(struct vcpu_info) || offset % 8 != 0) {
		return -XEN_ENXIO;
	}
	if (v->info_page != NULL || (v != current && v->s.online)) {
		return -XEN_EINVAL;
	}
	pg = domain_frame(d, gmfn);
	if (pg == NULL || page_get_and_type(pg, d, PGT_WRITABLE) != 0) {
		return -XEN_EINVAL;
	}
	v->info_page = pg;
	v->s.vcpu_info_gmfn = gmfn;
	v->s.vcpu_info_offset = offset;
	move_info(v, (struct vcpu_info *)((u8 *)page_va(pg) + offset));
	return 0;
}
