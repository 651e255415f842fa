/* SPDX-License-Identifier: MIT */
/*
 * When translations must be forgotten.
 *
 * There is one CPU, and every load of CR3 flushes all of it (no global pages,
 * no PCID), so only the loaded vCPU can have stale translations, and since the
 * hypervisor never uses guest mappings a flush may wait until the guest runs
 * again. One case may not: a frame that goes to another use while the page
 * walker may still follow an old entry to it.
 */
#include <arch/cpu.h>
#include <hv/mm.h>
#include <mm/table.h>

/* A present entry was replaced since the last flush made here. */
static bool stale;

void tlb_flush_domain(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu (d, v) {
		v->flush_tlb = true;
	}
	/* The loaded vCPU may have mapped frames of @d. */
	v = current_vcpu();
	if (v != NULL) {
		v->flush_tlb = true;
	}
}

void tlb_flush_va(struct vcpu *v, u64 va)
{
	if (v == current_vcpu()) {
		invlpg(va);
	} else {
		v->flush_tlb = true;
	}
}

void tlb_flush_domain_va(struct domain *d, u64 va)
{
	struct vcpu *v;

	for_each_vcpu (d, v) {
		tlb_flush_va(v, va);
	}
}

void tlb_note_stale(void)
{
	stale = true;
}

void tlb_flush_stale(void)
{
	if (stale) {
		write_cr3(read_cr3());
		stale = false;
	}
}
