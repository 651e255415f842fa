/* SPDX-License-Identifier: MIT */
/*
 * Exceptions, software interrupts and callbacks of a guest.
 *
 * Every vector has an entry stub; what happens next is decided in this
 * order: a return from user mode ends user_run(); a fix-up for the faulting
 * instruction (PROBE); a hook for the vector; else the running test ends
 * with verdict ERROR. Registers are saved in full and restored through
 * HYPERVISOR_iret, so a hook may change any of them.
 */
#ifndef GUEST_TRAPS_H
#define GUEST_TRAPS_H

#include <guest/abi.h>

/* Entries that are not vectors of the trap table. */
#define ENTRY_EVENT     256
#define ENTRY_FAILSAFE  257
#define ENTRY_SYSCALL   258
#define ENTRY_SYSENTER  259
#define ENTRY_SYSCALL32 260
#define ENTRY_COUNT     261

#define VEC_DE 0
#define VEC_DB 1
#define VEC_BP 3
#define VEC_OF 4
#define VEC_UD 6
#define VEC_NM 7
#define VEC_NP 11
#define VEC_SS 12
#define VEC_GP 13
#define VEC_PF 14
#define VEC_MF 16
#define VEC_AC 17
#define VEC_XM 19

#define PF_PRESENT 1
#define PF_WRITE   2
#define PF_USER    4
#define PF_RSVD    8
#define PF_FETCH   16

/** Registers at an entry, as the stubs in entry.S lay them out. */
struct regs {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10;
	uint64_t r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t entry, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/** True when @regs were taken from guest user mode. */
static inline bool regs_from_user(const struct regs *regs)
{
	return (regs->cs & 3) == 3;
}

/** evtchn_upcall_mask at the time of the entry, as the frame reports it. */
static inline unsigned int regs_saved_mask(const struct regs *regs)
{
	return (regs->cs >> 32) & 0xff;
}

/** A hook returns true when it has dealt with the entry. */
typedef bool (*trap_hook)(struct regs *regs);

/** Registers every vector (DPL 3 for 3, 4 and 0x80) and all callbacks. */
void traps_init(void);

/** Puts back what traps_init() set up and forgets all hooks. */
void traps_reset(void);

/** Sets the hook of an entry; NULL removes it. */
void trap_hook_set(unsigned int entry, trap_hook hook);

/** Address of the stub of @entry, for hypercalls that take addresses. */
uint64_t trap_stub(unsigned int entry);

/**
 * Registers one vector by itself with @flags: DPL in bits 0-1, bit 2 masks
 * events at entry. @address 0 is not allowed (it ends the table).
 */
long trap_register(unsigned int vector, unsigned int flags, uint64_t address);

/** Registers callback @type at the stub of @entry; @flags CALLBACKF_*. */
long trap_callback(unsigned int type, unsigned int entry, unsigned int flags);

/** The last exception that a PROBE caught. */
struct trap_seen {
	bool taken;
	struct regs regs;
	uint64_t cr2;
};
extern struct trap_seen trap_seen;

/** What PROBE returns: 0, or vector and error code of the exception. */
#define EXC(vector, error) (BIT(63) | ((uint64_t)(vector) << 32) | (error))

uint64_t trap_result(void);

#define EXTABLE(from, to)                                                      \
	".pushsection .ex_table,\"a\"\n.quad " from ", " to "\n.popsection\n"

/**
 * PROBE("insn", : outputs : inputs : clobbers) executes one instruction and
 * gives its exception as a value: 0 or EXC(vector, error code). Outputs
 * hold what they held before when it faulted; make them "+".
 */
#define PROBE(text, ...)                                                       \
	({                                                                     \
		trap_seen.taken = false;                                       \
		barrier();                                                     \
		asm volatile("1: " text "\n2:\n" EXTABLE("1b", "2b")           \
		                     __VA_ARGS__);                             \
		barrier();                                                     \
		trap_result();                                                 \
	})

/** A saved place of execution; see context_save(). */
struct context {
	uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip;
};

/** Like setjmp: 0 now, and the value of context_jump() later. */
int context_save(struct context *ctx) __attribute__((returns_twice));
void context_jump(const struct context *ctx, int value)
	__attribute__((noreturn));

#endif /* GUEST_TRAPS_H */
