/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_iret and the judgement of frames: every pattern of rip's top 16
 * bits, every selector, every flag. What cannot be entered becomes the guest's
 * own exception; nothing but what ring 3 may have is ever left in the
 * registers. An emulator that is lenient here proves nothing, so this test
 * does not need one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arch/desc.h>
#include <fake/fake_pv.h>
#include <hv/traps.h>
#include <pv/cpu_state.h>

#define RFLAGS_ID 0x200000UL
#define LOW_RIP   0x123456789abcUL

static struct vcpu *const v = &fake.v;

static int setup(void **state)
{
	(void)state;
	fake_reset();
	return 0;
}

static struct iret_context kernel_frame(void)
{
	return (struct iret_context){
		.rax = 0xa,
		.r11 = 0xb,
		.rcx = 0xc,
		.rip = FAKE_KERNEL_VA + 0x100,
		.cs = FLAT_KERNEL_CS & ~3,
		.rflags = RFLAGS_IF,
		.rsp = FAKE_KERNEL_VA + FAKE_MEMORY / 4,
		.ss = FLAT_KERNEL_SS,
	};
}

static struct iret_context user_frame(void)
{
	struct iret_context c = kernel_frame();

	c.rip = FAKE_USER_VA;
	c.cs = FLAT_USER_CS;
	c.ss = FLAT_USER_SS;
	c.rsp = FAKE_USER_VA + 0x1000;
	return c;
}

/* Issues the hypercall in kernel mode, from the fake's start state. */
static long iret(const struct iret_context *c)
{
	if (!v->s.kernel_mode) {
		vcpu_enter_kernel_mode(v);
	}
	v->s.regs.rsp = FAKE_KERNEL_VA + FAKE_MEMORY / 2;
	assert_int_equal(vcpu_copy_to(v, v->s.regs.rsp, c, sizeof(*c)), 0);
	return fake_call(hc_iret, 0, 0);
}

static void test_to_kernel(void **state)
{
	struct iret_context c = kernel_frame();

	(void)state;
	fake.info.evtchn_upcall_mask = 1;
	v->s.nmi_masked = 1;
	assert_int_equal(iret(&c), 0);
	assert_true(v->s.kernel_mode);
	assert_int_equal(v->s.regs.rax, 0xa);
	assert_int_equal(v->s.regs.r11, 0xb);
	assert_int_equal(v->s.regs.rcx, 0xc);
	assert_int_equal(v->s.regs.rip, c.rip);
	assert_int_equal(v->s.regs.rsp, c.rsp);
	assert_int_equal(v->s.regs.cs, FLAT_KERNEL_CS);
	assert_int_equal(fake.info.evtchn_upcall_mask, 0);
	assert_int_equal(v->s.nmi_masked, 0);
}

static void test_to_user(void **state)
{
	struct iret_context c = user_frame();

	(void)state;
	c.rflags = 0;
	assert_int_equal(iret(&c), 0);
	assert_false(v->s.kernel_mode);
	assert_true(fake.hw.user_root);
	assert_int_equal(v->s.regs.rflags, 0x202);
	assert_int_equal(fake.info.evtchn_upcall_mask, 1);
}

static void test_in_syscall(void **state)
{
	struct iret_context c = user_frame();

	(void)state;
	c.flags = VGCF_in_syscall;
	c.rflags |= RFLAGS_RF | RFLAGS_CF;
	assert_int_equal(iret(&c), 0);
	assert_int_equal(v->s.regs.rcx, c.rip);
	assert_int_equal(v->s.regs.r11, 0x202 | RFLAGS_CF);
	assert_int_equal(v->s.regs.rflags, v->s.regs.r11);
}

static void test_every_flag(void **state)
{
	const u64 allowed = RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF |
	                    RFLAGS_SF | RFLAGS_TF | RFLAGS_DF | RFLAGS_OF |
	                    RFLAGS_NT | RFLAGS_RF | RFLAGS_AC | RFLAGS_ID;

	(void)state;
	for (unsigned int bit = 0; bit < 64; bit++) {
		struct iret_context c = user_frame();

		c.rflags = 1UL << bit;
		assert_int_equal(iret(&c), 0);
		assert_int_equal(v->s.regs.rflags,
		                 0x202 | (c.rflags & allowed));
	}
}

