/* SPDX-License-Identifier: MIT */
/*
 * Into the guest and out of it.
 *
 * A frame pushed by the CPU and completed here is a struct cpu_regs. TSS.RSP0
 * points to the end of the running vCPU's, so that after all pushes rsp is the
 * vCPU. Two windows must keep a fixed number of instructions, because the
 * instruction clock is the difference of the two TSC reads: from the read to
 * iretq, and from the vector to the read. Stubs with and without error code
 * have the same length; the `syscall` stub has its own constant.
 */
#include <arch/layout.h>
#include <asm-offsets.h>

#define APIC_TMICT (DEVICE_VIRT + 0x380)
#define EXIT_SYSCALL 256
#define EXIT_IRET_FAULT 257
#define GUEST_SS 0xe02b
#define GUEST_CS64 0xe033
#define GUEST_CS32 0xe023

	.macro PUSH_REGS
	push	%rdi
	push	%rsi
	push	%rdx
	push	%rcx
	push	%rax
	rdtsc
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	$0
	.endm

	.macro POP_REGS
	add	$8, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rax
	pop	%rcx
	pop	%rdx
	pop	%rsi
	pop	%rdi
	.endm

	.text
/*
 * void arch_run_guest(struct vcpu *v)
 * In: rdi = v, interrupts off. Returns when the guest exits, with s.regs,
 * exit_cr2, entry_tsc and exit_tsc filled in. Clobbers what a call may.
 *
 * The iret frame is copied to the hypervisor's stack: a fault of the iretq
 * itself (the guest's cs or ss is not loadable) then leaves s.regs untouched.
 */
	.globl arch_run_guest
	.type arch_run_guest, @function
arch_run_guest:
	push	%rbp
	mov	%rsp, %rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, V_HV_RSP(%rdi)
	movzwl	R_SS(%rdi), %eax
	push	%rax
	push	R_RSP(%rdi)
	push	R_RFLAGS(%rdi)
	movzwl	R_CS(%rdi), %eax
	push	%rax
	push	R_RIP(%rdi)
	lea	R_R15(%rdi), %rsi
	mov	%rsp, %rcx
	mov	V_SHOT(%rdi), %eax
	test	%eax, %eax
	jz	1f
	movabs	$APIC_TMICT, %rdx
	mov	%eax, (%rdx)
1:	rdtsc
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, V_ENTRY_TSC(%rdi)
	mov	%rdi, %rax
	mov	0x00 + R_R15(%rax), %r15
	mov	0x08 + R_R15(%rax), %r14
	mov	0x10 + R_R15(%rax), %r13
	mov	0x18 + R_R15(%rax), %r12
	mov	0x20 + R_R15(%rax), %rbp
	mov	0x28 + R_R15(%rax), %rbx
	mov	0x30 + R_R15(%rax), %r11
	mov	0x38 + R_R15(%rax), %r10
	mov	0x40 + R_R15(%rax), %r9
	mov	0x48 + R_R15(%rax), %r8
	mov	0x58 + R_R15(%rax), %rcx
	mov	0x60 + R_R15(%rax), %rdx
	mov	0x68 + R_R15(%rax), %rsi
	mov	0x70 + R_R15(%rax), %rdi
	mov	0x50 + R_R15(%rax), %rax
	.globl guest_iretq
guest_iretq:
	iretq

/* From the vector stubs: rsp = v, all registers saved, rdx:eax = the TSC. */
exit_to_hv:
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, V_EXIT_TSC(%rsp)
	mov	%cr2, %rax
	mov	%rax, V_EXIT_CR2(%rsp)
	mov	V_HV_RSP(%rsp), %rsp
	/* Guest flags must not reach C: DF, AC (SMAP), NT (C2). */
	push	$2
	popfq
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret

/*
 * `syscall`, 64-bit and compatibility mode. No stack: rcx = rip, r11 = rflags,
 * interrupts off by SFMASK.
 */
	.macro SYSCALL_STUB name, cs
	.balign 16
	.globl \name
\name:
	swapgs
	mov	%rsp, %gs:C_SCRATCH
	mov	%gs:C_REGS_END, %rsp
	push	$GUEST_SS
	push	%gs:C_SCRATCH
	push	%r11
	push	$\cs
	push	%rcx
	swapgs
	push	$0
	movl	$EXIT_SYSCALL, 4(%rsp)
	PUSH_REGS
	jmp	exit_to_hv
	.endm
	SYSCALL_STUB entry_syscall64, GUEST_CS64
	SYSCALL_STUB entry_syscall32, GUEST_CS32

