/* SPDX-License-Identifier: MIT */
/*
 * Selectors and descriptor windows. Values of the guest's selectors are ABI
 * (arch-x86/xen-x86_64.h); the others follow from what SYSCALL wants.
 */
#ifndef ARCH_DESC_H
#define ARCH_DESC_H

#include <arch/percpu.h>

#define HV_CS        0xe008
#define HV_DS        0xe010
#define GUEST_CS32   0xe023
#define GUEST_DS     0xe02b
#define GUEST_CS64   0xe033
#define TSS_SELECTOR 0xe040
#define LDT_SELECTOR 0xe050

/** Physical addresses of the two pages that end every GDT window. */
extern u64 gdt_reserved_pa[2];

/** Builds GDT window 0, TSS and IDT and loads them on this CPU. */
void desc_init(struct cpu *c);
/** Address of descriptor window @slot. */
u64 desc_window(unsigned int slot);
/** GDTR := window @slot. */
void desc_load_window(unsigned int slot);
/** LDTR := the LDT of window @slot, or null when @entries is 0. */
void desc_load_ldt(unsigned int slot, unsigned int entries);

extern const u64 vector_stubs[256];
extern const char guest_iretq[];
void entry_syscall64(void);
void entry_syscall32(void);
void __noreturn return_bad_iret(struct vcpu *v);
struct cpu_regs;
__linked void hv_trap(struct cpu_regs *r);

#endif
