/* SPDX-License-Identifier: MIT */
/* Near-valid page table work: updates, pins, descriptor tables, accesses. */
#include "fuzz.h"

#include <guest/boot.h>
#include <guest/hypercall.h>
#include <guest/mm.h>
#include <guest/test.h>

static struct mmu_update updates[16];
static struct mmuext_op ops[8];

static unsigned int any_domid(void)
{
	return fuzz_one_in(8) ? (unsigned int)any_small() : DOMID_SELF;
}

static void update_list(void)
{
	unsigned int n = (unsigned int)fuzz_below(ARRAY_LEN(updates)) + 1;
	unsigned int done;

	for (unsigned int i = 0; i < n; i++) {
		updates[i].ptr = fuzz_one_in(10) ? any_value()
		                                 : any_entry() | fuzz_below(4);
		updates[i].val = fuzz_one_in(10) ? any_value() : any_pte();
	}
	hc_mmu_update(updates, n, fuzz_one_in(2) ? NULL : &done, any_domid());
}

void step_mmu(void)
{
	if (fuzz_one_in(2)) {
		update_list();
		return;
	}
	hc_update_va_mapping(any_va(), fuzz_one_in(8) ? any_value() : any_pte(),
	                     fuzz_one_in(8) ? any_value() : fuzz_below(8));
}

/* A base that could take effect must be one the guest can live on. */
static uint64_t any_base(void)
{
	if (fuzz_one_in(3)) {
		return pt_root();
	}
	return fuzz_one_in(2) ? ~fuzz_below(1 << 20) : BIT(40) + fuzz_below(99);
}

void step_mmuext(void)
{
	unsigned int n = (unsigned int)fuzz_below(ARRAY_LEN(ops)) + 1, done;

	for (unsigned int i = 0; i < n; i++) {
		uint64_t cmd = fuzz_one_in(3) ? any_small() : fuzz_below(5);

		ops[i].cmd = (uint32_t)cmd;
		ops[i].arg1.mfn = fuzz_one_in(8) ? any_value() : pool_frame();
		ops[i].arg2.src_mfn = pool_frame();
		if (ops[i].cmd == MMUEXT_NEW_BASEPTR) {
			ops[i].arg1.mfn = any_base();
		} else if (ops[i].cmd == MMUEXT_SET_LDT) {
			ops[i].arg1.linear_addr = any_va() & PAGE_MASK;
			ops[i].arg2.nr_ents = (uint32_t)any_small();
		} else if (fuzz_one_in(4)) {
			ops[i].arg2.src_mfn = any_va();
		}
	}
	hc_mmuext_op(ops, n, fuzz_one_in(2) ? NULL : &done, any_domid());
}

void step_descriptors(void)
{
	static unsigned long list[16];
	static const uint64_t descriptors[] = {
		0x00cff2000000ffff, 0x00affa000000ffff, 0x0000890000000067,
		0x00008c0000080000, 0x0000820000000000, 0};
	uint64_t desc = descriptors[fuzz_below(ARRAY_LEN(descriptors))];

	switch (fuzz_below(4)) {
	case 0:
		for (unsigned int i = 0; i < ARRAY_LEN(list); i++) {
			list[i] = fuzz_one_in(8) ? any_value() : pool_frame();
		}
		hc_set_gdt(list, (unsigned int)any_small());
		break;
	case 1:
		hc_update_descriptor(any_entry(), desc ^ BIT(fuzz_below(64)));
		break;
	case 2:
		hc_update_descriptor(any_entry(), desc);
		break;
	default:
		PROBE("movw %w0, %%ds", ::"r"((uint32_t)any_small()));
		PROBE("movw %w0, %%fs", ::"r"((uint32_t)any_small()));
		break;
	}
}

void step_access(void)
{
	uint64_t va = any_va(), value = any_pte();

	switch (fuzz_below(6)) {
	case 0:
		PROBE("movq (%1), %0", : "+r"(value) : "r"(va));
		break;
	case 1:
		PROBE("movq %0, (%1)", ::"r"(value), "r"(va) : "memory");
		break;
	case 2:
		PROBE("xchgq %0, (%1)", : "+r"(value) : "r"(va) : "memory");
		break;
	case 3:
		PROBE("lock cmpxchgq %0, (%1)", ::"r"(value), "r"(va)
		      : "memory", "rax", "cc");
		break;
	case 4:
		PROBE("lock btrq $1, (%0)", ::"r"(va) : "memory", "cc");
		break;
	default:
		PROBE("lock orb $0x21, (%0)", ::"r"(va) : "memory", "cc");
		break;
	}
}
