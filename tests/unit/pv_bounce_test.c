/* SPDX-License-Identifier: MIT */
/*
 * Bounce frames: their layout from guest kernel and guest user mode, with and
 * without error code; the event mask before and after; what the handler starts
 * with; the order of what waits; and what kills the domain.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fake/fake_pv.h>
#include <hv/traps.h>
#include <xen/callback.h>

static struct vcpu *const v = &fake.v;

static int setup(void **state)
{
	(void)state;
	fake_reset();
	v->s.regs.rcx = 0x1111;
	v->s.regs.r11 = 0x2222;
	return 0;
}

static void to_user_mode(void)
{
	vcpu_enter_user_mode(v);
	v->s.regs.rip = FAKE_USER_VA + 0x123;
	v->s.regs.rsp = FAKE_USER_VA + 0x4567;
}

static void expect_handler(u64 address)
{
	assert_int_equal(v->s.regs.rip, address);
	assert_int_equal(v->s.regs.cs, FLAT_KERNEL_CS);
	assert_int_equal(v->s.regs.ss, FLAT_KERNEL_SS);
	assert_true(v->s.kernel_mode);
	assert_false(fake.crashed);
	assert_false(v->trap.pending);
}

static void expect_dead(const char *words)
{
	assert_true(fake.crashed);
	if (strstr(fake.crash, words) == NULL) {
		fail_msg("\"%s\" does not say \"%s\"", fake.crash, words);
	}
}

static void test_kernel_without_error(void **state)
{
	u64 rsp = v->s.regs.rsp - 8;

	(void)state;
	v->s.regs.rsp = rsp;
	guest_trap(v, X86_UD, 0xdead);
	guest_deliver(v);
	expect_handler(fake_handler(X86_UD));
	assert_int_equal(v->s.regs.rsp, (rsp & ~15UL) - 7 * 8);
	assert_int_equal(fake_frame(0), 0x1111);
	assert_int_equal(fake_frame(1), 0x2222);
	assert_int_equal(fake_frame(2), FAKE_KERNEL_VA);
	assert_int_equal(fake_frame(3), FLAT_KERNEL_CS & ~3);
	assert_int_equal(fake_frame(4), 0x202);
	assert_int_equal(fake_frame(5), rsp);
	assert_int_equal(fake_frame(6), FLAT_KERNEL_SS);
	assert_int_equal(fake.hw.cr3_loads, 0);
}

static void test_user_with_error(void **state)
{
	(void)state;
	to_user_mode();
	guest_trap(v, X86_GP, 0xabc);
	guest_deliver(v);
	expect_handler(fake_handler(X86_GP));
	assert_int_equal(v->s.regs.rsp, v->s.kernel_sp - 8 * 8);
	assert_int_equal(fake_frame(2), 0xabc);
	assert_int_equal(fake_frame(3), FAKE_USER_VA + 0x123);
	assert_int_equal(fake_frame(4), FLAT_USER_CS);
	assert_int_equal(fake_frame(6), FAKE_USER_VA + 0x4567);
	assert_false(fake.hw.user_root);
}

static void test_which_vectors_have_errors(void **state)
{
	static const u8 with[] = {8, 10, 11, 12, 13, 14, 17, 21};

	(void)state;
	for (unsigned int vector = 0; vector < 32; vector++) {
		bool expected = memchr(with, (int)vector, sizeof(with));

		fake_reset();
		v->s.nmi_masked = 1;
		guest_trap(v, (u8)vector, 7);
		assert_int_equal(v->trap.has_error, expected);
		assert_int_equal(v->trap.error_code, expected ? 7 : 0);
	}
}

static void test_mask_is_saved(void **state)
{
	(void)state;
	fake.info.evtchn_upcall_mask = 1;
	guest_trap(v, X86_UD, 0);
	guest_deliver(v);
	assert_int_equal(fake_frame(3), (1UL << 32 | FLAT_KERNEL_CS) & ~3UL);
	assert_int_equal(fake_frame(4), 0x2);
	assert_int_equal(fake.info.evtchn_upcall_mask, 1);
}

static void test_vector_masks(void **state)
{
	(void)state;
	v->s.traps[X86_UD].mask_events = 1;
	guest_trap(v, X86_UD, 0);
	guest_deliver(v);
	assert_int_equal(fake_frame(3), FLAT_KERNEL_CS & ~3);
	assert_int_equal(fake_frame(4), 0x202);
	assert_int_equal(fake.info.evtchn_upcall_mask, 1);
}

static void test_handler_flags(void **state)
{
	const u64 cleared = RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_AC;
	const u64 kept = RFLAGS_DF | RFLAGS_CF;

	(void)state;
	v->s.regs.rflags |= cleared | kept | RFLAGS_IOPL | RFLAGS_VM;
	guest_trap(v, X86_UD, 0);
	guest_deliver(v);
	assert_int_equal(fake_frame(4), 0x202 | cleared | kept);
	assert_int_equal(v->s.regs.rflags, 0x202 | kept);
}

static void test_page_fault(void **state)
{
	(void)state;
	guest_page_fault(v, 0x1234567, PFEC_WRITE | PFEC_USER);
	guest_deliver(v);
	assert_int_equal(fake.info.arch.cr2, 0x1234567);
	assert_int_equal(fake_frame(2), PFEC_WRITE);
	fake_reset();
	to_user_mode();
	guest_page_fault(v, 0x89, PFEC_FETCH);
	guest_deliver(v);
	assert_int_equal(fake.info.arch.cr2, 0x89);
	assert_int_equal(fake_frame(2), PFEC_FETCH | PFEC_USER);
}

static void test_event(void **state)
{
	(void)state;
	fake.info.evtchn_upcall_pending = 1;
	fake.info.evtchn_upcall_mask = 1;
	guest_deliver(v);
	assert_int_equal(v->s.regs.rip, FAKE_KERNEL_VA);
	fake.info.evtchn_upcall_mask = 0;
	guest_deliver(v);
	expect_handler(fake_callback(CALLBACKTYPE_event));
	assert_int_equal(fake.info.evtchn_upcall_mask, 1);
}

/* All three at once: the exception is innermost, the event on top, unless a
 * handler below it masks. */
