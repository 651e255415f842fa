/* SPDX-License-Identifier: MIT */
/*
 * From the boot loader's 32-bit entry to C in long mode.
 *
 * Multiboot 1 (0.6.96, 3.1) and 2 (3.1) both enter at _start32: eax holds the
 * magic, ebx the address of the information, paging is off and the segments
 * are flat. The code runs at its load address; SYM() turns a link address into
 * it. Boot tables map the first GiB three times: at 0, at IMAGE_VIRT and at
 * DIRECT_VIRT; paging_init() replaces them.
 */
#include <arch/layout.h>

#define SYM(x) ((x) - IMAGE_VIRT)

	.section .multiboot, "a"
	.balign 8
mb1_header:
	.long 0x1badb002
	.long 0x00010003	/* page-aligned modules, memory map, addresses */
	.long -(0x1badb002 + 0x00010003)
	.long SYM(mb1_header)
	.long SYM(_image_start)
	.long SYM(_symbols_end)
	.long SYM(_image_end)
	.long SYM(_start32)

	.balign 8
mb2_header:
	.long 0xe85250d6, 0, mb2_end - mb2_header
	.long -(0xe85250d6 + 0 + (mb2_end - mb2_header))
	.balign 8
	.word 1, 0		/* information request: map, modules, cmdline */
	.long 20
	.long 1, 3, 6
	.balign 8
	.word 2, 0		/* addresses */
	.long 24
	.long SYM(mb2_header), SYM(_image_start), SYM(_symbols_end), SYM(_image_end)
	.balign 8
	.word 3, 0		/* entry address */
	.long 12
	.long SYM(_start32)
	.balign 8
	.word 6, 0		/* modules page-aligned */
	.long 8
	.balign 8
	.word 0, 0
	.long 8
mb2_end:

	.section .text.boot, "ax"
	.code32
	.globl _start32
_start32:
	cli
	cld
	mov	$SYM(boot_stack_end), %esp
	mov	%eax, SYM(boot_magic)
	mov	%ebx, SYM(boot_info_pa)

	/* Long mode present? (SDM 2A CPUID 0x80000001 EDX[29]) */
	mov	$0x80000000, %eax
	cpuid
	cmp	$0x80000001, %eax
	jb	no_long_mode
	mov	$0x80000001, %eax
	cpuid
	bt	$29, %edx
	jnc	no_long_mode

	/* boot_l2: 512 two-megabyte pages from 0. */
	mov	$SYM(boot_l2), %edi
	mov	$0x83, %eax
1:	mov	%eax, (%edi)
	movl	$0, 4(%edi)
	add	$0x200000, %eax
	add	$8, %edi
	cmp	$SYM(boot_l2) + 4096, %edi
	jb	1b
	movl	$SYM(boot_l2) + 3, SYM(boot_l3)
	movl	$SYM(boot_l3) + 3, SYM(boot_l4)
	movl	$SYM(boot_l3) + 3, SYM(boot_l4) + 261 * 8
	movl	$SYM(boot_l3) + 3, SYM(boot_l4) + 262 * 8

	/* PAE, then EFER.LME and NXE, then paging (SDM 3A 9.8.5). */
	mov	%cr4, %eax
	or	$0x20, %eax
	mov	%eax, %cr4
	mov	$SYM(boot_l4), %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx
	rdmsr
	or	$0x900, %eax
	wrmsr
	mov	%cr0, %eax
	or	$0x80010001, %eax
	mov	%eax, %cr0
	lgdt	SYM(boot_gdtr)
	ljmp	$8, $SYM(start64_low)

no_long_mode:
	mov	$SYM(no_long_mode_text), %esi
	mov	$0x3f8, %dx
2:	lodsb
	test	%al, %al
	jz	3f
	out	%al, %dx
	jmp	2b
3:	hlt
	jmp	3b

	.code64
start64_low:
	movabs	$start64, %rax
	jmp	*%rax
start64:
	xor	%eax, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	%eax, %fs
	mov	%eax, %gs
	lea	boot_stack_end(%rip), %rsp
	xor	%ebp, %ebp
	mov	boot_magic(%rip), %edi
	mov	boot_info_pa(%rip), %esi
	call	boot_main
	ud2

	.section .rodata, "a"
no_long_mode_text:
	.asciz "Chronovisor needs a CPU with 64-bit long mode.\r\n"
	.balign 8
boot_gdt:
	.quad 0
	.quad 0x00af9a000000ffff
boot_gdtr:
	.word 15
	.long SYM(boot_gdt)

	.section .data, "aw"
	.balign 4
boot_magic:	.long 0
boot_info_pa:	.long 0

	.section .bss, "aw", @nobits
	.balign 4096
boot_l4:	.skip 4096
boot_l3:	.skip 4096
boot_l2:	.skip 4096
boot_stack:	.skip 16384
boot_stack_end:
	.section .note.GNU-stack, "", @progbits