/* All top-bit patterns, to the kernel and to user mode, both ways out. */
static void one_rip(u64 rip, struct iret_context c)
{
	c.rip = rip;
	assert_int_equal(iret(&c), 0);
	guest_deliver(v);
	assert_false(fake.crashed);
	assert_true(is_canonical(v->s.regs.rip));
	if (is_canonical(rip)) {
		assert_int_equal(v->s.regs.rip, rip);
		return;
	}
	assert_int_equal(v->s.regs.rip, fake_handler(X86_GP));
	assert_int_equal(fake_frame(2), 0);
	assert_int_equal(fake_frame(3), rip);
}

static void test_every_rip(void **state)
{
	unsigned int canonical = 0;

	(void)state;
	for (u64 top = 0; top < 0x10000; top++) {
		struct iret_context c = top & 1 ? kernel_frame() : user_frame();

		for (u64 bit47 = 0; bit47 < 2; bit47++) {
			u64 rip = top << 48 | bit47 << 47 |
			          (LOW_RIP & ~0UL >> 17);

			c.flags = top & 2 ? VGCF_in_syscall : 0;
			one_rip(rip, c);
			canonical += is_canonical(rip);
		}
	}
	assert_int_equal(canonical, 2);
	one_rip(0x00007fffffffffff, user_frame());
	one_rip(0x0000800000000000, user_frame());
	one_rip(0xffff7fffffffffff, user_frame());
}

/* A `syscall` whose return address is the first non-canonical one (C1). */
static void test_syscall_at_the_edge(void **state)
{
	(void)state;
	v->s.regs.rip = 0x0000800000000000;
	guest_deliver(v);
	assert_int_equal(v->s.regs.rip, fake_handler(X86_GP));
	assert_int_equal(fake_frame(3), 0x0000800000000000);
}

static void test_every_base(void **state)
{
	static const unsigned int which[] = {SEGBASE_FS, SEGBASE_GS_USER,
	                                     SEGBASE_GS_KERNEL};

	(void)state;
	for (u64 top = 0; top < 0x10000; top++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(which); i++) {
			u64 base = top << 48 | LOW_RIP;
			u64 before = segment_base_get(v, which[i]);
			long ret =
				fake_call(hc_set_segment_base, which[i], base);

			assert_int_equal(ret,
			                 is_canonical(base) ? 0 : -XEN_EINVAL);
			assert_int_equal(segment_base_get(v, which[i]),
			                 ret == 0 ? base : before);
		}
		assert_true(is_canonical(fake.hw.fs_base));
		assert_true(is_canonical(fake.hw.gs_base));
	}
}

/* A GDT page with each access byte, as validation would leave it. */
static void fill_gdt(void)
{
	for (u64 access = 0; access < 256; access++) {
		u64 desc = 0x00af00000000ffff | access << 40;

		if (!descriptor_fix(desc, &fake.gdt[access + 1])) {
			fake.gdt[access + 1] = 0;
		}
	}
}

static u64 gdt_entry(u16 sel)
{
	unsigned int index = sel >> 3;

	if (sel & 4 || index == 0) {
		return 0;
	}
	if (index < 512) {
		return fake.gdt[index];
	}
	return index >= 7168
	               ? fake.reserved_gdt[(index - 7168) / 512][index % 512]
	               : 0;
}

/* By the manual's words, not by the code's: present, code, DPL 3 or
 * conforming, not both 64-bit and 32-bit. */
static bool code_ok(u64 d)
{
	u8 access = d >> 40 & 0xff;
	bool dpl3 = (access & 0x60) == 0x60, conforming = access & 4;

	return (access & 0x98) == 0x98 && (dpl3 || conforming) &&
	       (d >> 53 & 3) != 3;
}

static bool stack_ok(u64 d)
{
	u8 access = d >> 40 & 0xff;

	return (access & 0xfa) == 0xf2;
}