static void test_order(void **state)
{
	(void)state;
	fake.info.evtchn_upcall_pending = 1;
	v->s.nmi_pending = 1;
	guest_trap(v, X86_DE, 0);
	guest_deliver(v);
	expect_handler(fake_callback(CALLBACKTYPE_event));
	assert_int_equal(fake_frame(2), fake_handler(X86_NMI));
	assert_true(v->s.nmi_masked);
	assert_false(v->s.nmi_pending);

	setup(NULL);
	fake.info.evtchn_upcall_pending = 1;
	v->s.traps[X86_DE].mask_events = 1;
	guest_trap(v, X86_DE, 0);
	guest_deliver(v);
	expect_handler(fake_handler(X86_DE));
}

static void test_nmi_waits(void **state)
{
	(void)state;
	v->s.nmi_pending = 1;
	v->s.nmi_masked = 1;
	guest_deliver(v);
	assert_int_equal(v->s.regs.rip, FAKE_KERNEL_VA);
	v->s.nmi_masked = 0;
	v->s.traps[X86_NMI].address = 0;
	guest_deliver(v);
	assert_int_equal(v->s.regs.rip, FAKE_KERNEL_VA);
	assert_true(v->s.nmi_pending);
}

static void test_syscall(void **state)
{
	(void)state;
	to_user_mode();
	v->s.regs.rflags |= RFLAGS_DF | RFLAGS_CF;
	v->s.callbacks[CALLBACKTYPE_syscall].mask_events = 1;
	guest_syscall(v);
	expect_handler(fake_callback(CALLBACKTYPE_syscall));
	assert_int_equal(fake_frame(2), FAKE_USER_VA + 0x123);
	assert_int_equal(fake_frame(4), 0x202 | RFLAGS_DF | RFLAGS_CF);
	assert_int_equal(v->s.regs.rflags, 0x202 | RFLAGS_CF);
	assert_int_equal(fake.info.evtchn_upcall_mask, 1);
}

static void test_syscall_unregistered(void **state)
{
	(void)state;
	to_user_mode();
	v->s.callbacks[CALLBACKTYPE_syscall].address = 0;
	guest_syscall(v);
	guest_deliver(v);
	expect_handler(fake_handler(X86_UD));
	assert_int_equal(fake_frame(2), FAKE_USER_VA + 0x121);
}

