/* SPDX-License-Identifier: MIT */
/*
 * Exceptions that the hypervisor answers itself: privileged instructions by
 * mode and privilege, `int n` by gate, the forced-emulation prefix, virtual
 * TS; and that carrying an instruction out looks like the CPU's doing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arch/cpu.h>
#include <arch/entry.h>
#include <fake/fake_pv.h>
#include <hv/cpuid.h>
#include <hv/mm.h>
#include <hv/traps.h>
#include <pv/cpu_state.h>

static struct vcpu *const v = &fake.v;

static int setup(void **state)
{
	(void)state;
	fake_reset();
	return 0;
}

static void to_user_mode(void)
{
	vcpu_enter_user_mode(v);
	v->s.regs.rip = FAKE_USER_VA;
}

static bool raise(u32 vector, u32 error_code)
{
	v->s.regs.vector = vector;
	v->s.regs.error_code = error_code;
	return guest_exception(v);
}

/* Executes @code at rip; true when it was carried out. */
static bool emulated(const void *code, size_t size)
{
	u64 rip = v->s.regs.rip;

	fake_code(code, size);
	assert_true(raise(X86_GP, 0));
	if (v->trap.pending) {
		assert_int_equal(v->s.regs.rip, rip);
		v->trap.pending = false;
		return false;
	}
	v->s.regs.rip = rip;
	return true;
}
#define EMULATED(text) emulated(text, sizeof(text) - 1)

static const struct {
	const char *code;
	unsigned int size;
	bool kernel, iopl, user;
} privileges[] = {
	{"\x0f\x30", 2, true, false, false},     /* wrmsr */
	{"\x0f\x32", 2, true, false, false},     /* rdmsr */
	{"\x0f\x20\xc0", 3, true, false, false}, /* mov %cr0, %rax */
	{"\x0f\x20\xe0", 3, true, false, false},
	{"\x0f\x22\xe0", 3, true, false, false},  /* mov %rax, %cr4 */
	{"\x0f\x21\xf8", 3, true, false, false},  /* mov %dr7, %rax */
	{"\x0f\x06", 2, true, false, false},      /* clts */
	{"\x0f\x09", 2, true, false, false},      /* wbinvd */
	{"\x0f\x08", 2, false, false, false},     /* invd */
	{"\xec", 1, false, true, false},          /* in */
	{"\xe6\x80", 2, false, true, false},      /* out */
	{"\xfa", 1, false, true, false},          /* cli */
	{"\xfb", 1, false, true, false},          /* sti */
	{"\x0f\x31", 2, true, false, true},       /* rdtsc */
	{"\x0f\x01\xf9", 3, true, false, true},   /* rdtscp */
	{"\x0f\xa2", 2, true, false, true},       /* cpuid */
	{"\xf4", 1, false, false, false},         /* hlt */
	{"\x0f\x01\x10", 3, false, false, false}, /* lgdt */
	{"\x0f\x01\xf8", 3, false, false, false}, /* swapgs */
	{"\x0f\x01\xd1", 3, false, false, false}, /* xsetbv */
	{"\x0f\x22\xc0", 3, false, false, false}, /* mov %rax, %cr0: PG off */
	{"\xcf", 1, false, false, false},         /* iret */
	{"\x90", 1, false, false, false},
};

/* MSR FS_BASE for rdmsr and wrmsr, eax 0. */
static bool try_privilege(size_t i)
{
	v->s.regs.rcx = MSR_FS_BASE;
	v->s.regs.rax = 0;
	v->s.regs.rdx = 0;
	return emulated(privileges[i].code, privileges[i].size);
}

static void test_privileges(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(privileges); i++) {
		bool kernel = privileges[i].kernel, user = privileges[i].user;
		bool iopl = privileges[i].iopl;

		fake_reset();
		assert_int_equal(try_privilege(i), kernel);
		v->s.iopl = 1;
		assert_int_equal(try_privilege(i), kernel || iopl);
		to_user_mode();
		assert_int_equal(try_privilege(i), user);
		v->s.iopl = 3;
		assert_int_equal(try_privilege(i), user || iopl);
	}
}

static void test_architectural_iopl(void **state)
{
	(void)state;
	fake.d.s.vm_assist = 1UL << VMASST_TYPE_architectural_iopl;
	assert_true(EMULATED("\xfa"));
	to_user_mode();
	v->s.iopl = 2;
	assert_false(EMULATED("\xfa"));
}

static void test_tsd(void **state)
{
	(void)state;
	v->s.cr4 |= CR4_TSD;
	assert_true(EMULATED("\x0f\x31"));
	to_user_mode();
	assert_false(EMULATED("\x0f\x31"));
	assert_false(EMULATED("\x0f\x01\xf9"));
}

