/* SPDX-License-Identifier: MIT */
/*
 * Control registers and other ring 0 instructions of the guest kernel: cr0
 * and cr4 read as the ABI says and take the writes it allows; cr2 and cr3;
 * wbinvd does nothing; lgdt, swapgs, invd and others are #GP.
 *
 * ABI: privileged instructions of the guest kernel are emulated.
 */
#include <guest/mm.h>
#include <guest/test.h>

static void cr0(void)
{
	uint64_t value = 0;

	check_eq(PROBE("mov %%cr0, %0", : "+r"(value)), 0, "read cr0");
	check_eq(value & 0x80010001, 0x80010001, "PG, WP, PE");
	check_eq(PROBE("mov %0, %%cr0", ::"r"(value)), 0, "write cr0");
	check_eq(PROBE("mov %0, %%cr0", ::"r"(value & ~BIT(16))),
	         EXC(VEC_GP, 0), "clear WP");
}

static void cr2_cr3(void)
{
	uint64_t value = 0;

	check_eq(PROBE("mov %0, %%cr2", ::"r"(0x1234000UL)), 0, "write cr2");
	check_eq(PROBE("mov %%cr2, %0", : "+r"(value)), 0, "read cr2");
	check_eq(value, 0x1234000, "cr2");
	check_eq(boot_vcpu_info->arch.cr2, 0x1234000, "cr2 in vcpu_info");
	check_eq(PROBE("mov %%cr3, %0", : "+r"(value)), 0, "read cr3");
	check_eq(value, pt_root() << PAGE_SHIFT, "cr3");
	check_eq(PROBE("mov %0, %%cr3", ::"r"(value)), 0, "write cr3");
	check_eq(PROBE("mov %0, %%cr3", ::"r"(va_to_mfn(&value) << 12)),
	         EXC(VEC_GP, 0), "cr3 of no table");
}

static void cr4(void)
{
	uint64_t value = 0;

	check_eq(PROBE("mov %%cr4, %0", : "+r"(value)), 0, "read cr4");
	check_eq(value & 0x620, 0x620, "PAE, OSFXSR, OSXMMEXCPT");
	check_eq(value & BIT(20), 0, "SMEP");
	check_eq(PROBE("mov %0, %%cr4", ::"r"(value)), 0, "write cr4");
	check_eq(PROBE("mov %0, %%cr4", ::"r"(value | BIT(2))), 0, "set TSD");
	check_eq(PROBE("mov %%cr4, %0", : "+r"(value)), 0, "read cr4");
	check_eq(value & BIT(2), BIT(2), "TSD");
	check_eq(PROBE("mov %0, %%cr4", ::"r"(value & ~BIT(2))), 0, "clear");
}

static void others(void)
{
	uint64_t rax = 0, rdx = 0;
	static uint8_t table[16];

	check_eq(PROBE("wbinvd", ::: "memory"), 0, "wbinvd");
	check_eq(PROBE("rdtsc", : "+a"(rax), "+d"(rdx)), 0, "rdtsc");
	check_eq(PROBE("lgdt %0", ::"m"(table)), EXC(VEC_GP, 0), "lgdt");
	check_eq(PROBE("lidt %0", ::"m"(table)), EXC(VEC_GP, 0), "lidt");
	check_eq(PROBE("ltr %w0", ::"r"(8)), EXC(VEC_GP, 0), "ltr");
	check_eq(PROBE("lldt %w0", ::"r"(0)), EXC(VEC_GP, 0), "lldt");
	check_eq(PROBE("swapgs", ::: "memory"), EXC(VEC_GP, 0), "swapgs");
	check_eq(PROBE("invlpg (%0)", ::"r"(table)), EXC(VEC_GP, 0), "invlpg");
	check_eq(PROBE("invd", ::: "memory"), EXC(VEC_GP, 0), "invd");
}

GUEST_TEST(priv_cr)
{
	cr0();
	cr2_cr3();
	cr4();
	others();
}
