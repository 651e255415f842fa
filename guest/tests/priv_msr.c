/* SPDX-License-Identifier: MIT */
/*
 * rdmsr and wrmsr of the guest kernel: bases are live, EFER and PAT have the
 * values the ABI promises, what may not be changed is refused, and unknown
 * MSRs are #GP.
 *
 * ABI: instructions of the guest kernel are emulated; arch-x86/xen.h.
 */
#include <guest/test.h>

#define EFER    0xc0000080
#define FS_BASE 0xc0000100
#define GS_BASE 0xc0000101
#define KERN_GS 0xc0000102
#define PAT     0x277
#define APIC    0x1b

static uint64_t read(uint32_t msr, uint64_t *value)
{
	uint64_t low = 0, high = 0;
	uint64_t exc = PROBE("rdmsr", : "+a"(low), "+d"(high) : "c"(msr));

	*value = high << 32 | (uint32_t)low;
	return exc;
}

static uint64_t write(uint32_t msr, uint64_t value)
{
	return PROBE("wrmsr", ::"a"((uint32_t)value),
	             "d"((uint32_t)(value >> 32)), "c"(msr)
	             : "memory");
}

static void bases(void)
{
	static const uint32_t msr[] = {FS_BASE, GS_BASE, KERN_GS};
	static uint64_t word = 0x7777;
	uint64_t value;

	for (unsigned int i = 0; i < ARRAY_LEN(msr); i++) {
		check_eq(write(msr[i], ADDR(&word)), 0, "write %x", msr[i]);
		check_eq(read(msr[i], &value), 0, "read %x", msr[i]);
		check_eq(value, ADDR(&word), "value of %x", msr[i]);
		check_eq(write(msr[i], 0x0000900000000000), EXC(VEC_GP, 0),
		         "non-canonical %x", msr[i]);
	}
	asm volatile("movq %%gs:0, %0" : "=r"(value));
	check_eq(value, word, "through gs");
	for (unsigned int i = 0; i < ARRAY_LEN(msr); i++) {
		write(msr[i], 0);
	}
}

GUEST_TEST(priv_msr)
{
	uint64_t value;

	bases();
	check_eq(read(EFER, &value), 0, "read EFER");
	check_eq(value & 0xd01, 0xd01, "EFER: SCE LME LMA NX");
	check_eq(write(EFER, value), 0, "EFER, same value");
	check_eq(read(PAT, &value), 0, "read PAT");
	check_eq(value, 0x0000050100070406, "PAT");
	check_eq(read(APIC, &value), 0, "read APIC_BASE");
	check_eq(value & 0xfffff000, 0xfee00000, "APIC_BASE");
	check_eq(read(0x12345678, &value), EXC(VEC_GP, 0), "unknown MSR");
	check_eq(write(0x12345678, 1), EXC(VEC_GP, 0), "write unknown MSR");
	check_eq(write(PAT, 0), EXC(VEC_GP, 0), "write PAT");
	check(read(0x186, &value) || !value, "PERFEVTSEL0 reads %lx", value);
}
