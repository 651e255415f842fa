/* SPDX-License-Identifier: MIT */
/*
 * MMUEXT_NEW_USER_BASEPTR: user mode runs on the L4 it names; user pages are
 * not reachable from the kernel through it; it must be an L4 of the domain;
 * 0 clears it. The kernel's FS and GS bases follow the mode.
 *
 * ABI: xen.h mmuext_op; set_segment_base.
 */
#include <guest/mm.h>
#include <guest/test.h>
#include <guest/user.h>

USER_CODE(u_store, "movq $0x5aa5, (%rdi)\nsyscall");
USER_CODE(u_gs, "movq %gs:0, %rax\nsyscall");

static void roots(void)
{
	struct regs regs;
	static char page[PAGE_SIZE] __page;

	user_run(&regs, user_address(u_store), USER_DATA + 64);
	check_eq(regs.entry, ENTRY_SYSCALL, "store in user mode");
	check_eq(user_data()[8], 0x5aa5, "seen through the kernel's mapping");
	check_eq(PROBE("movq (%0), %%rax", ::"r"(USER_DATA)
	               : "rax"),
	         EXC(VEC_PF, 0), "user address in kernel mode");
	check_rc(mmuext(MMUEXT_NEW_USER_BASEPTR, va_to_mfn(page), 0), -EINVAL,
	         "a writable page as root");
	check_rc(mmuext(MMUEXT_NEW_USER_BASEPTR, ~0UL >> 12, 0), -EINVAL,
	         "no frame as root");
	check_rc(mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0), 0, "none");
	check_rc(mmuext(MMUEXT_NEW_USER_BASEPTR, user_root(), 0), 0, "again");
}

static void gs_bases(void)
{
	static uint64_t kernel_word = 0x1111;
	struct regs regs;
	uint64_t got;

	user_data()[0] = 0x2222;
	check_rc(hc_set_segment_base(SEGBASE_GS_KERNEL, ADDR(&kernel_word)), 0,
	         "GS_KERNEL");
	check_rc(hc_set_segment_base(SEGBASE_GS_USER, USER_DATA), 0, "GS_USER");
	asm volatile("movq %%gs:0, %0" : "=r"(got));
	check_eq(got, 0x1111, "gs in the kernel");
	user_run(&regs, user_address(u_gs), 0);
	check_eq(regs.entry, ENTRY_SYSCALL, "gs load in user mode");
	check_eq(regs.rax, 0x2222, "gs in user mode");
	asm volatile("movq %%gs:0, %0" : "=r"(got));
	check_eq(got, 0x1111, "gs back in the kernel");
}

GUEST_TEST(user_root)
{
	user_init();
	roots();
	gs_bases();
}
