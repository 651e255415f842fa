/* SPDX-License-Identifier: MIT */
/*
 * An iret frame that the CPU refuses gives the guest kernel an exception it
 * can handle, not a dead domain: code selectors that are null, no code, or
 * beyond the table; stack selectors likewise.
 *
 * ABI: arch-x86/xen-x86_64.h iret; callback.h CALLBACKTYPE_failsafe.
 */
#include <guest/test.h>

static struct context back;
static struct regs seen;

static bool on_fault(struct regs *regs)
{
	seen = *regs;
	context_jump(&back, 1);
}

static char stack[1024];

/* Issues iret with @f; true when it ended in a fault or the failsafe. */
static bool iret_faults(struct iret_context *f)
{
	seen.entry = ~0UL;
	if (context_save(&back)) {
		return true;
	}
	f->rsp = ADDR(stack + sizeof(stack));
	asm volatile("lea 1f(%%rip), %%rax\n\t"
	             "mov %%rax, 32(%[f])\n\t"
	             "mov %%rsp, %%rbx\n\t"
	             "mov %[f], %%rsp\n\t"
	             "mov $23, %%eax\n\t"
	             "syscall\n"
	             "1:\tmov %%rbx, %%rsp"
	             :
	             : [f] "r"(f)
	             : "rax", "rbx", "rcx", "r11", "memory", "cc");
	return false;
}

GUEST_TEST(iret_faults)
{
	static const struct {
		uint64_t cs, ss, error;
		const char *what;
	} cases[] = {
		{0xfff8, SEL_SS, 0xfff8, "cs beyond the table"},
		{SEL_SS, SEL_SS, 0xe028, "cs is data"},
		{0x0010, SEL_SS, 0x10, "cs of an empty descriptor"},
		{SEL_CS64, 0xfff8, 0xfff8, "ss beyond the table"},
		{SEL_CS64, 0x0010, 0x10, "ss of an empty descriptor"},
	};

	trap_hook_set(VEC_GP, on_fault);
	trap_hook_set(VEC_NP, on_fault);
	trap_hook_set(VEC_SS, on_fault);
	trap_hook_set(ENTRY_FAILSAFE, on_fault);
	for (unsigned int i = 0; i < ARRAY_LEN(cases); i++) {
		struct iret_context f = {
			.cs = cases[i].cs & ~3UL,
			.ss = cases[i].ss,
			.rflags = FLAG_IF,
		};

		check(iret_faults(&f), "%s is accepted", cases[i].what);
		check_eq(EXC(seen.entry, seen.error),
		         EXC(VEC_GP, cases[i].error), "%s", cases[i].what);
	}
}
