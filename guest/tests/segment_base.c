/* SPDX-License-Identifier: MIT */
/*
 * set_segment_base: FS, the kernel's GS, the user's GS, and the user's GS
 * selector; what is not canonical or not known is refused; a selector that
 * cannot be loaded becomes null and counts as success. The MSRs
 * agree with it.
 *
 * ABI: xen.h HYPERVISOR_set_segment_base.
 */
#include <guest/test.h>
#include <guest/user.h>

static uint64_t word = 0x1234567, word2 = 0x89abcde;

USER_CODE(u_gs_sel, "movw %gs, %ax\nsyscall");

static uint64_t read_msr(uint32_t msr)
{
	uint32_t low = 0, high = 0;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static void bases(void)
{
	uint64_t got;

	check_rc(hc_set_segment_base(SEGBASE_FS, ADDR(&word)), 0, "FS");
	asm volatile("movq %%fs:0, %0" : "=r"(got));
	check_eq(got, word, "through fs");
	check_rc(hc_set_segment_base(SEGBASE_GS_KERNEL, ADDR(&word2)), 0, "GS");
	asm volatile("movq %%gs:0, %0" : "=r"(got));
	check_eq(got, word2, "through gs");
	check_rc(hc_set_segment_base(SEGBASE_GS_USER, 0x5000), 0, "user GS");
	check_eq(read_msr(0xc0000100), ADDR(&word), "MSR FS_BASE");
	check_eq(read_msr(0xc0000101), ADDR(&word2), "MSR GS_BASE");
	check_eq(read_msr(0xc0000102), 0x5000, "MSR KERNEL_GS_BASE");
}

static void errors(void)
{
	uint64_t bad = 0x0000900000000000;

	check_rc(hc_set_segment_base(SEGBASE_FS, bad), -EINVAL, "FS");
	check_rc(hc_set_segment_base(SEGBASE_GS_KERNEL, bad), -EINVAL, "GS");
	check_rc(hc_set_segment_base(SEGBASE_GS_USER, bad), -EINVAL, "user GS");
	check_rc(hc_set_segment_base(77, 0), -EINVAL, "unknown");
	check_eq(read_msr(0xc0000100), ADDR(&word), "FS base unchanged");
}

static void selector(void)
{
	struct regs regs;

	check_rc(hc_set_segment_base(SEGBASE_GS_USER_SEL, SEL_SS), 0, "valid");
	user_run(&regs, user_address(u_gs_sel), 0);
	check_eq(regs.rax & 0xffff, SEL_SS, "gs in user mode");
	check_rc(hc_set_segment_base(SEGBASE_GS_USER_SEL, 0x10), 0, "empty");
	user_run(&regs, user_address(u_gs_sel), 0);
	check_eq(regs.rax & 0xffff, 0, "gs in user mode");
}

GUEST_TEST(segment_base)
{
	bases();
	errors();
	selector();
	hc_set_segment_base(SEGBASE_FS, 0);
	hc_set_segment_base(SEGBASE_GS_KERNEL, 0);
}
