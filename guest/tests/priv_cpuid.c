/* SPDX-License-Identifier: MIT */
/*
 * The emulated cpuid (ud2, "xen", cpuid): the hypervisor's leaves, and what
 * a PV guest must and must not see of the CPU.
 *
 * ABI: arch-x86/cpuid.h; xen.h XEN_EMULATE_PREFIX.
 */
#include <guest/test.h>

struct cpuid {
	uint32_t a, b, c, d;
};

static struct cpuid cpuid(uint32_t leaf, uint32_t sub)
{
	struct cpuid r = {leaf, 0, sub, 0};

	asm volatile("ud2; .ascii \"xen\"; cpuid"
	             : "+a"(r.a), "=b"(r.b), "+c"(r.c), "=d"(r.d));
	return r;
}

static void hypervisor_leaves(void)
{
	long version = hc_xen_version(XENVER_version, NULL);
	struct cpuid r = cpuid(0x40000000, 0);

	check(r.a >= 0x40000002 && r.a <= 0x40000010, "last leaf %x", r.a);
	check_eq(r.b, 0x566e6558, "XenV");
	check_eq(r.c, 0x65584d4d, "MMXe");
	check_eq(r.d, 0x4d4d566e, "nVMM");
	check_eq(cpuid(0x40000001, 0).a, (uint64_t)version, "version");
	check_eq(cpuid(0x40000002, 0).c & 1, 1, "preserve A and D");
	r = cpuid(0x40000004, 0);
	check_eq(r.a | r.b | r.c | r.d, 0, "leaf 4 is for HVM");
}

static void features(void)
{
	uint32_t must_d = BIT(0) | BIT(4) | BIT(5) | BIT(6) | BIT(8) | BIT(15) |
	                  BIT(16) | BIT(23) | BIT(24) | BIT(25) | BIT(26);
	uint32_t never_d = BIT(1) | BIT(3) | BIT(13) | BIT(17);
	uint32_t never_c =
		BIT(3) | BIT(5) | BIT(6) | BIT(17) | BIT(21) | BIT(24);
	uint32_t must_ext = BIT(11) | BIT(20) | BIT(29);
	struct cpuid r = cpuid(1, 0);

	check_eq(r.d & must_d, must_d, "leaf 1 edx, must have");
	check_eq(r.d & never_d, 0, "leaf 1 edx, must not have");
	check_eq(r.c & never_c, 0, "leaf 1 ecx, must not have");
	check_eq(r.c & BIT(31), BIT(31), "hypervisor bit");
	r = cpuid(7, 0);
	check_eq(r.b & (BIT(7) | BIT(10) | BIT(20)), 0, "SMEP INVPCID SMAP");
	check_eq(r.c & (BIT(2) | BIT(3)), 0, "UMIP PKU");
	r = cpuid(0x80000001, 0);
	check_eq(r.d & must_ext, must_ext, "SYSCALL NX LM");
	check_eq(r.d & BIT(26), 0, "1 GiB pages");
}

GUEST_TEST(priv_cpuid)
{
	hypervisor_leaves();
	features();
	check(cpuid(0, 0).a >= 1, "last basic leaf");
	check(cpuid(0x80000000, 0).a >= 0x80000008, "last extended leaf");
}
