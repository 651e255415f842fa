/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU data. The top eight bytes of every hypervisor stack point to the
 * struct cpu that owns it, so this_cpu() needs no segment register: GS and FS
 * belong to the guest while the hypervisor runs. KERNEL_GS_BASE points here
 * too, for the `syscall` stub, which has no stack yet.
 */
#ifndef ARCH_PERCPU_H
#define ARCH_PERCPU_H

#include <arch/layout.h>
#include <hv/types.h>

struct vcpu;

/* SDM 3A 8.7, 64-bit TSS. */
struct tss {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3;
	u16 iomap_base;
} __attribute__((packed));

/* Which IST stack which vector uses (1-based in the gate). */
enum { IST_NMI = 1, IST_DF, IST_MC, IST_DB, NR_IST = IST_DB };

struct cpu {
	struct vcpu *running; /* in or last out of arch_run_guest() */
	u64 scratch;          /* `syscall` stub: the guest's rsp */
	u64 regs_end;         /* ... and where its frame goes */
	unsigned int id;
	struct vcpu *loaded; /* whose CPU state is in the hardware, or NULL */
	bool resched;
	u64 timer_armed_ns; /* what the host timer is set to; ~0: off */
	struct tss tss __attribute__((aligned(16)));
};

static inline struct cpu *this_cpu(void)
{
	u64 rsp;

	__asm__("mov %%rsp, %0" : "=r"(rsp));
	return *(struct cpu **)((rsp | (STACK_SIZE - 1)) - 7);
}

#endif
