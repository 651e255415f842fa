/* SPDX-License-Identifier: MIT */
/*
 * First instructions of a bare PV guest, and the ELF notes that tell the
 * domain builder how to load it (xen/elfnote.h).
 */
#include <guest/abi.h>
#include <xen/elfnote.h>
#include <xen/features.h>

.macro note_string type, text
	.pushsection .note.Xen, "a", @note
	.balign 4
	.long 4, 2f - 1f, \type
	.asciz "Xen"
1:	.asciz "\text"
2:	.balign 4
	.popsection
.endm

.macro note_quad type, value
	.pushsection .note.Xen, "a", @note
	.balign 4
	.long 4, 8, \type
	.asciz "Xen"
	.quad \value
	.popsection
.endm

.macro note_long type, value
	.pushsection .note.Xen, "a", @note
	.balign 4
	.long 4, 4, \type
	.asciz "Xen"
	.long \value
	.popsection
.endm

	note_string	XEN_ELFNOTE_GUEST_OS,		"bare"
	note_string	XEN_ELFNOTE_GUEST_VERSION,	"1"
	note_string	XEN_ELFNOTE_XEN_VERSION,	"xen-3.0"
	note_string	XEN_ELFNOTE_LOADER,		"generic"
	note_string	XEN_ELFNOTE_PAE_MODE,		"yes"
	note_string	XEN_ELFNOTE_FEATURES,		"!writable_page_tables"
	note_quad	XEN_ELFNOTE_VIRT_BASE,		VIRT_BASE
	note_quad	XEN_ELFNOTE_PADDR_OFFSET,	0
	note_quad	XEN_ELFNOTE_ENTRY,		guest_entry
	note_quad	XEN_ELFNOTE_HV_START_LOW,	M2P_BASE
	note_long	XEN_ELFNOTE_SUPPORTED_FEATURES, (1 << XENFEAT_dom0)

	.section .text.head, "ax", @progbits
	.globl guest_entry
guest_entry:
	cld
	movq	$boot_stack_top, %rsp
	xorl	%ebp, %ebp
	movq	%rsi, %rdi
	call	guest_main
	ud2

	.bss
	.balign	4096
	.skip	32768
boot_stack_top:

	/* The stack that entries from user mode start on. */
	.globl entry_stack_top
	.skip	16384
entry_stack_top:
