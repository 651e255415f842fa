/* SPDX-License-Identifier: MIT */
/*
 * Exceptions and interrupts taken while the hypervisor itself runs: an entry
 * of the exception table, the iretq into a guest, an interrupt in the idle
 * loop; anything else is a bug of ours and ends in panic().
 */
#include <arch/cpu.h>
#include <arch/desc.h>
#include <arch/entry.h>
#include <arch/percpu.h>
#include <hv/lib.h>
#include <hv/panic.h>

struct extable_entry {
	u64 from, to;
};
extern const struct extable_entry extable_start[] __asm__("_extable_start");
extern const struct extable_entry extable_end[] __asm__("_extable_end");

static bool fix_up(struct cpu_regs *r)
{
	for (const struct extable_entry *e = extable_start; e < extable_end;
	     e++) {
		if (e->from == r->rip) {
			r->rip = e->to;
			return true;
		}
	}
	return false;
}

/* A guest's debug registers or TF cannot fire here (both are off or masked),
 * but a `mov ss` shadow can carry its #DB into the `syscall` stub (C4): drop
 * it. */
static bool guest_debug_leak(struct cpu_regs *r)
{
	if (r->vector != X86_DB) {
		return false;
	}
	write_dr7(0x400);
	r->rflags &= ~RFLAGS_TF;
	return true;
}

void hv_trap(struct cpu_regs *r)
{
	if (r->vector >= 32) {
		arch_irq(r->vector);
		return;
	}
	if (r->rip == (u64)guest_iretq && r->vector != X86_NMI &&
	    r->vector != X86_MC && r->vector != X86_DF) {
		return_bad_iret(this_cpu()->running);
	}
	if (guest_debug_leak(r) || fix_up(r)) {
		return;
	}
	panic_regs(r, read_cr2());
}
