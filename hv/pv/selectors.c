/* SPDX-License-Identifier: MIT */
/*
 * Judging, in software, whether the CPU could enter a frame: rip canonical,
 * cs a code segment, ss a writable stack of ring 3. So no IRETQ or SYSRET of
 * the hypervisor ever faults on what a guest put into a frame, and no CPU's
 * leniency decides.
 */
#include <arch/desc.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <pv/cpu_state.h>
#include <xen/xen.h>

#define SEL_LDT           4
#define PER_PAGE          (PAGE_SIZE / 8)
#define ERROR_SELECTOR(s) ((s) & ~3u)

static u64 page_entry(const struct page *pg, unsigned int index)
{
	return pg != NULL ? ((const u64 *)page_va(pg))[index % PER_PAGE] : 0;
}

static u64 reserved_entry(unsigned int index)
{
	u64 pa = gdt_reserved_pa[index / PER_PAGE - GDT_MAX_PAGES];

	return ((const u64 *)pa_to_va(pa))[index % PER_PAGE];
}

bool descriptor_read(struct vcpu *v, u16 sel, u64 *desc)
{
	unsigned int index = sel >> 3;

	if (sel & SEL_LDT) {
		if (index >= v->s.ldt_entries) {
			return false;
		}
		*desc = page_entry(v->ldt_pages[index / PER_PAGE], index);
		return true;
	}
	if (index == 0) {
		return false;
	}
	*desc = index / PER_PAGE < GDT_MAX_PAGES
	                ? page_entry(v->gdt_pages[index / PER_PAGE], index)
	                : reserved_entry(index);
	return true;
}

bool selector_is_long(struct vcpu *v, u16 cs)
{
	u64 desc;

	return cs == FLAT_KERNEL_CS ||
	       (descriptor_read(v, cs, &desc) && (desc & DESC_L));
}

u64 selector_code_base(struct vcpu *v, u16 cs)
{
	u64 desc;

	if (selector_is_long(v, cs) || !descriptor_read(v, cs, &desc)) {
		return 0;
	}
	return (desc >> 16 & 0xffffff) | (desc >> 56 << 24);
}

int descriptor_judge_code(u64 desc)
{
	bool dpl_ok = desc & DESC_CONFORM || (desc & DESC_DPL) == DESC_DPL;
	bool both = (desc & DESC_L) && (desc & DESC_D);

	if (!(desc & DESC_S) || !(desc & DESC_CODE) || !dpl_ok || both) {
		return X86_GP;
	}
	return (desc & DESC_P) ? -1 : X86_NP;
}

int descriptor_judge_stack(u64 desc)
{
	if (!(desc & DESC_S) || (desc & DESC_CODE) || !(desc & DESC_WRITABLE) ||
	    (desc & DESC_DPL) != DESC_DPL) {
		return X86_GP;
	}
	return (desc & DESC_P) ? -1 : X86_SS;
}

static bool selector_judge(struct vcpu *v, u16 sel, int (*judge)(u64 desc),
                           u8 *vector, u32 *error_code)
{
	u64 desc;
	int raised = X86_GP;

	if (descriptor_read(v, sel, &desc)) {
		raised = judge(desc);
	}
	if (raised < 0) {
		return true;
	}
	*vector = (u8)raised;
	*error_code = ERROR_SELECTOR(sel);
	return false;
}

bool frame_judge(struct vcpu *v, u8 *vector, u32 *error_code)
{
	const struct cpu_regs *r = &v->s.regs;

	if (r->cs != FLAT_KERNEL_CS &&
	    !selector_judge(v, r->cs, descriptor_judge_code, vector,
	                    error_code)) {
		return false;
	}
	if (r->ss != FLAT_KERNEL_SS &&
	    !selector_judge(v, r->ss, descriptor_judge_stack, vector,
	                    error_code)) {
		return false;
	}
	if (!is_canonical(r->rip)) {
		*vector = X86_GP;
		*error_code = 0;
		return false;
	}
	return true;
}
