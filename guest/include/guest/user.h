/* SPDX-License-Identifier: MIT */
/*
 * Guest user mode, used like a coroutine.
 *
 * user_run() leaves to user code on a user page table of its own; it comes
 * back at the first syscall, exception or software interrupt there, with the
 * registers of the entry. User code lives in the section .user_text (see
 * USER_CODE), mapped read-only at USER_TEXT; one read-write page is at
 * USER_DATA, and the stack ends at USER_STACK.
 */
#ifndef GUEST_USER_H
#define GUEST_USER_H

#include <guest/abi.h>
#include <guest/traps.h>

#define USER_TEXT  0x0000000000400000UL
#define USER_DATA  0x0000000000600000UL
#define USER_STACK 0x0000000000602000UL

/** Defines user code @name out of assembly text. */
#define USER_CODE(name, text)                                                  \
	extern const char name[];                                              \
	asm(".pushsection .user_text,\"ax\"\n.balign 16\n" #name ":\n" text    \
	    "\n.popsection")

/** Where user mode sees code in .user_text. */
uint64_t user_address(const char *code);

/** The kernel's view of the page at USER_DATA. */
volatile uint64_t *user_data(void);

/** Sets up the user page table and NEW_USER_BASEPTR, on first use. */
void user_init(void);

/** mfn of the user L4; call user_init() first. */
uint64_t user_root(void);

/** The user L1 entry for @va, as pt_entry_in() gives it. */
volatile uint64_t *user_pte(uint64_t va);

/** Runs user code from @rip with rdi = @arg until it enters the kernel. */
void user_run(struct regs *out, uint64_t rip, uint64_t arg);

/**
 * Goes on in user mode with @regs, which also receives the next entry. The
 * event mask is the inverse of IF in user mode and as before afterwards.
 */
void user_resume(struct regs *regs);

/** What the last entry from user mode found: event mask, top of the frame. */
struct user_entry {
	unsigned int mask;
	uint64_t stack;
};
extern struct user_entry user_entry;

/** The stack pointer that entries from user mode start at. */
uint64_t user_entry_stack(void);

/** Called by the trap code on an entry from user mode; does not return. */
void user_leave(const struct regs *regs) __attribute__((noreturn));

#endif /* GUEST_USER_H */
