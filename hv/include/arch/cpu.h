/* SPDX-License-Identifier: MIT */
/*
 * Privileged instructions as functions, one each, and nothing more.
 * rdmsr_safe() and wrmsr_safe() answer -1 instead of faulting (extable).
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <hv/types.h>

#define MSR_EFER           0xc0000080
#define MSR_STAR           0xc0000081
#define MSR_LSTAR          0xc0000082
#define MSR_CSTAR          0xc0000083
#define MSR_SFMASK         0xc0000084
#define MSR_FS_BASE        0xc0000100
#define MSR_GS_BASE        0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX        0xc0000103
#define MSR_APIC_BASE      0x1b
#define MSR_PAT            0x277

#define CR0_TS 0x8UL
#define CR0_WP 0x10000UL

#define CR4_TSD        0x4UL
#define CR4_DE         0x8UL
#define CR4_PAE        0x20UL
#define CR4_MCE        0x40UL
#define CR4_PGE        0x80UL
#define CR4_OSFXSR     0x200UL
#define CR4_OSXMMEXCPT 0x400UL
#define CR4_UMIP       0x800UL
#define CR4_FSGSBASE   0x10000UL
#define CR4_OSXSAVE    0x40000UL
#define CR4_SMEP       0x100000UL
#define CR4_SMAP       0x200000UL

static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (u64)hi << 32 | lo;
}

static inline void wrmsr(u32 msr, u64 v)
{
	__asm__ volatile("wrmsr"
	                 :
	                 : "c"(msr), "a"((u32)v), "d"((u32)(v >> 32))
	                 : "memory");
}

int rdmsr_safe(u32 msr, u64 *value);
int wrmsr_safe(u32 msr, u64 value);

static inline u64 rdtsc(void)
{
	u32 lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi)::"memory");
	return (u64)hi << 32 | lo;
}

struct cpuid_regs {
	u32 eax, ebx, ecx, edx;
};

static inline struct cpuid_regs cpuid(u32 leaf, u32 subleaf)
{
	struct cpuid_regs r;

	__asm__ volatile("cpuid"
	                 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
	                 : "0"(leaf), "2"(subleaf));
	return r;
}

#define DEFINE_CR(n)                                                           \
	static inline u64 read_cr##n(void)                                     \
	{                                                                      \
		u64 v;                                                         \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(v)::"memory");    \
		return v;                                                      \
	}                                                                      \
	static inline void write_cr##n(u64 v)                                  \
	{                                                                      \
		__asm__ volatile("mov %0, %%cr" #n ::"r"(v) : "memory");       \
	}
DEFINE_CR(0)
DEFINE_CR(2)
DEFINE_CR(3)
DEFINE_CR(4)

#define DEFINE_DR(n)                                                           \
	static inline u64 read_dr##n(void)                                     \
	{                                                                      \
		u64 v;                                                         \
		__asm__ volatile("mov %%dr" #n ", %0" : "=r"(v));              \
		return v;                                                      \
	}                                                                      \
	static inline void write_dr##n(u64 v)                                  \
	{                                                                      \
		__asm__ volatile("mov %0, %%dr" #n ::"r"(v));                  \
	}
DEFINE_DR(0)
DEFINE_DR(1)
DEFINE_DR(2)
DEFINE_DR(3)
DEFINE_DR(6)
DEFINE_DR(7)

static inline void outb(u16 port, u8 v)
{
	__asm__ volatile("outb %0, %1" ::"a"(v), "Nd"(port));
}

static inline void outw(u16 port, u16 v)
{
	__asm__ volatile("outw %0, %1" ::"a"(v), "Nd"(port));
}

static inline void outl(u16 port, u32 v)
{
	__asm__ volatile("outl %0, %1" ::"a"(v), "Nd"(port));
}

static inline u8 inb(u16 port)
{
	u8 v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline u32 inl(u16 port)
{
	u32 v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void invlpg(u64 va)
{
	__asm__ volatile("invlpg (%0)" ::"r"(va) : "memory");
}

static inline void fxsave(void *image)
{
	__asm__ volatile("fxsave64 (%0)" ::"r"(image) : "memory");
}

/** Loads an FPU image; -1 when the CPU refuses it (bad MXCSR). */
int fxrstor_safe(const void *image);

/** Loads a data segment selector (0 ds, 1 es, 2 fs, 3 gs); -1 on a fault,
 *  and then the register holds the null selector. */
int load_segment_safe(unsigned int which, u16 selector);
u16 read_segment(unsigned int which);

static inline void irq_disable(void)
{
	__asm__ volatile("cli" ::: "memory");
}

static inline void irq_enable(void)
{
	__asm__ volatile("sti" ::: "memory");
}

#endif
