/* SPDX-License-Identifier: MIT */
/*
 * The main loop: pick a vCPU, bounce what waits for it, run it, handle what
 * brought it back. Everything the hypervisor does happens here or below.
 */
#include <arch/entry.h>
#include <arch/percpu.h>
#include <hv/console.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/panic.h>
#include <hv/sched.h>
#include <hv/timer.h>
#include <hv/traps.h>

struct vcpu *current_vcpu(void)
{
	return this_cpu()->loaded;
}

static void handle_syscall(struct vcpu *v)
{
	if (v->s.kernel_mode) {
		hypercall_dispatch(v);
	} else {
		guest_syscall(v);
	}
}

static void handle_exit(struct vcpu *v)
{
	u32 vector = v->s.regs.vector;

	entry_ring_add(v);
	if (vector == EXIT_SYSCALL) {
		v->nr_entries++;
		handle_syscall(v);
	} else if (vector >= 32 && vector < 256) {
		arch_irq(vector);
	} else if (vector == X86_NMI || vector == X86_MC || vector == X86_DF) {
		panic("vector %u from d%uv%u at %#lx", vector, v->domain->id,
		      v->id, v->s.regs.rip);
	} else if (guest_exception(v)) {
		v->nr_entries++;
	}
}

static void run_once(struct vcpu *v)
{
	guest_deliver(v);
	if (!vcpu_runnable(v)) {
		return;
	}
	if (v->flush_tlb) {
		arch_load_cr3(v);
	}
	arch_timer_arm(timers_next_ns());
	arch_run_guest(v);
	handle_exit(v);
}

void hv_loop(void)
{
	for (;;) {
		struct vcpu *v;

		timers_run();
		console_poll();
		v = sched_pick();
		if (v != NULL) {
			run_once(v);
			continue;
		}
		arch_timer_arm(timers_next_ns());
		arch_idle();
	}
}