static void test_traced_tsc(void **state)
{
	(void)state;
	fake.d.traced = true;
	v->s.regs.rdx = ~0UL;
	assert_true(EMULATED("\x0f\x31"));
	assert_int_equal(v->s.regs.rax, 123456789);
	assert_int_equal(v->s.regs.rdx, 0);
	v->s.regs.rcx = 77;
	assert_true(EMULATED("\x0f\x01\xf9"));
	assert_int_equal(v->s.regs.rcx, 0);
}

/* After an instruction that the hypervisor carried out: rip behind it, RF off,
 * and with TF a #DB that says "single step". */
static void test_looks_executed(void **state)
{
	(void)state;
	v->s.iopl = 1;
	v->s.regs.rflags |= RFLAGS_RF;
	fake_code("\xfa", 1);
	raise(X86_GP, 0);
	assert_int_equal(v->s.regs.rip, FAKE_KERNEL_VA + 1);
	assert_int_equal(v->s.regs.rflags, 0x202);

	v->s.regs.rip = FAKE_KERNEL_VA;
	v->s.regs.rflags |= RFLAGS_TF;
	raise(X86_GP, 0);
	assert_true(v->trap.pending);
	assert_int_equal(v->trap.vector, X86_DB);
	assert_int_equal(v->s.debugreg[6], DR6_INIT | DR6_BS);
	assert_int_equal(v->s.regs.rip, FAKE_KERNEL_VA + 1);
}

static void test_error_code_of_refusal(void **state)
{
	(void)state;
	fake_code("\xf4", 1);
	raise(X86_GP, 0x28);
	assert_int_equal(v->trap.vector, X86_GP);
	assert_int_equal(v->trap.error_code, 0x28);
}

/* Privileged instructions are emulated for 64-bit code only, the clock for
 * all. */
static void test_compat_code(void **state)
{
	(void)state;
	v->s.regs.cs = FLAT_KERNEL_CS32;
	assert_false(EMULATED("\x0f\x30"));
	assert_true(EMULATED("\x0f\x31"));
}

static void test_fetch_at_the_end_of_memory(void **state)
{
	(void)state;
	v->s.iopl = 1;
	v->s.regs.rip = FAKE_KERNEL_VA + FAKE_MEMORY - 1;
	assert_true(EMULATED("\xfa"));
	assert_false(EMULATED("\x0f"));
	v->s.regs.rip = FAKE_KERNEL_VA - 0x1000;
	raise(X86_GP, 0);
	assert_int_equal(v->trap.vector, X86_GP);
}

/* int n by the gate's level; the error code of the CPU does not matter. */
static void int_n(u8 vector, u8 dpl, bool user, bool registered)
{
	const u8 code[] = {0xcd, vector};
	bool allowed = registered && dpl >= (user ? 3 : 1);

	fake_reset();
	v->s.traps[vector].dpl = dpl;
	v->s.traps[vector].address = registered ? fake_handler(vector) : 0;
	if (user) {
		to_user_mode();
	}
	fake_code(code, sizeof(code));
	assert_true(raise(X86_GP, vector * 16u + 2));
	assert_true(v->trap.pending);
	if (allowed) {
		assert_int_equal(v->trap.vector, vector);
		assert_false(v->trap.has_error);
		assert_int_equal(v->s.regs.rip % PAGE_SIZE, 2);
	} else {
		assert_int_equal(v->trap.vector, X86_GP);
		assert_int_equal(v->trap.error_code, vector * 8u + 2);
		assert_int_equal(v->s.regs.rip % PAGE_SIZE, 0);
	}
}

static void test_every_int(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 256 * 16; i++) {
		int_n((u8)(i >> 4), i & 3, i & 4, i & 8);
	}
}

static void test_forced_cpuid(void **state)
{
	static const u8 code[] = "\x0f\x0bxen\x0f\xa2";

	(void)state;
	cpuid_init();
	for (unsigned int user = 0; user < 2; user++) {
		fake_reset();
		if (user) {
			to_user_mode();
		}
		v->s.regs.rax = 0x40000000;
		fake_code(code, sizeof(code) - 1);
		assert_true(raise(X86_UD, 0));
		assert_false(v->trap.pending);
		assert_int_equal(v->s.regs.rip % PAGE_SIZE, 7);
		assert_int_equal(v->s.regs.rax, 0x40000005);
	}
	v->s.regs.rip = FAKE_USER_VA;
	fake_code("\x0f\x0bxeN\x0f\xa2", 7);
	raise(X86_UD, 0);
	assert_int_equal(v->trap.vector, X86_UD);
}

