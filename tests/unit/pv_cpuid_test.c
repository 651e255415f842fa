/* SPDX-License-Identifier: MIT */
/*
 * The CPUID policy: built from a CPU that has everything, it still hides what
 * a guest must not use; what a guest needs is shown; leaves that are not in
 * it, and hostile policies, read as zeros.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <hv/cpuid.h>

#define KHZ 2400000

enum reg { EAX, EBX, ECX, EDX };

struct feature {
	const char *name;
	u32 leaf;
	enum reg reg;
	u8 bit;
};

static const struct feature hidden[] = {
	{"VME", 1, EDX, 1},
	{"PSE", 1, EDX, 3},
	{"SEP", 1, EDX, 11},
	{"MTRR", 1, EDX, 12},
	{"PGE", 1, EDX, 13},
	{"PSE36", 1, EDX, 17},
	{"HTT", 1, EDX, 28},
	{"MONITOR", 1, ECX, 3},
	{"VMX", 1, ECX, 5},
	{"FMA", 1, ECX, 12},
	{"CX16", 1, ECX, 13},
	{"PDCM", 1, ECX, 15},
	{"PCID", 1, ECX, 17},
	{"X2APIC", 1, ECX, 21},
	{"TSC_DEADLINE", 1, ECX, 24},
	{"XSAVE", 1, ECX, 26},
	{"OSXSAVE", 1, ECX, 27},
	{"AVX", 1, ECX, 28},
	{"F16C", 1, ECX, 29},
	{"RDRAND", 1, ECX, 30},
	{"FSGSBASE", 7, EBX, 0},
	{"TSC_ADJUST", 7, EBX, 1},
	{"SGX", 7, EBX, 2},
	{"AVX2", 7, EBX, 5},
	{"SMEP", 7, EBX, 7},
	{"INVPCID", 7, EBX, 10},
	{"MPX", 7, EBX, 14},
	{"AVX512F", 7, EBX, 16},
	{"RDSEED", 7, EBX, 18},
	{"SMAP", 7, EBX, 20},
	{"PT", 7, EBX, 25},
	{"UMIP", 7, ECX, 2},
	{"PKU", 7, ECX, 3},
	{"OSPKE", 7, ECX, 4},
	{"CET_SS", 7, ECX, 7},
	{"LA57", 7, ECX, 16},
	{"RDPID", 7, ECX, 22},
	{"CET_IBT", 7, EDX, 20},
	{"IBRS", 7, EDX, 26},
	{"PAGE1GB", 0x80000001, EDX, 26},
	{"RDTSCP", 0x80000001, EDX, 27},
	{"SVM", 0x80000001, ECX, 2},
	{"OSVW", 0x80000001, ECX, 9},
	{"IBS", 0x80000001, ECX, 10},
	{"TOPOEXT", 0x80000001, ECX, 22},
	{"MONITORX", 0x80000001, ECX, 29},
};

static const struct feature shown[] = {
	{"FPU", 1, EDX, 0},          {"TSC", 1, EDX, 4},
	{"MSR", 1, EDX, 5},          {"PAE", 1, EDX, 6},
	{"CX8", 1, EDX, 8},          {"CMOV", 1, EDX, 15},
	{"PAT", 1, EDX, 16},         {"FXSR", 1, EDX, 24},
	{"SSE", 1, EDX, 25},         {"SSE2", 1, EDX, 26},
	{"HYPERVISOR", 1, ECX, 31},  {"SYSCALL", 0x80000001, EDX, 11},
	{"NX", 0x80000001, EDX, 20}, {"LM", 0x80000001, EDX, 29},
};

/* A CPU with every bit set, of which leaf 0 and 0x80000000 must make sense. */
static struct cpuid_regs everything(u32 leaf, u32 subleaf)
{
	if (leaf == 4 && subleaf >= 3) {
		return (struct cpuid_regs){0};
	}
	if (leaf == 0 || leaf == 0x80000000) {
		return (struct cpuid_regs){.eax = leaf + 0x20};
	}
	return (struct cpuid_regs){~0u, ~0u, ~0u, ~0u};
}

static struct cpuid_regs old_cpu(u32 leaf, u32 subleaf)
{
	(void)subleaf;
	if (leaf == 0 || leaf == 0x80000000) {
		return (struct cpuid_regs){.eax = leaf + 1};
	}
	return (struct cpuid_regs){~0u, ~0u, ~0u, ~0u};
}

