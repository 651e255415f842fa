/* SPDX-License-Identifier: MIT */
/*
 * Writable page tables by emulation: a guest kernel that has switched the
 * assist on may write to its L1 tables with ordinary instructions. The write
 * faults, its instruction is decoded, and its effect goes through the same
 * checked update as mmu_update. What cannot be carried out is the guest's page
 * fault.
 */
#include <hv/lib.h>
#include <mm/ptwr_decode.h>
#include <mm/walk.h>

/* What a fetch at rip can see: all of the instruction, unless it crosses into
 * a page that is not mapped. */
static unsigned int fetch(struct vcpu *v, u8 *bytes)
{
	u64 rip = v->s.regs.rip;
	unsigned int in_page = (unsigned int)(PAGE_SIZE - (rip & ~PAGE_MASK));

	if (vcpu_copy_from(v, bytes, rip, INSN_MAX) == 0) {
		return INSN_MAX;
	}
	if (in_page < INSN_MAX && vcpu_copy_from(v, bytes, rip, in_page) == 0) {
		return in_page;
	}
	return 0;
}

static u64 size_mask(unsigned int size)
{
	return size == 8 ? ~0UL : (1UL << 8 * size) - 1;
}

static void retire(struct vcpu *v, const struct ptwr_insn *insn,
                   const struct ptwr_effect *e)
{
	struct cpu_regs *r = &v->s.regs;

	if (e->set_reg) {
		ptwr_set_register(r, e->reg, insn->size, e->reg_value);
	}
	r->rflags = e->rflags & ~RFLAGS_RF;
	r->rip += insn->length;
}

int ptwr_emulate(struct vcpu *v, u64 va, const struct walk *w)
{
	struct page *table = w->page;
	unsigned int shift = 8 * (va & 7);
	unsigned int index = va >> 3 & (TABLE_ENTRIES - 1);
	struct ptwr_insn insn;
	struct ptwr_effect e;
	u8 bytes[INSN_MAX];
	u64 old, mask;
	int err;

	if (!ptwr_decode(bytes, fetch(v, bytes), &insn) ||
	    va % insn.size != 0) {
		return FAULT_BOUNCE;
	}
	mm_refill();
	v->domain->mmu->touch(w, false);
	mask = size_mask(insn.size);
	old = table_entries(table)[index];
	ptwr_execute(&insn, &v->s.regs, old >> shift & mask, &e);
	err = table_update(table, index,
	                   (old & ~(mask << shift)) | e.memory << shift,
	                   v->domain, false);
	if (err == -XEN_ERESTART) {
		return FAULT_RESOLVED;
	}
	if (err != 0) {
		guest_log(v->domain,
		          "page-table write at %#lx refused: entry %#lx", va,
		          e.memory);
		return FAULT_BOUNCE;
	}
	retire(v, &insn, &e);
	return FAULT_EMULATED;
}