static void test_ts(void **state)
{
	(void)state;
	assert_int_equal(fake_call(hc_fpu_taskswitch, 1, 0), 0);
	assert_true(fake.hw.ts);
	assert_true(EMULATED("\x0f\x20\xc0"));
	assert_int_equal(v->s.regs.rax, 0x8005003b);
	assert_true(raise(X86_NM, 0));
	assert_int_equal(v->trap.vector, X86_NM);
	assert_false(fake.hw.ts);
	v->trap.pending = false;
	fake.hw.ts = true;
	assert_false(raise(X86_NM, 0));
	assert_false(fake.hw.ts);
	v->s.regs.rax = 0x8005003b;
	assert_true(EMULATED("\x0f\x22\xc0"));
	assert_true(fake.hw.ts);
	assert_true(EMULATED("\x0f\x06"));
	assert_false(fake.hw.ts);
}

static void test_cr4_and_cr2_and_cr3(void **state)
{
	(void)state;
	v->s.regs.rax = ~0UL;
	assert_true(EMULATED("\x0f\x22\xe0"));
	assert_int_equal(v->s.cr4, CR4_INIT | CR4_TSD | CR4_DE);
	v->s.regs.rax = 0;
	assert_true(EMULATED("\x0f\x22\xe0"));
	assert_int_equal(v->s.cr4, CR4_INIT);
	fake.info.arch.cr2 = 0x77;
	assert_true(EMULATED("\x0f\x20\xd0"));
	assert_int_equal(v->s.regs.rax, 0x77);
	v->s.regs.rbx = 0x123000;
	assert_true(EMULATED("\x0f\x22\xdb"));
	assert_true(EMULATED("\x0f\x20\xd8"));
	assert_int_equal(v->s.regs.rax, 0x123000);
}

static u64 rdmsr_of(u32 msr)
{
	v->s.regs.rcx = msr;
	assert_true(EMULATED("\x0f\x32"));
	return v->s.regs.rdx << 32 | v->s.regs.rax;
}

static bool wrmsr_of(u32 msr, u64 value)
{
	v->s.regs.rcx = msr;
	v->s.regs.rax = (u32)value;
	v->s.regs.rdx = value >> 32;
	return EMULATED("\x0f\x30");
}

static void test_msrs(void **state)
{
	(void)state;
	assert_true(wrmsr_of(MSR_GS_BASE, 0xffffffff81000000));
	assert_int_equal(fake.hw.gs_base, 0xffffffff81000000);
	assert_int_equal(rdmsr_of(MSR_GS_BASE), 0xffffffff81000000);
	assert_false(wrmsr_of(MSR_GS_BASE, 0x800000000000));
	assert_true(wrmsr_of(MSR_KERNEL_GS_BASE, 0x7000));
	assert_int_equal(v->s.gs_base_user, 0x7000);
	assert_true(wrmsr_of(MSR_EFER, rdmsr_of(MSR_EFER)));
	assert_false(wrmsr_of(MSR_EFER, 0));
	assert_false(wrmsr_of(MSR_PAT, 0));
	assert_int_equal(rdmsr_of(MSR_PAT), 0x0000050100070406);
	assert_int_equal(rdmsr_of(MSR_APIC_BASE), 0xfee00900);
	v->s.regs.rcx = 0x40000000;
	assert_false(EMULATED("\x0f\x32"));
	v->s.traps[X86_GP].address = 0;
	assert_int_equal(rdmsr_of(0x40000000), 0);
}

static void test_ports(void **state)
{
	(void)state;
	v->s.iopl = 1;
	v->s.regs.rax = 0x1122334455667788;
	assert_true(EMULATED("\xec"));
	assert_int_equal(v->s.regs.rax, 0x11223344556677ff);
	assert_true(EMULATED("\x66\xed"));
	assert_int_equal(v->s.regs.rax, 0x112233445566ffff);
	assert_true(EMULATED("\xe5\x10"));
	assert_int_equal(v->s.regs.rax, 0xffffffff);
}

/* rep ins is carried out in pieces, each of them an exit. */
static void test_rep_ins(void **state)
{
	unsigned int exits = 0;

	(void)state;
	v->s.iopl = 1;
	v->s.regs.rcx = 1000;
	v->s.regs.rdi = FAKE_KERNEL_VA + 0x1000;
	fake_code("\xf3\x6d", 2);
	while (v->s.regs.rip == FAKE_KERNEL_VA && exits < 100) {
		raise(X86_GP, 0);
		exits++;
	}
	assert_int_equal(v->s.regs.rcx, 0);
	assert_int_equal(v->s.regs.rdi, FAKE_KERNEL_VA + 0x1000 + 4000);
	assert_int_equal(exits, 16);
	assert_int_equal(fake.kernel[0x1000 + 3999], 0xff);
	assert_int_equal(fake.kernel[0x1000 + 4000], 0);
}

