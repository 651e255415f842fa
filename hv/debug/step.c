/* SPDX-License-Identifier: MIT */
/*
 * Making the guest come back after a number of instructions: by the
 * instruction clock, which it cannot see, or by the trap flag. That is taken
 * out of what the guest sees wherever it comes back. Without an exact clock it
 * is all there is, and then a `pushf` that is stepped over stores it, and a
 * `popf` ends the stepping up to the next exit.
 */
#include "priv.h"

#include <arch/cpu.h>
#include <arch/iclock.h>
#include <hv/timer.h>
#include <pv/cpu_state.h>

#define INSN_BYTES 15

/* Timers of the host, and whatever else was arranged, come first. */
static void shoot(struct vcpu *v, u64 count)
{
	u64 now = now_ns(), next = timers_next_ns();
	u32 before = v->shot_ticks;

	if (next != ~0UL) {
		count = MIN(count, next > now ? next - now : 1);
	}
	iclock->shot(v, count);
	if (before != 0 && before < v->shot_ticks) {
		v->shot_ticks = before;
	}
}

/* The trap flag costs a tenth of a shot. It is as exact where the instruction
 * neither shows it nor changes it nor, in TCG, loses the trap. */
static bool trap_is_exact(struct vcpu *v)
{
	u8 modrm;
	bool rep;
	int op = insn_opcode(v, &modrm, &rep);

	switch (op) {
	case -1:
	case 0x8e:          /* mov to a segment register */
	case 0x90:          /* pause */
	case 0x9c ... 0x9d: /* pushf, popf */
	case 0xcc ... 0xcf: /* int3, int, iret */
	case 0xf1:          /* int1 */
	case 0xf4:          /* hlt */
	case 0x0f01:
	case 0x0f05: /* syscall */
	case 0x0f34: /* sysenter */
	case 0x0fb2: /* lss */
		return false;
	default:
		return true;
	}
}

void step_arrange(struct vcpu *v, u64 count)
{
	bool trap = !(v->s.regs.rflags & RFLAGS_TF) &&
	            (!iclock->exact || (count == 1 && trap_is_exact(v)));

	if (trap) {
		v->s.regs.rflags |= RFLAGS_TF;
		v->domain->debug->cpu[v->id].trap_flag = true;
	} else if (iclock->exact) {
		shoot(v, count);
	}
}

void step_undo(struct vcpu *v)
{
	struct debug_cpu *c = &v->domain->debug->cpu[v->id];

	if (c->trap_flag) {
		v->s.regs.rflags &= ~RFLAGS_TF;
		if (v->s.regs.vector == EXIT_SYSCALL) {
			v->s.regs.r11 &= ~RFLAGS_TF;
		}
	}
}

/* A #DB is ours if nothing that the guest set up is in it. */
bool step_took_trap(struct vcpu *v)
{
	u64 dr6;

	if (!v->domain->debug->cpu[v->id].trap_flag ||
	    v->s.regs.vector != X86_DB) {
		return false;
	}
	dr6 = read_dr6();
	if (!(dr6 & DR6_BS)) {
		return false;
	}
	for (unsigned int i = 0; i < 4; i++) {
		if ((dr6 >> i & 1) && (v->s.debugreg[7] >> (2 * i) & 3)) {
			write_dr6(dr6 & ~DR6_BS);
			return false;
		}
	}
	write_dr6(DR6_INIT);
	return true;
}

/* Of the instructions that a guest executes although ring 3 may not, TCG
 * counts those which it refuses when it translates them, and not those which
 * are refused when they run. */
static bool refused_early(const u8 *p, unsigned int n)
{
	unsigned int i = 0;

	while (i + 1 < n &&
	       (p[i] == 0x66 || p[i] == 0x67 || p[i] == 0xf0 || p[i] == 0xf2 ||
	        p[i] == 0xf3 || p[i] == 0x2e || p[i] == 0x36 || p[i] == 0x3e ||
	        p[i] == 0x26 || p[i] == 0x64 || p[i] == 0x65 ||
	        (p[i] & 0xf0) == 0x40)) {
		i++;
	}
	if (i >= n) {
		return false;
	}
	switch (p[i]) {
	case 0xcd: /* int n */
	case 0xf4: /* hlt */
	case 0xfa: /* cli */
	case 0xfb: /* sti */
		return true;
	case 0x0f:
		break;
	default:
		return false;
	}
	switch (i + 1 < n ? p[i + 1] : 0xff) {
	case 0x00:          /* lldt, ltr */
	case 0x01:          /* lgdt, lidt, lmsw, invlpg */
	case 0x06:          /* clts */
	case 0x08 ... 0x09: /* invd, wbinvd */
	case 0x20 ... 0x23: /* mov with control and debug registers */
	case 0x30:          /* wrmsr */
	case 0x32:          /* rdmsr */
		return true;
	default:
		return false;
	}
}

bool step_exit_counted(struct vcpu *v)
{
	u8 bytes[INSN_BYTES];
	long n;

	switch (v->s.regs.vector) {
	case EXIT_SYSCALL:
	case X86_BP:
	case X86_UD:
	case X86_NM:
		return true;
	case X86_GP:
		n = debug_mem_read(v, CHRONO_MEM_ACTIVE, v->s.regs.rip, bytes,
		                   sizeof(bytes));
		return n > 0 && refused_early(bytes, (unsigned int)n);
	default:
		return false;
	}
}
