/* SPDX-License-Identifier: MIT */
/*
 * Entry stubs and the way back.
 *
 * Stack at an entry, from rsp up:
 *	rcx, r11, [error code], rip, cs | mask << 32, rflags, rsp, ss
 * The failsafe callback has ds, es, fs, gs between r11 and rip instead of an
 * error code. A stub turns any of these into struct regs (guest/traps.h) and
 * leaves through HYPERVISOR_iret, whose frame is
 *	rax, r11, rcx, flags, rip, cs, rflags, rsp, ss
 */
#include <guest/abi.h>

#define STUB_SIZE 32

	.text

/* Vectors 0 to 255, STUB_SIZE bytes each. */
	.balign	STUB_SIZE
	.globl trap_stubs
trap_stubs:
	vector = 0
	.rept	256
	.balign	STUB_SIZE
	popq	%rcx
	popq	%r11
	.if	vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21
	.else
	pushq	$0
	.endif
	pushq	$vector
	jmp	entry_common
	vector = vector + 1
	.endr

/* The callbacks follow in the order of ENTRY_EVENT and the others. */
	.balign	STUB_SIZE
	popq	%rcx
	popq	%r11
	pushq	$0
	pushq	$256
	jmp	entry_common

	.balign	STUB_SIZE
	popq	%rcx
	popq	%r11
	popq	failsafe_selectors + 0
	jmp	failsafe_rest

	.balign	STUB_SIZE
	popq	%rcx
	popq	%r11
	pushq	$0
	pushq	$258
	jmp	entry_common

	.balign	STUB_SIZE
	popq	%rcx
	popq	%r11
	pushq	$0
	pushq	$259
	jmp	entry_common

	.balign	STUB_SIZE
	popq	%rcx
	popq	%r11
	pushq	$0
	pushq	$260
	jmp	entry_common

failsafe_rest:
	popq	failsafe_selectors + 8
	popq	failsafe_selectors + 16
	popq	failsafe_selectors + 24
	pushq	$0
	pushq	$257

entry_common:
	cld
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, %rdi
	movq	%rsp, %rbx
	andq	$-16, %rsp
	call	trap_dispatch
	movq	%rbx, %rsp

/* Expects rsp at a struct regs. */
	.globl entry_return
entry_return:
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	addq	$16, %rsp
	pushq	$0
	pushq	%rcx
	pushq	%r11
	pushq	%rax
	movl	$__HYPERVISOR_iret, %eax
	syscall
	ud2

/* int context_save(struct context *ctx) */
	.globl context_save
context_save:
	movq	%rbx, 0(%rdi)
	movq	%rbp, 8(%rdi)
	movq	%r12, 16(%rdi)
	movq	%r13, 24(%rdi)
	movq	%r14, 32(%rdi)
	movq	%r15, 40(%rdi)
	leaq	8(%rsp), %rax
	movq	%rax, 48(%rdi)
	movq	(%rsp), %rax
	movq	%rax, 56(%rdi)
	xorl	%eax, %eax
	ret

/* void context_jump(const struct context *ctx, int value) */
	.globl context_jump
context_jump:
	movl	%esi, %eax
	movq	0(%rdi), %rbx
	movq	8(%rdi), %rbp
	movq	16(%rdi), %r12
	movq	24(%rdi), %r13
	movq	32(%rdi), %r14
	movq	40(%rdi), %r15
	movq	48(%rdi), %rsp
	jmp	*56(%rdi)

/* void user_enter(const struct regs *regs): leaves to regs, for good. */
	.globl user_enter
user_enter:
	movq	%rdi, %rsp
	jmp	entry_return

	.bss
	.balign	8
	.globl failsafe_selectors
failsafe_selectors:
	.skip	32