static void test_rep_ins_faults(void **state)
{
	(void)state;
	v->s.iopl = 1;
	v->s.regs.rcx = 10;
	v->s.regs.rdi = FAKE_KERNEL_VA + FAKE_MEMORY - 6;
	fake_code("\xf3\x6d", 2);
	raise(X86_GP, 0);
	assert_int_equal(v->s.regs.rcx, 9);
	raise(X86_GP, 0);
	assert_int_equal(v->trap.vector, X86_PF);
	assert_int_equal(v->trap.cr2, FAKE_KERNEL_VA + FAKE_MEMORY);
	assert_int_equal(v->trap.error_code, PFEC_WRITE);
	assert_int_equal(v->s.regs.rip, FAKE_KERNEL_VA);
	assert_int_equal(v->s.regs.rcx, 9);
}

static void test_string_edges(void **state)
{
	(void)state;
	v->s.iopl = 1;
	v->s.regs.rcx = 0;
	v->s.regs.rdi = 0x123;
	assert_true(EMULATED("\xf3\x6c"));
	assert_int_equal(v->s.regs.rdi, 0x123);
	v->s.regs.rdi = 0x0000800000000000;
	assert_false(EMULATED("\x6c"));
	v->s.regs.rflags |= RFLAGS_DF;
	v->s.regs.rsi = FAKE_KERNEL_VA + 100;
	v->s.regs.rcx = ~0UL;
	assert_true(EMULATED("\xf3\x66\x6f"));
	assert_int_equal(v->s.regs.rsi, FAKE_KERNEL_VA + 98);
	assert_int_equal(v->s.regs.rcx, ~0UL - 1);
	v->s.regs.rsi = 5;
	assert_false(EMULATED("\x6e"));
}

static void test_page_faults(void **state)
{
	(void)state;
	v->exit_cr2 = 0x5000;
	fake.fault_verdict = FAULT_RESOLVED;
	assert_false(raise(X86_PF, PFEC_USER | PFEC_WRITE));
	assert_false(v->trap.pending);
	fake.fault_verdict = FAULT_EMULATED;
	assert_true(raise(X86_PF, PFEC_USER | PFEC_WRITE));
	assert_false(v->trap.pending);
	fake.fault_verdict = FAULT_BOUNCE;
	fake.fault_code = PFEC_WRITE;
	assert_true(raise(X86_PF, PFEC_USER | PFEC_WRITE | PFEC_PRESENT));
	assert_int_equal(v->trap.error_code, PFEC_WRITE);
	assert_int_equal(v->trap.cr2, 0x5000);
}

static void test_debug_exception(void **state)
{
	(void)state;
	v->s.debugreg[7] = DR7_INIT | 0x2;
	fake.hw.dr6 = DR6_INIT | 0x4003;
	assert_true(raise(X86_DB, 0));
	assert_int_equal(v->trap.vector, X86_DB);
	assert_int_equal(v->s.debugreg[6], DR6_INIT | 0x4001);
	assert_int_equal(fake.hw.dr6, DR6_INIT);
}

static void test_bad_iret_exit(void **state)
{
	(void)state;
	assert_true(raise(EXIT_IRET_FAULT, 0));
	assert_int_equal(v->trap.vector, X86_GP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_privileges, setup),
		cmocka_unit_test_setup(test_architectural_iopl, setup),
		cmocka_unit_test_setup(test_tsd, setup),
		cmocka_unit_test_setup(test_traced_tsc, setup),
		cmocka_unit_test_setup(test_looks_executed, setup),
		cmocka_unit_test_setup(test_error_code_of_refusal, setup),
		cmocka_unit_test_setup(test_compat_code, setup),
		cmocka_unit_test_setup(test_fetch_at_the_end_of_memory, setup),
		cmocka_unit_test_setup(test_every_int, setup),
		cmocka_unit_test_setup(test_forced_cpuid, setup),
		cmocka_unit_test_setup(test_ts, setup),
		cmocka_unit_test_setup(test_cr4_and_cr2_and_cr3, setup),
		cmocka_unit_test_setup(test_msrs, setup),
		cmocka_unit_test_setup(test_ports, setup),
		cmocka_unit_test_setup(test_rep_ins, setup),
		cmocka_unit_test_setup(test_rep_ins_faults, setup),
		cmocka_unit_test_setup(test_string_edges, setup),
		cmocka_unit_test_setup(test_page_faults, setup),
		cmocka_unit_test_setup(test_debug_exception, setup),
		cmocka_unit_test_setup(test_bad_iret_exit, setup),
	};

	return cmocka_run_group_tests_name("pv_emul", tests, NULL, NULL);
}
