/* SPDX-License-Identifier: MIT */
/*
 * The boot self-test of FXSAVE, FXRSTOR, debug registers and segment bases.
 * CPUs differ in it: some save x87's last pointers only while an exception is
 * pending, some leave a segment's base when its selector becomes null.
 */
#include <arch/survives.h>

#include <arch/cpu.h>
#include <hv/lib.h>

#define TEST_BASE 0x123456789000UL

/* The layout that FXSAVE64 writes (SDM 1 10.5.1). */
struct fx_image {
	u16 control, status;
	u8 tags, reserved;
	u16 opcode;
	u64 rip, rdp;
	u32 mxcsr, mxcsr_mask;
	u8 registers[384]; /* ST0 to ST7, XMM0 to XMM15, 16 bytes each */
	u8 rest[96];
} __attribute__((aligned(16)));

static u32 verdict;

/* What FNSTENV writes in 64-bit mode (SDM 1 8.1.10): unlike FXSAVE's under an
 * emulator, the pointers are always those of the last x87 instruction. */
struct x87_env {
	u32 control, status, tags;
	u32 rip, selector_opcode, rdp, rdp_selector;
};

static void compute(const double *operand, u64 xmm)
{
	__asm__ volatile("fninit\n\t"
	                 "movq %1, %%xmm0\n\t"
	                 "movq %1, %%xmm15\n\t"
	                 "fldl %0" ::"m"(*operand),
	                 "r"(xmm));
}

/* It masks all exceptions, as they are after compute(). */
static struct x87_env x87_env(void)
{
	struct x87_env env;

	__asm__ volatile("fnstenv %0" : "=m"(env));
	return env;
}

static bool same_registers(const struct fx_image *a, const struct fx_image *b)
{
	return a->control == b->control && a->status == b->status &&
	       a->tags == b->tags && a->mxcsr == b->mxcsr &&
	       memcmp(a->registers, b->registers, sizeof(a->registers)) == 0;
}

static u32 test_fpu(void)
{
	static const double first = 1.5, second = -7.25;
	static struct fx_image image, again;
	struct x87_env before, after;
	u32 found = 0;

	compute(&first, 0x1111);
	before = x87_env();
	fxsave(&image);
	compute(&second, 0x2222);
	__asm__ volatile("fmull %0" ::"m"(second));
	if (fxrstor_safe(&image) != 0) {
		return 0;
	}
	after = x87_env();
	fxsave(&again);
	found |= same_registers(&image, &again) ? SURVIVES_FPU : 0;
	if (before.selector_opcode == after.selector_opcode) {
		found |= SURVIVES_FPU_OPCODE;
	}
	found |= before.rip == after.rip ? SURVIVES_FPU_RIP : 0;
	found |= before.rdp == after.rdp ? SURVIVES_FPU_RDP : 0;
	return found;
}

static u32 test_debug(void)
{
	u32 found;

	write_dr7(0x400);
	write_dr0(TEST_BASE);
	write_dr1(TEST_BASE + 1);
	write_dr2(TEST_BASE + 2);
	write_dr3(TEST_BASE + 3);
	found = read_dr0() == TEST_BASE && read_dr1() == TEST_BASE + 1 &&
	                        read_dr2() == TEST_BASE + 2 &&
	                        read_dr3() == TEST_BASE + 3
	                ? SURVIVES_DEBUG
	                : 0;
	write_dr0(0);
	write_dr1(0);
	write_dr2(0);
	write_dr3(0);
	return found;
}

/* The libraries' thread storage is there: nothing is called in between. */
static u32 test_base(void)
{
	u64 kept = rdmsr(MSR_FS_BASE), base;

	wrmsr(MSR_FS_BASE, TEST_BASE);
	__asm__ volatile("mov %0, %%fs" ::"r"(0));
	base = rdmsr(MSR_FS_BASE);
	wrmsr(MSR_FS_BASE, kept);
	return base == 0 ? NULL_CLEARS_BASE : 0;
}

void survives_test(void)
{
	verdict = test_fpu() | test_debug() | test_base();
	log_debug("CPU state: verdict %#x", verdict);
}

u32 survives_verdict(void)
{
	return verdict;
}