static void test_syscall_compat(void **state)
{
	(void)state;
	to_user_mode();
	v->s.regs.cs = FLAT_USER_CS32;
	guest_syscall(v);
	guest_deliver(v);
	expect_handler(fake_handler(X86_UD));
}

static void test_no_handler(void **state)
{
	(void)state;
	v->s.traps[X86_PF].address = 0;
	guest_page_fault(v, 0x42, PFEC_WRITE);
	guest_deliver(v);
	expect_dead("no handler for exception 14 (error code 0x2, cr2 0x42)");
}

static void test_bad_handler(void **state)
{
	(void)state;
	v->s.traps[X86_UD].address = 0x800000000000;
	guest_trap(v, X86_UD, 0);
	guest_deliver(v);
	expect_dead("no handler");
}

static void test_no_event_handler(void **state)
{
	(void)state;
	v->s.callbacks[CALLBACKTYPE_event].address = 0;
	fake.info.evtchn_upcall_pending = 1;
	guest_deliver(v);
	expect_dead("no handler for the event upcall");
}

static void test_bad_stacks(void **state)
{
	static const u64 stacks[] = {
		0,
		8,
		FAKE_KERNEL_VA,      /* leaves the mapping */
		FAKE_KERNEL_VA + 40, /* partly */
		0xffff800000000010,  /* into the hole */
		0xffff830000001000,  /* hypervisor */
		0xffff880000000010,  /* straddles its end */
		0x0000800000000010,
		0xdead000000000000, /* not canonical */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stacks); i++) {
		fake_reset();
		v->s.regs.rsp = stacks[i];
		guest_trap(v, X86_UD, 0);
		guest_deliver(v);
		expect_dead("kernel stack");
	}
}

static void test_second_exception(void **state)
{
	(void)state;
	guest_trap(v, X86_UD, 0);
	guest_trap(v, X86_GP, 0);
	expect_dead("exception 13 while 6 waits");
}

/* Mode switches keep the base that the guest loaded behind our back. */
static void test_gs_bases_follow_the_mode(void **state)
{
	(void)state;
	v->s.gs_base_user = 0x7000;
	fake.hw.gs_base = 0x9000;
	vcpu_enter_user_mode(v);
	assert_int_equal(fake.hw.gs_base, 0x7000);
	assert_true(fake.hw.user_root);
	fake.hw.gs_base = 0x7777;
	vcpu_enter_kernel_mode(v);
	assert_int_equal(fake.hw.gs_base, 0x9000);
	assert_int_equal(v->s.gs_base_user, 0x7777);
	vcpu_enter_kernel_mode(v);
	assert_int_equal(fake.hw.cr3_loads, 2);
	fake.loaded = false;
	vcpu_enter_user_mode(v);
	assert_int_equal(fake.hw.cr3_loads, 2);
	assert_int_equal(fake.hw.gs_base, 0x9000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_kernel_without_error, setup),
		cmocka_unit_test_setup(test_user_with_error, setup),
		cmocka_unit_test_setup(test_which_vectors_have_errors, setup),
		cmocka_unit_test_setup(test_mask_is_saved, setup),
		cmocka_unit_test_setup(test_vector_masks, setup),
		cmocka_unit_test_setup(test_handler_flags, setup),
		cmocka_unit_test_setup(test_page_fault, setup),
		cmocka_unit_test_setup(test_event, setup),
		cmocka_unit_test_setup(test_order, setup),
		cmocka_unit_test_setup(test_nmi_waits, setup),
		cmocka_unit_test_setup(test_syscall, setup),
		cmocka_unit_test_setup(test_syscall_unregistered, setup),
		cmocka_unit_test_setup(test_syscall_compat, setup),
		cmocka_unit_test_setup(test_no_handler, setup),
		cmocka_unit_test_setup(test_bad_handler, setup),
		cmocka_unit_test_setup(test_no_event_handler, setup),
		cmocka_unit_test_setup(test_bad_stacks, setup),
		cmocka_unit_test_setup(test_second_exception, setup),
		cmocka_unit_test_setup(test_gs_bases_follow_the_mode, setup),
	};

	return cmocka_run_group_tests_name("pv_bounce", tests, NULL, NULL);
}
