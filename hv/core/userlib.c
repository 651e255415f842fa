/* SPDX-License-Identifier: MIT */
/*
 * What libraries compiled for userland expect of their surroundings: an FS
 * base with a stack canary, a function to call when the canary is gone, and
 * that their constructors ran.
 * docs/decisions/userland-libraries.md
 */
#include <arch/cpu.h>
#include <hv/lib.h>
#include <hv/userlib.h>

/* The start of a thread control block as the compiler knows it. */
struct userlib_tls {
	u64 unused[5];
	u64 canary; /* %fs:0x28 */
};
static_assert(offsetof(struct userlib_tls, canary) == 0x28,
              "the compiler reads the canary at %fs:0x28");

static struct userlib_tls tls;

typedef void constructor_fn(void);
extern constructor_fn *const constructors[] __asm__("__init_array_start");
extern constructor_fn *const constructors_end[] __asm__("__init_array_end");
static bool constructed;

__linked void __noreturn __stack_chk_fail(void);

/* liblzma's CRC64, for one, is a NULL pointer until its constructor has chosen
 * an implementation for this CPU.
 */
static void run_constructors(void)
{
	for (constructor_fn *const *c = constructors; c != constructors_end;
	     c++) {
		(*c)();
	}
}

u64 userlib_enter(void)
{
	u64 fs_base = rdmsr(MSR_FS_BASE);

	/* Chosen once: frames of an outer call hold the first value. The low
	 * byte is 0, so that a string that runs over cannot restore it.
	 */
	if (tls.canary == 0) {
		tls.canary = (rdtsc() * 0x9e3779b97f4a7c15) << 8 | 0x100;
	}
	wrmsr(MSR_FS_BASE, (u64)&tls);
	if (!constructed) {
		constructed = true;
		run_constructors();
	}
	return fs_base;
}

void userlib_leave(u64 fs_base)
{
	wrmsr(MSR_FS_BASE, fs_base);
}

void userlib_enter_saving(struct userlib_state *s)
{
	s->cr0 = read_cr0();
	write_cr0(s->cr0 & ~CR0_TS);
	fxsave(s->fpu);
	s->fs_base = userlib_enter();
}

void userlib_leave_restoring(const struct userlib_state *s)
{
	userlib_leave(s->fs_base);
	BUG_ON(fxrstor_safe(s->fpu) != 0);
	write_cr0(s->cr0);
}

void __stack_chk_fail(void)
{
	panic("BUG: a library overran a buffer on the hypervisor's stack");
}
