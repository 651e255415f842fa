/* SPDX-License-Identifier: MIT */
/*
 * Calls that change the virtual CPU's state: trap table, callbacks, stack,
 * debug registers, user GS, assists, descriptors, contexts. What is refused
 * changes nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arch/cpu.h>
#include <fake/fake_pv.h>
#include <hv/traps.h>
#include <pv/cpu_state.h>
#include <xen/callback.h>

#define NOT_CANONICAL 0x0000800000000000UL
#define AT            (FAKE_KERNEL_VA + 0x1000)

static struct vcpu *const v = &fake.v;

static int setup(void **state)
{
	(void)state;
	fake_reset();
	return 0;
}

static long set_trap_table(const struct trap_info *t, size_t count)
{
	assert_int_equal(vcpu_copy_to(v, AT, t, count * sizeof(*t)), 0);
	return fake_call(hc_set_trap_table, AT, 0);
}

static void test_trap_table(void **state)
{
	const struct trap_info good[] = {
		{3, 3 | 4, 0, 0x1000}, {14, 0, 0, 0x2000}, {0}};
	const struct trap_info bad[] = {{3, 0, 0, NOT_CANONICAL}, {0}};

	(void)state;
	assert_int_equal(set_trap_table(good, 3), 0);
	assert_int_equal(v->s.traps[3].address, 0x1000);
	assert_int_equal(v->s.traps[3].dpl, 3);
	assert_true(v->s.traps[3].mask_events);
	assert_int_equal(v->s.traps[14].address, 0x2000);
	assert_int_equal(v->s.traps[13].address, fake_handler(13));
	assert_int_equal(set_trap_table(bad, 2), -XEN_EINVAL);
	assert_int_equal(v->s.traps[3].address, 0x1000);
	assert_int_equal(fake_call(hc_set_trap_table, 0x10, 0), -XEN_EFAULT);
	assert_int_equal(fake_call(hc_set_trap_table, 0, 0), 0);
	for (unsigned int i = 0; i < NR_TRAPS; i++) {
		assert_int_equal(v->s.traps[i].address, 0);
	}
}

/* The last entry may be the last thing mapped; a table without end is cut. */
static void test_trap_table_ends(void **state)
{
	const u64 end = FAKE_KERNEL_VA + FAKE_MEMORY;
	const struct trap_info t[] = {{5, 0, 0, 0x3000}, {0}};
	struct hc_frame f = {.args = {AT}};

	(void)state;
	assert_int_equal(vcpu_copy_to(v, end - sizeof(t), t, sizeof(t)), 0);
	assert_int_equal(fake_call(hc_set_trap_table, end - sizeof(t), 0), 0);
	for (unsigned int i = 0; i < 300; i++) {
		assert_int_equal(
			vcpu_copy_to(v, AT + i * sizeof(*t), t, sizeof(*t)), 0);
	}
	assert_int_equal(hc_set_trap_table(v, &f), HC_RESTART);
	assert_int_equal(f.args[0], AT + NR_TRAPS * sizeof(*t));
	assert_int_equal(hc_set_trap_table(v, &f), 0);
}

static long callback_register(u16 type, u16 flags, u64 address)
{
	struct hc_frame f = {0};

	*hc_arg_as(&f, struct callback_register) =
		(struct callback_register){type, flags, address};
	return hc_callback_register(v, &f);
}

