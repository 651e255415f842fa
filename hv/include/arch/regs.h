/* SPDX-License-Identifier: MIT */
/*
 * The guest's register frame as the entry stubs leave it at the top of the
 * vCPU (hv/vcpu.h). The CPU pushes from ss down to rip (SDM 3A 6.14.2), the
 * stub the rest; asm-offsets.c exports the offsets.
 */
#ifndef ARCH_REGS_H
#define ARCH_REGS_H

#include <hv/types.h>

struct cpu_regs {
	u64 reserved; /* keeps the frame's end 16-byte aligned for the CPU */
	u64 r15, r14, r13, r12, rbp, rbx;
	u64 r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	u32 error_code;
	u32 vector; /* IDT vector, or EXIT_SYSCALL */
	u64 rip;
	u16 cs;
	u16 pad0[3];
	u64 rflags;
	u64 rsp;
	u16 ss;
	u16 pad1[3];
};

/* Vectors beyond the IDT's 256: how else the guest can enter. */
#define EXIT_SYSCALL 256

enum {
	X86_DE = 0,
	X86_DB = 1,
	X86_NMI = 2,
	X86_BP = 3,
	X86_OF = 4,
	X86_BR = 5,
	X86_UD = 6,
	X86_NM = 7,
	X86_DF = 8,
	X86_TS = 10,
	X86_NP = 11,
	X86_SS = 12,
	X86_GP = 13,
	X86_PF = 14,
	X86_MF = 16,
	X86_AC = 17,
	X86_MC = 18,
	X86_XM = 19,
};

#define PFEC_PRESENT 0x01
#define PFEC_WRITE   0x02
#define PFEC_USER    0x04
#define PFEC_RSVD    0x08
#define PFEC_FETCH   0x10

#define RFLAGS_CF   0x1UL
#define RFLAGS_MBS  0x2UL
#define RFLAGS_PF   0x4UL
#define RFLAGS_AF   0x10UL
#define RFLAGS_ZF   0x40UL
#define RFLAGS_SF   0x80UL
#define RFLAGS_TF   0x100UL
#define RFLAGS_IF   0x200UL
#define RFLAGS_DF   0x400UL
#define RFLAGS_OF   0x800UL
#define RFLAGS_IOPL 0x3000UL
#define RFLAGS_NT   0x4000UL
#define RFLAGS_RF   0x10000UL
#define RFLAGS_VM   0x20000UL
#define RFLAGS_AC   0x40000UL
#define RFLAGS_VIF  0x80000UL
#define RFLAGS_VIP  0x100000UL

#endif
