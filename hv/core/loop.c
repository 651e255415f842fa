/* SPDX-License-Identifier: MIT */
/*
 * The main loop: pick a vCPU, bounce what waits for it, run it, handle what
 * brought it back. Everything the hypervisor does happens here or below.
 */
#include <arch/entry.h>
#include <arch/percpu.h>
#include <hv/console.h>
#include <hv/debug.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/panic.h>
#include <hv/rr.h>
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

/* A page fault counts as an entry only if the guest can tell: that is known
 * when it has been handled. Everything else counts from its start. */
static void handle_page_fault(struct vcpu *v)
{
	if (guest_exception(v)) {
		rr_tap_entry(v);
		rr_tap_exit(v);
	} else if (!debug_stops_here(v)) {
		v->domain->resolved_faults++;
		rr_resolved(v);
	}
}

static void handle_entry(struct vcpu *v)
{
	rr_tap_entry(v);
	if (v->s.regs.vector == EXIT_SYSCALL) {
		handle_syscall(v);
	} else {
		guest_exception(v);
	}
	rr_tap_exit(v);
}

static void handle_exit(struct vcpu *v)
{
	u32 vector = v->s.regs.vector;
	bool own = rr_takes_exit(v);

	entry_ring_add(v);
	v->domain->exits[MIN(vector, (u32)NR_EXITS - 1)]++;
	if (vector >= 32 && vector < 256) {
		arch_irq(vector);
	} else if (vector == X86_NMI || vector == X86_MC || vector == X86_DF) {
		panic("vector %u from d%uv%u at %#lx", vector, v->domain->id,
		      v->id, v->s.regs.rip);
	} else if (vector == X86_PF) {
		handle_page_fault(v);
	} else if (!debug_takes_exit(v) && !own) {
		handle_entry(v);
	}
}

static void run_once(struct vcpu *v)
{
	v->shot_ticks = 0;
	if (!rr_before_guest(v)) {
		return;
	}
	do {
		if (rr_delivers(v)) {
			guest_deliver(v);
			debug_delivered(v);
		}
	} while (rr_lands_here(v));
	if (!vcpu_runnable(v) || !debug_before_guest(v)) {
		return;
	}
	if (v->flush_tlb) {
		arch_load_cr3(v);
	}
	if (v->shot_ticks == 0) {
		arch_timer_arm(timers_next_ns());
	}
	rr_place_arm(v);
	arch_run_guest(v);
	rr_after_guest(v);
	debug_after_guest(v);
	handle_exit(v);
	rr_shot_done(v);
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
		console_poll_now();
		arch_timer_arm(timers_next_ns());
		arch_idle();
	}
}