static void test_callbacks(void **state)
{
	struct guest_callback *cb = v->s.callbacks;

	(void)state;
	assert_int_equal(callback_register(CALLBACKTYPE_event, 0, 0x11), 0);
	assert_int_equal(cb[CALLBACKTYPE_event].address, 0x11);
	assert_int_equal(callback_register(CALLBACKTYPE_syscall,
	                                   CALLBACKF_mask_events, 0x22),
	                 0);
	assert_true(cb[CALLBACKTYPE_syscall].mask_events);
	assert_int_equal(
		callback_register(CALLBACKTYPE_syscall, 0, NOT_CANONICAL),
		-XEN_EINVAL);
	assert_int_equal(cb[CALLBACKTYPE_syscall].address, 0x22);
	assert_int_equal(callback_register(CALLBACKTYPE_nmi, 0, 0x33), 0);
	assert_int_equal(v->s.traps[X86_NMI].address, 0x33);
	for (u32 type = 0; type < 0x10000; type++) {
		static const u8 offered[] = {0, 1, 2, 4};
		bool ok = type < 8 && memchr(offered, (int)type, 4);

		assert_int_equal(callback_register((u16)type, 0, 0x44),
		                 ok ? 0 : -XEN_ENOSYS);
	}
}

static void test_set_callbacks(void **state)
{
	struct hc_frame f = {.args = {0x1, 0x2, NOT_CANONICAL}};

	(void)state;
	/* An address that cannot be one keeps the old entry, without error. */
	assert_int_equal(hc_set_callbacks(v, &f), 0);
	assert_int_equal(v->s.callbacks[CALLBACKTYPE_event].address, 1);
	assert_int_equal(v->s.callbacks[CALLBACKTYPE_syscall].address,
	                 fake_callback(CALLBACKTYPE_syscall));
	f.args[2] = 3;
	assert_int_equal(hc_set_callbacks(v, &f), 0);
	assert_int_equal(v->s.callbacks[CALLBACKTYPE_event].address, 1);
	assert_int_equal(v->s.callbacks[CALLBACKTYPE_failsafe].address, 2);
	assert_int_equal(v->s.callbacks[CALLBACKTYPE_syscall].address, 3);
}

static void test_stack(void **state)
{
	(void)state;
	assert_int_equal(fake_call(hc_stack_switch, 0x18, 0x5000), 0);
	assert_int_equal(v->s.kernel_sp, 0x5000);
	assert_int_equal(v->s.kernel_ss, 0x1b);
	assert_int_equal(fake_call(hc_stack_switch, 0x18, NOT_CANONICAL),
	                 -XEN_EINVAL);
	assert_int_equal(v->s.kernel_sp, 0x5000);
}

