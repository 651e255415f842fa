/* SPDX-License-Identifier: MIT */
/*
 * memory_op: what a domain may ask about memory (memory.h), and frames of a
 * domain that are the hypervisor's, for the control domain to map.
 */
#include <hv/grant.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <mm/foreign.h>
#include <mm/table.h>
#include <xen/memory.h>

#define E820_RAM 1

/* The BIOS interface's format, ACPI 6.4, 15. */
struct e820_entry {
	u64 start, size;
	u32 type;
} __attribute__((packed));

static u64 highest_frame(const struct domain *d)
{
	return (d->traced ? d->s.nr_frames : frame_table_end) - 1;
}

long hc_machphys_mapping(struct vcpu *v, struct hc_frame *f)
{
	struct xen_machphys_mapping *m =
		hc_arg_as(f, struct xen_machphys_mapping);

	m->v_start = M2P_VIRT;
	m->v_end = M2P_VIRT_END;
	m->max_mfn = highest_frame(v->domain);
	return 0;
}

/* All of a domain's memory is one piece from 0 on. */
static long flat_map(struct vcpu *v, struct hc_frame *f)
{
	struct xen_memory_map *m = hc_arg_as(f, struct xen_memory_map);
	struct e820_entry e = {
		.start = 0,
		.size = v->domain->nr_pages << PAGE_SHIFT,
		.type = E820_RAM,
	};

	if (m->buffer.p != NULL) {
		if (m->nr_entries < 1) {
			return -XEN_EINVAL;
		}
		if (hc_write(f, (u64)m->buffer.p, &e, sizeof(e)) != 0) {
			return -XEN_EFAULT;
		}
	}
	m->nr_entries = 1;
	return 0;
}

long hc_memory_map(struct vcpu *v, struct hc_frame *f)
{
	return flat_map(v, f);
}

/* The control domain has no hardware; its machine is its memory. */
long hc_machine_memory_map(struct vcpu *v, struct hc_frame *f)
{
	return flat_map(v, f);
}

long hc_maximum_ram_page(struct vcpu *v, struct hc_frame *f)
{
	(void)f;
	return (long)highest_frame(v->domain);
}

static long acquire_grant_frames(struct hc_frame *f, struct domain *d,
                                 const struct xen_mem_acquire_resource *a)
{
	for (u32 i = 0; i < a->nr_frames; i++) {
		struct page *pg = grant_frame(d, (unsigned int)a->frame + i);
		u64 at = (u64)a->frame_list.p + i * sizeof(u64), gmfn;

		if (pg == NULL) {
			return -XEN_EINVAL;
		}
		gmfn = page_gmfn(pg);
		if (hc_write(f, at, &gmfn, sizeof(gmfn)) != 0) {
			return -XEN_EFAULT;
		}
	}
	return 0;
}

long hc_acquire_resource(struct vcpu *v, struct hc_frame *f)
{
	struct xen_mem_acquire_resource *a =
		hc_arg_as(f, struct xen_mem_acquire_resource);
	struct domain *d;
	int err;

	if (a->pad != 0 || a->domid == DOMID_SELF) {
		return -XEN_EINVAL;
	}
	d = mm_target(v->domain, a->domid, &err);
	if (d == NULL) {
		return err;
	}
	if (a->type != XENMEM_resource_grant_table ||
	    a->id != XENMEM_resource_grant_table_id_shared) {
		return -XEN_EOPNOTSUPP;
	}
	if (a->nr_frames == 0) {
		a->nr_frames = GRANT_MAX_FRAMES;
		return a->frame_list.p == NULL ? 0 : -XEN_EINVAL;
	}
	if (a->frame >= GRANT_MAX_FRAMES ||
	    a->nr_frames > GRANT_MAX_FRAMES - a->frame) {
		return -XEN_EINVAL;
	}
	return acquire_grant_frames(f, d, a);
}