/* The common part of all vectors that use RSP0. */
	.balign 16
vector_common:
	PUSH_REGS
	testb	$3, R_CS(%rsp)
	jnz	exit_to_hv
hv_common:
	cld
	mov	%rsp, %rdi
	mov	%rsp, %rbx
	and	$-16, %rsp
	call	hv_trap
	mov	%rbx, %rsp
	POP_REGS
	add	$8, %rsp
	iretq

/* Vectors with a stack of their own: from the guest, the frame moves to the
 * vCPU, so that C sees the same as for every other vector. */
	.balign 16
vector_ist:
	PUSH_REGS
	testb	$3, R_CS(%rsp)
	jz	hv_common
	mov	%rsp, %rsi
	mov	%rsp, %rbx
	or	$(STACK_SIZE - 1), %rbx
	mov	-7(%rbx), %rbx		/* struct cpu */
	mov	C_RUNNING(%rbx), %rdi
	mov	%rdi, %rsp
	mov	$(R_SIZE / 8), %ecx
	mov	%rax, %r8
	cld
	rep movsq
	mov	%r8, %rax
	jmp	exit_to_hv

/*
 * void __noreturn return_bad_iret(struct vcpu *v): the iretq of
 * arch_run_guest() faulted; makes that function return as if the guest had
 * exited with EXIT_IRET_FAULT. s.regs still holds what was to be loaded.
 */
	.globl return_bad_iret
return_bad_iret:
	mov	%rdi, %rsp
	movl	$EXIT_IRET_FAULT, R_VECTOR(%rsp)
	rdtsc
	jmp	exit_to_hv

/* The 256 stubs and the table of their addresses, from one macro. */
	.macro VECTOR
	.text
	.balign 16
1:
	.if i == 8 || (i >= 10 && i <= 14) || i == 17 || i == 21 || i == 29 || i == 30
	nop
	.else
	push	$0
	.endif
	movl	$i, 4(%rsp)
	.if i == 1 || i == 2 || i == 8 || i == 18
	jmp	vector_ist
	.else
	jmp	vector_common
	.endif
	.section .rodata, "a"
	.quad	1b
	.text
	.endm

	.section .rodata, "a"
	.balign 8
	.globl vector_stubs
vector_stubs:
	.set	i, 0
	.rept	256
	VECTOR
	.set	i, i + 1
	.endr

/* ---- instructions that may fault, with their fix-ups --------------------- */
	.macro EXTABLE from, to
	.section .extable, "a"
	.quad	\from, \to
	.text
	.endm

	.text
/* int rdmsr_safe(u32 msr, u64 *value) */
	.globl rdmsr_safe
rdmsr_safe:
	mov	%edi, %ecx
1:	rdmsr
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, (%rsi)
	xor	%eax, %eax
	ret
/* int wrmsr_safe(u32 msr, u64 value) */
	.globl wrmsr_safe
wrmsr_safe:
	mov	%edi, %ecx
	mov	%esi, %eax
	mov	%rsi, %rdx
	shr	$32, %rdx
2:	wrmsr
	xor	%eax, %eax
	ret
/* int fxrstor_safe(const void *image) */
	.globl fxrstor_safe
fxrstor_safe:
3:	fxrstor64 (%rdi)
	xor	%eax, %eax
	ret
fault_minus1:
	mov	$-1, %eax
	ret
	EXTABLE	1b, fault_minus1
	EXTABLE	2b, fault_minus1
	EXTABLE	3b, fault_minus1

/* int load_segment_safe(unsigned int which, u16 selector) */
	.macro LOADSEG seg
1:	mov	%esi, %\seg
	xor	%eax, %eax
	ret
2:	xor	%eax, %eax
	mov	%eax, %\seg
	mov	$-1, %eax
	ret
	EXTABLE	1b, 2b
	.endm
	.globl load_segment_safe
load_segment_safe:
	cmp	$1, %edi
	jb	load_ds
	je	load_es
	cmp	$3, %edi
	jb	load_fs
	LOADSEG gs
load_ds:
	LOADSEG ds
load_es:
	LOADSEG es
load_fs:
	LOADSEG fs

/* u16 read_segment(unsigned int which) */
	.globl read_segment
read_segment:
	xor	%eax, %eax
	cmp	$1, %edi
	jb	3f
	je	4f
	cmp	$3, %edi
	jb	5f
	mov	%gs, %eax
	ret
3:	mov	%ds, %eax
	ret
4:	mov	%es, %eax
	ret
5:	mov	%fs, %eax
	ret
	.section .note.GNU-stack, "", @progbits