static void test_debug_addresses(void **state)
{
	static const struct {
		u64 address;
		bool ok;
	} cases[] = {
		{0, true},
		{0x7fffffffffff, true},
		{NOT_CANONICAL, false},
		{0xffff7fffffffffff, false},
		{0xffff800000000000, false}, /* the M2P is the hypervisor's */
		{0xffff82a080000000, false},
		{0xffff87ffffffffff, false},
		{0xffff880000000000, true},
		{~0UL, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (u64 reg = 0; reg < 4; reg++) {
			long ret = fake_call(hc_set_debugreg, reg,
			                     cases[i].address);

			assert_int_equal(ret, cases[i].ok ? 0 : -XEN_EPERM);
		}
	}
	assert_int_equal(fake_call(hc_get_debugreg, 3, 0), -1);
}

static void test_debug_control(void **state)
{
	(void)state;
	assert_int_equal(fake_call(hc_set_debugreg, 7, 1UL << 13), -XEN_EPERM);
	assert_int_equal(fake_call(hc_set_debugreg, 7, 1UL << 32), -XEN_EINVAL);
	assert_int_equal(fake_call(hc_set_debugreg, 6, 1UL << 32), -XEN_EINVAL);
	assert_int_equal(v->s.debugreg[7], DR7_INIT);
	/* Each R/W and LEN of each breakpoint: I/O, and execution longer
	 * than one byte, are refused. */
	for (u64 i = 0; i < 64; i++) {
		u64 field = i & 15, rw = field & 3, len = field >> 2;
		u64 dr7 = field << (16 + 4 * (i >> 4)) | 0xff;
		bool ok = rw != 2 && (rw != 0 || len == 0);

		assert_int_equal(fake_call(hc_set_debugreg, 7, dr7),
		                 ok ? 0 : -XEN_EPERM);
	}
	assert_int_equal(fake_call(hc_set_debugreg, 7, 0xdc03), 0);
	assert_int_equal(v->s.debugreg[7], 0x403);
	assert_int_equal(fake_call(hc_set_debugreg, 6, ~0U), 0);
	assert_int_equal(v->s.debugreg[6], 0xffffefff);
	assert_int_equal(fake_call(hc_get_debugreg, 4, 0), 0xffffefff);
	assert_int_equal(fake_call(hc_set_debugreg, 5, 0), 0);
	assert_int_equal(v->s.debugreg[7], DR7_INIT);
	assert_int_equal(fake_call(hc_set_debugreg, 8, 0), -XEN_ENODEV);
	assert_int_equal(fake_call(hc_get_debugreg, ~0U, 0), -XEN_ENODEV);
	v->s.cr4 |= CR4_DE;
	assert_int_equal(fake_call(hc_set_debugreg, 4, 0), -XEN_ENODEV);
	assert_int_equal(fake_call(hc_get_debugreg, 5, 0), -XEN_ENODEV);
}

/* The user's GS is loaded while the kernel's base stays; never an error. */
static void test_user_gs(void **state)
{
	(void)state;
	fake.gdt[5] = 0x00cff3000000ffff;
	fake.hw.gs_base = 0x9000;
	assert_int_equal(
		fake_call(hc_set_segment_base, SEGBASE_GS_USER_SEL, 0x28), 0);
	assert_int_equal(fake.hw.gs, 0x2b);
	assert_int_equal(v->s.gs, 0x2b);
	assert_int_equal(v->s.gs_base_user, 0x2b000);
	assert_int_equal(fake.hw.gs_base, 0x9000);
	for (u64 sel = 0; sel < 0x10000; sel++) {
		assert_int_equal(fake_call(hc_set_segment_base,
		                           SEGBASE_GS_USER_SEL, sel),
		                 0);
		assert_int_equal(fake.hw.gs_base, 0x9000);
	}
	fake_call(hc_set_segment_base, SEGBASE_GS_USER_SEL, 0);
	assert_int_equal(v->s.gs_base_user, 0);
	assert_int_equal(fake_call(hc_set_segment_base, 4, 0), -XEN_EINVAL);
}

static void test_assists(void **state)
{
	(void)state;
	assert_int_equal(fake_call(hc_vm_assist, VMASST_CMD_enable,
	                           VMASST_TYPE_writable_pagetables),
	                 0);
	assert_int_equal(fake.d.s.vm_assist, 4);
	assert_int_equal(fake_call(hc_vm_assist, VMASST_CMD_disable, 2), 0);
	assert_int_equal(fake.d.s.vm_assist, 0);
	assert_int_equal(fake_call(hc_vm_assist, 2, 2), -XEN_ENOSYS);
	assert_int_equal(fake_call(hc_vm_assist, 0, 6), -XEN_EINVAL);
	assert_int_equal(fake_call(hc_vm_assist, 0, 64), -XEN_EINVAL);
	assert_int_equal(fake_call(hc_vm_assist, 0, 0xffffffff), -XEN_EINVAL);
}

/* All access bytes with all of L, D, G: what is let in has DPL 3 and accessed
 * set, and is no system descriptor that could load. */
static void test_descriptor_fix(void **state)
{
	(void)state;
	for (u64 i = 0; i < 256 * 16; i++) {
		u64 desc = (i & 0xff) << 40 | (i >> 8) << 52 | 0x1234, fixed;
		bool present = i & 0x80, segment = i & 0x10;
		bool ok = descriptor_fix(desc, &fixed);

		assert_int_equal(ok, !present || segment || !(i & 0xf));
		if (!present) {
			assert_int_equal(fixed, desc);
		} else if (segment) {
			assert_int_equal(fixed, desc | 3UL << 45 | 1UL << 40);
		}
	}
}

static void test_tables_refused(void **state)
{
	(void)state;
	assert_int_equal(vcpu_set_gdt(v, NULL, 7169), -XEN_EINVAL);
	assert_int_equal(vcpu_set_ldt(v, 0x1000, 8193), -XEN_EINVAL);
	assert_int_equal(vcpu_set_ldt(v, 0x1008, 1), -XEN_EINVAL);
	assert_int_equal(vcpu_set_ldt(v, NOT_CANONICAL, 1), -XEN_EINVAL);
	assert_int_equal(vcpu_set_ldt(v, 0xffff830000000000, 1), -XEN_EINVAL);
	assert_int_equal(vcpu_set_ldt(v, 0x00007ffffffff000, 513), -XEN_EINVAL);
	assert_int_equal(vcpu_set_ldt(v, 0x10000, 1), -XEN_EINVAL);
	assert_int_equal(fake_call(hc_set_gdt, AT, 7169), -XEN_EINVAL);
	assert_int_equal(fake_call(hc_set_gdt, 0x10, 1), -XEN_EFAULT);
	assert_int_equal(v->s.gdt_entries, 512);
	assert_int_equal(v->s.ldt_entries, 0);
}

static void test_ldt(void **state)
{
	u64 desc;

	(void)state;
	assert_int_equal(vcpu_set_ldt(v, FAKE_KERNEL_VA, 513), 0);
	fake.kernel[8 * 8] = 0x77;
	assert_true(descriptor_read(v, 8 << 3 | 7, &desc));
	assert_int_equal(desc, 0x77);
	assert_true(descriptor_read(v, 512 << 3 | 7, &desc));
	assert_false(descriptor_read(v, 513 << 3 | 7, &desc));
	assert_int_equal(vcpu_set_ldt(v, 0, 0), 0);
	assert_false(descriptor_read(v, 4, &desc));
}

/* ---- contexts --------------------------------------------------------------
 */

static struct vcpu_guest_context context(void)
{
	struct vcpu_guest_context c = {
		.flags = VGCF_in_kernel | VGCF_online |
	                 VGCF_syscall_disables_events,
		.kernel_ss = 0x18,
		.kernel_sp = 0x9000,
		.ctrlreg = {0, 0, 0, 0x5000},
		.event_callback_eip = 0x11,
		.failsafe_callback_eip = 0x22,
		.syscall_callback_eip = 0x33,
		.gs_base_kernel = 0x44,
		.vm_assist = ~0UL,
	};

	c.user_regs.rip = 0x1234;
	c.user_regs.cs = 0x10;
	c.user_regs.ss = 0x18;
	c.user_regs.rflags = 0x1000;
	c.user_regs.r9 = 9;
	c.trap_ctxt[14].address = 0xe;
	c.trap_ctxt[14].flags = 4;
	c.debugreg[0] = 0x800;
	c.debugreg[7] = 0x1;
	return c;
}

static void test_context_set(void **state)
{
	struct vcpu_guest_context c = context();

	(void)state;
	fake.loaded = false;
	assert_int_equal(vcpu_set_context(v, &c), 0);
	assert_int_equal(v->s.regs.rip, 0x1234);
	assert_int_equal(v->s.regs.cs, 0x13);
	assert_int_equal(v->s.regs.ss, 0x1b);
	assert_int_equal(v->s.regs.rflags, 0x202);
	assert_int_equal(v->s.regs.r9, 9);
	assert_int_equal(v->s.iopl, 1);
	assert_int_equal(v->s.kernel_root, 5);
	assert_int_equal(v->s.user_root, GMFN_NONE);
	assert_int_equal(v->s.kernel_ss, 0x1b);
	assert_int_equal(v->s.traps[14].address, 0xe);
	assert_true(v->s.traps[14].mask_events);
	assert_true(v->s.callbacks[CALLBACKTYPE_syscall].mask_events);
	assert_false(v->s.callbacks[CALLBACKTYPE_failsafe].mask_events);
	assert_int_equal(v->s.gs_base_kernel, 0x44);
	assert_int_equal(v->s.debugreg[7], 0x401);
	assert_int_equal(fake.d.s.vm_assist, VM_ASSISTS_OFFERED);
	assert_true(v->s.initialised);
	assert_true(v->s.online);
}

static void expect_refused(struct vcpu_guest_context *c)
{
	fake_reset();
	fake.loaded = false;
	assert_int_equal(vcpu_set_context(v, c), -XEN_EINVAL);
	assert_false(v->s.initialised);
	assert_int_equal(v->s.kernel_root, GMFN_NONE);
	assert_int_equal(v->s.regs.rip, FAKE_KERNEL_VA);
}

static void test_context_refused(void **state)
{
	struct vcpu_guest_context c = context();
	unsigned long *const addresses[] = {&c.event_callback_eip,
	                                    &c.failsafe_callback_eip,
	                                    &c.syscall_callback_eip,
	                                    &c.trap_ctxt[255].address,
	                                    &c.kernel_sp,
	                                    &c.fs_base,
	                                    &c.gs_base_kernel,
	                                    &c.gs_base_user,
	                                    &c.user_regs.rip};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		c = context();
		*addresses[i] = NOT_CANONICAL;
		expect_refused(&c);
	}
	c = context();
	c.gdt_ents = 7169;
	expect_refused(&c);
	c = context();
	c.ldt_ents = ~0UL;
	expect_refused(&c);
	c = context();
	c.flags = 0;
	expect_refused(&c);
}

