/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own address space (layout.h), built once at boot: all RAM
 * writable and not executable, the image page by page with the rights of its
 * sections, stacks above holes. Nothing is ever writable and executable.
 */
#include <arch/cpu.h>
#include <arch/entry.h>
#include <arch/layout.h>
#include <arch/machine.h>
#include <arch/percpu.h>
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/mm.h>

#define SIZE_2M 0x200000UL

extern char image_start[] __asm__("_image_start");
extern char text_end[] __asm__("_text_end");
extern char rodata_end[] __asm__("_rodata_end");
extern char data_end[] __asm__("_data_end");
extern char image_end[] __asm__("_image_end");

u64 *hv_root;

/* Pages are taken upwards from the end of the image and of all modules; the
 * boot tables map the first GiB, and these must lie in it. */
void *early_page(void)
{
	u64 pa = boot_info.image_end;
	void *va = pa_to_va(pa);

	if (pa >= 1UL << 30) {
		panic("boot modules end at %#lx: no room below 1 GiB", pa);
	}
	boot_info.image_end += PAGE_SIZE;
	memset(va, 0, PAGE_SIZE);
	return va;
}

static u64 *table_below(u64 *entry)
{
	if (*entry == 0) {
		*entry = va_to_pa(early_page()) | PTE_P | PTE_RW | PTE_A;
	}
	return pa_to_va(*entry & PTE_FRAME);
}

static u64 *l2_entry(u64 va)
{
	u64 *l3 = table_below(&hv_root[va >> 39 & 511]);
	u64 *l2 = table_below(&l3[va >> 30 & 511]);

	return &l2[va >> 21 & 511];
}

static void map_4k(u64 va, u64 pa, u64 flags)
{
	u64 *l1 = table_below(l2_entry(va));

	l1[va >> 12 & 511] = pa | flags | PTE_P | PTE_A | PTE_D;
}

static u64 image_rights(u64 va)
{
	if (va < (u64)text_end) {
		return 0;
	}
	return va < (u64)rodata_end || va >= (u64)data_end ? PTE_NX
	                                                   : PTE_NX | PTE_RW;
}

static u64 next_stack = STACKS_VIRT;

u64 stack_create(struct cpu *c)
{
	u64 base = next_stack + STACK_SIZE; /* the lower half stays a hole */

	for (u64 va = base; va < base + STACK_SIZE; va += PAGE_SIZE) {
		map_4k(va, va_to_pa(early_page()), PTE_RW | PTE_NX);
	}
	next_stack += 2 * STACK_SIZE;
	*(struct cpu **)(base + STACK_SIZE - 8) = c;
	return base + STACK_SIZE - 16;
}

u64 stacks_end(void)
{
	return next_stack;
}

void paging_init(u64 ram_end)
{
	hv_root = early_page();
	/* All slots get their L3 now: guests' roots copy these entries. */
	for (unsigned int s = HV_SLOT_FIRST; s <= HV_SLOT_LAST; s++) {
		table_below(&hv_root[s]);
	}
	for (u64 pa = 0; pa < ram_end; pa += SIZE_2M) {
		*l2_entry(DIRECT_VIRT + pa) =
			pa | PTE_P | PTE_RW | PTE_PS | PTE_A | PTE_D | PTE_NX;
	}
	for (u64 va = (u64)image_start; va < (u64)image_end; va += PAGE_SIZE) {
		map_4k(va, va - IMAGE_VIRT, image_rights(va));
	}
	write_cr3(va_to_pa(hv_root));
}
