/* SPDX-License-Identifier: MIT */
/*
 * One CPU's control state: CR0, CR4, EFER, the `syscall` MSRs, PAT.
 */
#include <arch/cpu.h>
#include <arch/desc.h>
#include <arch/machine.h>
#include <arch/regs.h>
#include <hv/lib.h>

/* What `syscall` clears (C2): TF IF DF IOPL NT RF AC. */
#define SYSCALL_MASK                                                           \
	(RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_IOPL | RFLAGS_NT |         \
	 RFLAGS_RF | RFLAGS_AC)
/* The PAT that the ABI fixes: WB WT UC- UC WC WP UC UC. */
#define ABI_PAT 0x0000050100070406

#define TCG_SIGNATURE 0x54474354 /* "TCGT", ebx of CPUID 0x40000000 */
#define EFER_SCE      0x1
#define CR0_INIT      0x80050033 /* PG AM WP NE ET MP PE */

struct cpu_features cpu_features;

/* QEMU's TCG (7.2) takes the stack reads of a far return or IRET in ring 3 for
 * supervisor accesses, so with SMAP on the guest faults there for ever. */
static bool smap_is_broken(void)
{
	return cpuid(0x40000000, 0).ebx == TCG_SIGNATURE;
}

const char *cpu_probe(void)
{
	struct cpuid_regs v = cpuid(0, 0), l1 = cpuid(1, 0), x, l7 = {0};

	memcpy(cpu_features.vendor, &v.ebx, 4);
	memcpy(cpu_features.vendor + 4, &v.edx, 4);
	memcpy(cpu_features.vendor + 8, &v.ecx, 4);
	x = cpuid(0x80000001, 0);
	if (v.eax >= 7) {
		l7 = cpuid(7, 0);
	}
	cpu_features.smep = l7.ebx >> 7 & 1;
	cpu_features.smap = (l7.ebx >> 20 & 1) && !smap_is_broken();
	cpu_features.nx = x.edx >> 20 & 1;
	cpu_features.syscall = x.edx >> 11 & 1;
	cpu_features.fxsr = l1.edx >> 24 & 1;
	if (!cpu_features.nx) {
		return "no-execute pages (NX)";
	}
	if (!cpu_features.syscall) {
		return "the SYSCALL instruction";
	}
	return cpu_features.fxsr ? NULL : "FXSAVE";
}

void cpu_init(struct cpu *c)
{
	u64 cr4 = CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	if (cpu_features.smep) {
		cr4 |= CR4_SMEP;
	}
	if (cpu_features.smap) {
		cr4 |= CR4_SMAP;
	}
	write_cr0(CR0_INIT);
	write_cr4(cr4);
	wrmsr(MSR_PAT, ABI_PAT);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
	wrmsr(MSR_STAR, (u64)GUEST_CS32 << 48 | (u64)HV_CS << 32);
	wrmsr(MSR_LSTAR, (u64)entry_syscall64);
	wrmsr(MSR_CSTAR, (u64)entry_syscall32);
	wrmsr(MSR_SFMASK, SYSCALL_MASK);
	wrmsr(MSR_KERNEL_GS_BASE, (u64)c);
}
