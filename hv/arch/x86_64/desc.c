/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables: the reserved part of every GDT, TSS, IDT, and the
 * windows in which vCPUs' tables are seen (layout.h).
 *
 * Window 0 is the hypervisor's own, for times when no vCPU is loaded. The
 * reserved entries (index 7168 up, xen.h FIRST_RESERVED_GDT_ENTRY) lie in two
 * pages that are mapped at the end of every window, so that changing the GDT
 * register never changes what cs, ss and tr mean.
 */
#include <arch/desc.h>

#include <arch/cpu.h>
#include <arch/entry.h>
#include <arch/percpu.h>
#include <hv/lib.h>
#include <hv/mm.h>

#define RESERVED_FIRST 0xe000

struct gate {
	u16 offset0;
	u16 selector;
	u8 ist;
	u8 type;
	u16 offset1;
	u32 offset2;
	u32 reserved;
};

struct table_register {
	u16 limit;
	u64 base;
} __attribute__((packed));

u64 gdt_reserved_pa[2];

static u64 reserved_gdt[2][512] __page_aligned;
static struct gate idt[256] __page_aligned;

static u64 *reserved_entry(u16 selector)
{
	unsigned int index = (selector - RESERVED_FIRST) / 8;

	return &reserved_gdt[index / 512][index % 512];
}

/* A 16-byte system descriptor (SDM 3A 3.5.1, 7.2.3). */
static void set_system_entry(u16 selector, u64 base, u32 limit, u8 type)
{
	u64 *e = reserved_entry(selector);

	e[0] = (limit & 0xffff) | (base & 0xffffff) << 16 |
	       (u64)(0x80 | type) << 40 | (u64)(limit >> 16 & 0xf) << 48 |
	       (base >> 24 & 0xff) << 56;
	e[1] = base >> 32;
}

static void fill_reserved(struct cpu *c)
{
	*reserved_entry(HV_CS) = 0x00af9b000000ffff;
	*reserved_entry(HV_DS) = 0x00cf93000000ffff;
	*reserved_entry(GUEST_CS32 & ~3) = 0x00cffb000000ffff;
	*reserved_entry(GUEST_DS & ~3) = 0x00cff3000000ffff;
	*reserved_entry(GUEST_CS64 & ~3) = 0x00affb000000ffff;
	set_system_entry(TSS_SELECTOR, (u64)&c->tss, sizeof(c->tss) - 1, 9);
	gdt_reserved_pa[0] = va_to_pa(reserved_gdt[0]);
	gdt_reserved_pa[1] = va_to_pa(reserved_gdt[1]);
}

static void idt_fill(void)
{
	for (unsigned int n = 0; n < 256; n++) {
		u64 stub = vector_stubs[n];

		idt[n] = (struct gate){
			.offset0 = stub & 0xffff,
			.offset1 = stub >> 16 & 0xffff,
			.offset2 = stub >> 32,
			.selector = HV_CS,
			.type = 0x8e,
		};
	}
	idt[X86_NMI].ist = IST_NMI;
	idt[X86_DF].ist = IST_DF;
	idt[X86_MC].ist = IST_MC;
	idt[X86_DB].ist = IST_DB;
	/* The guest may use these two by instruction; all other `int n` come
	 * as #GP and are judged by its own trap table. */
	idt[X86_BP].type |= 3 << 5;
	idt[X86_OF].type |= 3 << 5;
}

u64 desc_window(unsigned int slot)
{
	return DESC_VIRT + (u64)slot * DESC_WINDOW_SIZE;
}

void desc_load_window(unsigned int slot)
{
	struct table_register r = {0xffff, desc_window(slot)};

	__asm__ volatile("lgdt %0" ::"m"(r));
}

void desc_load_ldt(unsigned int slot, unsigned int entries)
{
	u16 selector = 0;

	if (entries != 0) {
		set_system_entry(LDT_SELECTOR,
		                 desc_window(slot) + DESC_LDT_OFFSET,
		                 entries * 8 - 1, 2);
		selector = LDT_SELECTOR;
	}
	__asm__ volatile("lldt %0" ::"r"(selector));
}

static void reload_cs_ss(void)
{
	__asm__ volatile("push %0\n\t"
	                 "lea 1f(%%rip), %%rax\n\t"
	                 "push %%rax\n\t"
	                 "lretq\n"
	                 "1:\n\t"
	                 "mov %1, %%ss"
	                 :
	                 : "i"(HV_CS), "r"(HV_DS)
	                 : "rax", "memory");
}

void desc_init(struct cpu *c)
{
	/* At an address that is the same in every build, for any code can ask
	 * for it (SIDT). */
	struct table_register idtr = {sizeof(idt) - 1, IDT_VIRT};

	fill_reserved(c);
	idt_fill();
	c->tss.iomap_base = sizeof(c->tss);
	hv_map(desc_window(0) + RESERVED_FIRST, gdt_reserved_pa[0],
	       PTE_RW | PTE_NX);
	hv_map(desc_window(0) + RESERVED_FIRST + PAGE_SIZE, gdt_reserved_pa[1],
	       PTE_RW | PTE_NX);
	hv_map(IDT_VIRT, va_to_pa(idt), PTE_RW | PTE_NX);
	desc_load_window(0);
	reload_cs_ss();
	__asm__ volatile("ltr %w0" ::"r"(TSS_SELECTOR));
	__asm__ volatile("lidt %0" ::"m"(idtr));
	desc_load_ldt(0, 0);
}
