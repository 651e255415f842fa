/* SPDX-License-Identifier: MIT */
/*
 * The instruction clock's test bench: one vCPU that belongs to no domain, with
 * one user page of code in tables of its own.
 */
#include <arch/iclock_test.h>

#include <arch/cpu.h>
#include <arch/desc.h>
#include <arch/iclock.h>
#include <arch/machine.h>
#include <hv/lib.h>
#include <hv/mm.h>

#define CODE_VA 0x400000UL
#define NOP     0x90

static struct vcpu *tv;
static void *page[5]; /* L4, L3, L2, L1, code */

bool iclock_test_begin(void)
{
	u64 *l4;

	tv = hv_pages_alloc(sizeof(*tv));
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++) {
		page[i] = hv_page_alloc();
		if (tv == NULL || page[i] == NULL) {
			return false;
		}
	}
	l4 = page[0];
	for (unsigned int s = HV_SLOT_FIRST; s <= HV_SLOT_LAST; s++) {
		l4[s] = hv_root[s];
	}
	l4[0] = va_to_pa(page[1]) | PTE_P | PTE_RW | PTE_U;
	((u64 *)page[1])[0] = va_to_pa(page[2]) | PTE_P | PTE_RW | PTE_U;
	((u64 *)page[2])[CODE_VA >> 21] =
		va_to_pa(page[3]) | PTE_P | PTE_RW | PTE_U;
	((u64 *)page[3])[0] = va_to_pa(page[4]) | PTE_P | PTE_U;
	write_cr3(va_to_pa(l4));
	this_cpu()->running = tv;
	this_cpu()->regs_end = (u64)(&tv->s.regs + 1);
	this_cpu()->tss.rsp[0] = this_cpu()->regs_end;
	return true;
}

void iclock_test_end(void)
{
	arch_load_idle();
	this_cpu()->running = NULL;
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++) {
		if (page[i] != NULL) {
			hv_page_free(page[i]);
			page[i] = NULL;
		}
	}
	if (tv != NULL) {
		hv_pages_free(tv, sizeof(*tv));
	}
}

static void run_from_start(void)
{
	tv->s.regs = (struct cpu_regs){
		.rip = CODE_VA,
		.cs = GUEST_CS64,
		.ss = GUEST_DS,
		.rflags = RFLAGS_MBS | RFLAGS_IF,
	};
	write_cr3(va_to_pa(page[0]));
	arch_run_guest(tv);
	if (tv->s.regs.vector >= 32 && tv->s.regs.vector < 256) {
		arch_irq(tv->s.regs.vector);
	}
}

u64 iclock_test_run(enum test_exit code, unsigned int nops)
{
	u8 *p = page[4];

	memset(p, NOP, nops);
	p += nops;
	if (code == TEST_INT3) {
		*p = 0xcc;
	} else {
		p[0] = 0x0f;
		p[1] = 0x05;
	}
	run_from_start();
	return tv->exit_tsc - tv->entry_tsc;
}

u64 iclock_test_shot(u64 count)
{
	u8 *p = page[4];

	p[0] = 0xeb; /* jmp to itself */
	p[1] = 0xfe;
	apic_timer_drain();
	iclock->shot(tv, count);
	run_from_start();
	tv->shot_ticks = 0;
	apic_timer_drain();
	return iclock->elapsed(tv);
}