static bool has(const struct cpuid_policy *p, const struct feature *f)
{
	struct cpuid_regs r = cpuid_policy_get(p, f->leaf, 0);
	const u32 regs[] = {r.eax, r.ebx, r.ecx, r.edx};

	return regs[f->reg] >> f->bit & 1;
}

static void test_features(void **state)
{
	struct cpuid_policy p;

	(void)state;
	cpuid_policy_build(&p, everything, KHZ);
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++) {
		if (has(&p, &hidden[i])) {
			fail_msg("%s is shown", hidden[i].name);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
		if (!has(&p, &shown[i])) {
			fail_msg("%s is hidden", shown[i].name);
		}
	}
}

static void test_limits(void **state)
{
	struct cpuid_policy p;

	(void)state;
	cpuid_policy_build(&p, everything, KHZ);
	assert_int_equal(cpuid_policy_get(&p, 0, 0).eax, 0xb);
	assert_int_equal(cpuid_policy_get(&p, 0x80000000, 0).eax, 0x80000008);
	assert_int_equal(cpuid_policy_get(&p, 0xd, 0).eax, 0);
	assert_int_equal(cpuid_policy_get(&p, 0x8000001e, 0).eax, 0);
	cpuid_policy_build(&p, old_cpu, KHZ);
	assert_int_equal(cpuid_policy_get(&p, 0, 0).eax, 1);
	assert_int_equal(cpuid_policy_get(&p, 7, 0).ebx, 0);
	assert_int_equal(cpuid_policy_get(&p, 0x80000008, 0).eax, 0);
}

static void test_subleaves(void **state)
{
	struct cpuid_policy p;

	(void)state;
	cpuid_policy_build(&p, everything, KHZ);
	assert_int_equal(cpuid_policy_get(&p, 1, 0).edx,
	                 cpuid_policy_get(&p, 1, 77).edx);
	assert_int_not_equal(cpuid_policy_get(&p, 7, 0).ebx, 0);
	assert_int_equal(cpuid_policy_get(&p, 7, 0).eax, 0);
	assert_int_equal(cpuid_policy_get(&p, 7, 1).ebx, 0);
	assert_int_equal(cpuid_policy_get(&p, 4, 2).eax, 0x3fff);
	assert_int_equal(cpuid_policy_get(&p, 4, 3).eax, 0);
}

/* The same on every vCPU: no APIC id, one thread. */
static void test_no_cpu_identity(void **state)
{
	struct cpuid_policy p;

	(void)state;
	cpuid_policy_build(&p, everything, KHZ);
	assert_int_equal(cpuid_policy_get(&p, 1, 0).ebx >> 16, 0);
}

static void test_hypervisor_leaves(void **state)
{
	struct cpuid_policy p;
	struct cpuid_regs r;

	(void)state;
	cpuid_policy_build(&p, everything, KHZ);
	r = cpuid_policy_get(&p, 0x40000000, 0);
	assert_int_equal(r.eax, 0x40000005);
	assert_memory_equal(&r.ebx, "XenV", 4);
	assert_memory_equal(&r.ecx, "MMXe", 4);
	assert_memory_equal(&r.edx, "nVMM", 4);
	assert_int_equal(cpuid_policy_get(&p, 0x40000001, 0).eax, 0x40011);
	assert_int_equal(cpuid_policy_get(&p, 0x40000003, 0).ecx, KHZ);
	assert_int_equal(cpuid_policy_get(&p, 0x40000003, 2).eax, KHZ);
	r = cpuid_policy_get(&p, 0x40000004, 0);
	assert_int_equal(r.eax | r.ebx | r.ecx | r.edx, 0);
	assert_in_range(cpuid_policy_get(&p, 0x40000005, 0).ebx, 32, 44);
	assert_int_equal(cpuid_policy_get(&p, 0x40000006, 0).eax, 0);
	assert_int_equal(cpuid_policy_get(&p, 0x40000100, 0).eax, 0);
}

/* A policy comes from a file, too. */
static void test_hostile_count(void **state)
{
	struct cpuid_policy p;

	(void)state;
	memset(&p, 0xff, sizeof(p));
	assert_int_equal(cpuid_policy_get(&p, 1, 0).edx, 0);
	assert_int_equal(cpuid_policy_get(&p, 0xffffffff, 0).edx, 0xffffffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_features),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_subleaves),
		cmocka_unit_test(test_no_cpu_identity),
		cmocka_unit_test(test_hypervisor_leaves),
		cmocka_unit_test(test_hostile_count),
	};

	return cmocka_run_group_tests_name("pv_cpuid", tests, NULL, NULL);
}