static void test_every_code_selector(void **state)
{
	unsigned int accepted = 0;

	(void)state;
	fill_gdt();
	for (u32 sel = 0; sel < 0x10000; sel++) {
		struct iret_context c = user_frame();
		bool to_kernel = (sel & 3) != 3;

		if (to_kernel) {
			c = kernel_frame();
		}
		c.cs = sel;
		assert_int_equal(iret(&c), 0);
		assert_int_equal(v->s.kernel_mode, to_kernel);
		guest_deliver(v);
		assert_false(fake.crashed);
		if (code_ok(gdt_entry((u16)sel))) {
			assert_int_equal(v->s.regs.cs, sel | 3);
			accepted++;
			continue;
		}
		assert_int_equal(v->s.regs.cs, FLAT_KERNEL_CS);
		assert_int_equal(fake_frame(2), sel & ~3u);
	}
	assert_in_range(accepted, 1, 1000);
}

static void test_every_stack_selector(void **state)
{
	unsigned int accepted = 0;

	(void)state;
	fill_gdt();
	for (u32 sel = 0; sel < 0x10000; sel++) {
		struct iret_context c = user_frame();

		c.ss = sel;
		assert_int_equal(iret(&c), 0);
		guest_deliver(v);
		assert_false(fake.crashed);
		if (stack_ok(gdt_entry((u16)sel))) {
			assert_int_equal(v->s.regs.ss, sel | 3);
			accepted++;
			continue;
		}
		assert_int_equal(v->s.regs.ss, FLAT_KERNEL_SS);
		assert_int_equal(fake_frame(2), sel & ~3u);
	}
	assert_in_range(accepted, 1, 1000);
}

/* Absent segments raise their own vectors. */
static void test_vectors(void **state)
{
	struct iret_context c = user_frame();

	(void)state;
	fake.gdt[2] = 0x00af7b000000ffff;
	fake.gdt[3] = 0x00cf73000000ffff;
	c.cs = 0x13;
	iret(&c);
	guest_deliver(v);
	assert_int_equal(v->s.regs.rip, fake_handler(X86_NP));
	c = user_frame();
	c.ss = 0x1b;
	iret(&c);
	guest_deliver(v);
	assert_int_equal(v->s.regs.rip, fake_handler(X86_SS));
}

static void test_descriptor_goes_away(void **state)
{
	struct iret_context c = user_frame();

	(void)state;
	fake.gdt[2] = 0x00affb000000ffff;
	c.cs = 0x13;
	iret(&c);
	guest_deliver(v);
	assert_int_equal(v->s.regs.cs, 0x13);
	fake.gdt[2] = 0;
	guest_deliver(v);
	assert_int_equal(v->s.regs.rip, fake_handler(X86_GP));
	assert_int_equal(fake_frame(2), 0x10);
}

static void test_unreadable_frame(void **state)
{
	(void)state;
	v->s.regs.rsp = 0x1000;
	fake_call(hc_iret, 0, 0);
	assert_true(fake.crashed);
}

static void test_no_user_tables(void **state)
{
	struct iret_context c = user_frame();

	(void)state;
	v->user_root = NULL;
	iret(&c);
	assert_true(fake.crashed);
	assert_true(v->s.kernel_mode);
}

static void test_not_in_multicall(void **state)
{
	struct hc_frame f = {.in_multicall = true};

	(void)state;
	assert_int_equal(hc_iret(v, &f), -XEN_EINVAL);
	assert_int_equal(v->s.regs.rip, FAKE_KERNEL_VA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_to_kernel, setup),
		cmocka_unit_test_setup(test_to_user, setup),
		cmocka_unit_test_setup(test_in_syscall, setup),
		cmocka_unit_test_setup(test_every_flag, setup),
		cmocka_unit_test_setup(test_every_rip, setup),
		cmocka_unit_test_setup(test_syscall_at_the_edge, setup),
		cmocka_unit_test_setup(test_every_base, setup),
		cmocka_unit_test_setup(test_every_code_selector, setup),
		cmocka_unit_test_setup(test_every_stack_selector, setup),
		cmocka_unit_test_setup(test_vectors, setup),
		cmocka_unit_test_setup(test_descriptor_goes_away, setup),
		cmocka_unit_test_setup(test_unreadable_frame, setup),
		cmocka_unit_test_setup(test_no_user_tables, setup),
		cmocka_unit_test_setup(test_not_in_multicall, setup),
	};

	return cmocka_run_group_tests_name("pv_iret", tests, NULL, NULL);
}