/* What get answers, set takes again and changes nothing; tables cannot be
 * changed from outside. */
static void test_context_round_trip(void **state)
{
	static struct vcpu_state before;
	struct vcpu_guest_context c = context();

	(void)state;
	fake.loaded = false;
	vcpu_set_gdt(v, NULL, 0);
	assert_int_equal(vcpu_set_context(v, &c), 0);
	before = v->s;
	vcpu_get_context(v, &c);
	assert_int_equal(vcpu_set_context(v, &c), 0);
	assert_memory_equal(&before, &v->s, sizeof(before));
	c.ctrlreg[3] = 0x6000;
	assert_int_equal(vcpu_set_context(v, &c), -XEN_EOPNOTSUPP);
	vcpu_get_context(v, &c);
	c.gdt_ents = 1;
	assert_int_equal(vcpu_set_context(v, &c), -XEN_EOPNOTSUPP);
	assert_memory_equal(&before, &v->s, sizeof(before));
}

static void test_fpu_image(void **state)
{
	struct vcpu_guest_context c = context();
	u32 mxcsr = ~0u;

	(void)state;
	fake.loaded = false;
	c.flags |= VGCF_i387_valid;
	memcpy(c.fpu_ctxt.x + 24, &mxcsr, sizeof(mxcsr));
	assert_int_equal(vcpu_set_context(v, &c), 0);
	memcpy(&mxcsr, v->s.fpu + 24, sizeof(mxcsr));
	assert_int_equal(mxcsr, 0xffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_trap_table, setup),
		cmocka_unit_test_setup(test_trap_table_ends, setup),
		cmocka_unit_test_setup(test_callbacks, setup),
		cmocka_unit_test_setup(test_set_callbacks, setup),
		cmocka_unit_test_setup(test_stack, setup),
		cmocka_unit_test_setup(test_debug_addresses, setup),
		cmocka_unit_test_setup(test_debug_control, setup),
		cmocka_unit_test_setup(test_user_gs, setup),
		cmocka_unit_test_setup(test_assists, setup),
		cmocka_unit_test_setup(test_descriptor_fix, setup),
		cmocka_unit_test_setup(test_tables_refused, setup),
		cmocka_unit_test_setup(test_ldt, setup),
		cmocka_unit_test_setup(test_context_set, setup),
		cmocka_unit_test_setup(test_context_refused, setup),
		cmocka_unit_test_setup(test_context_round_trip, setup),
		cmocka_unit_test_setup(test_fpu_image, setup),
	};

	return cmocka_run_group_tests_name("pv_state", tests, NULL, NULL);
}
