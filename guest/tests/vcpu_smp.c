/* SPDX-License-Identifier: MIT */
/*
 * A second vCPU: initialise, up, runs with what its context says, takes an
 * IPI in its own vcpu_info, goes down, comes up again where it stopped.
 *
 * ABI: vcpu.h VCPUOP_initialise, up, down, is_up; xen.h vcpu_guest_context.
 */
#include <guest/event.h>
#include <guest/mm.h>
#include <guest/test.h>
#include <guest/time.h>

static struct vcpu_guest_context context;
static char stack[8192] __page;
static volatile unsigned int beats, told_to_stop, gs_word = 0x5151, gs_seen;

static void second_main(void) __attribute__((noreturn));
static void second_main(void)
{
	asm volatile("movl %%gs:0, %0" : "=r"(gs_seen));
	for (;;) {
		beats++;
		hc_sched_op(SCHEDOP_yield, NULL);
		if (told_to_stop) {
			hc_vcpu_op(VCPUOP_down, 1, NULL);
			told_to_stop = 0;
		}
	}
}

static void fill_context(void)
{
	context.flags = VGCF_in_kernel;
	context.user_regs.rip = ADDR(second_main);
	context.user_regs.rsp = ADDR(stack + sizeof(stack) - 8);
	context.user_regs.cs = SEL_CS64;
	context.user_regs.ss = SEL_SS;
	context.user_regs.rflags = 0x1000;
	context.kernel_ss = SEL_SS;
	context.kernel_sp = ADDR(stack + sizeof(stack));
	context.ctrlreg[3] = xen_pfn_to_cr3(pt_root());
	context.gs_base_kernel = ADDR(&gs_word);
	context.event_callback_eip = trap_stub(ENTRY_EVENT);
	context.failsafe_callback_eip = trap_stub(ENTRY_FAILSAFE);
	context.syscall_callback_eip = trap_stub(ENTRY_SYSCALL);
}

/* Gives way until *@word reaches @want. */
static bool await(const volatile unsigned int *word, unsigned int want)
{
	uint64_t end = time_now_ns() + 5000 * MS;

	while (*word < want && time_now_ns() < end) {
		hc_sched_op(SCHEDOP_yield, NULL);
	}
	return *word >= want;
}

static void starts(void)
{
	check_rc(hc_vcpu_op(VCPUOP_up, 1, NULL), -EINVAL, "up before init");
	check_rc(hc_vcpu_op(VCPUOP_initialise, 1, (void *)8), -EFAULT,
	         "unreadable context");
	check_rc(hc_vcpu_op(VCPUOP_initialise, 1, &context), 0, "initialise");
	check_rc(hc_vcpu_op(VCPUOP_initialise, 1, &context), -EEXIST, "twice");
	check_eq(beats, 0, "it does not run yet");
	check_rc(hc_vcpu_op(VCPUOP_up, 1, NULL), 0, "up");
	check(await(&beats, 3), "it does not run");
	check_rc(hc_vcpu_op(VCPUOP_is_up, 1, NULL), 1, "is_up");
	check_eq(gs_seen, gs_word, "its GS base");
}

static void takes_ipi(void)
{
	volatile struct vcpu_info *info = &boot_shared_info->vcpu_info[1];
	long port = port_bind_ipi(1);

	check(port > 0, "bind_ipi: %ld", port);
	check_eq(info->evtchn_upcall_mask, 1, "born masked");
	check_rc(port_send((evtchn_port_t)port), 0, "send");
	check_eq(info->evtchn_upcall_pending, 1, "flag of the second vCPU");
	check_eq(boot_vcpu_info->evtchn_upcall_pending, 0, "of the first");
	check(info->time.tsc_to_system_mul != 0, "its time page");
}

static void stops_and_goes_on(void)
{
	unsigned int before;

	told_to_stop = 1;
	for (unsigned int i = 0; i < 100000; i++) {
		if (hc_vcpu_op(VCPUOP_is_up, 1, NULL) == 0) {
			break;
		}
		hc_sched_op(SCHEDOP_yield, NULL);
	}
	check_rc(hc_vcpu_op(VCPUOP_is_up, 1, NULL), 0, "is_up after down");
	before = beats;
	hc_sched_op(SCHEDOP_yield, NULL);
	check_eq(beats, before, "beats while down");
	check_rc(hc_vcpu_op(VCPUOP_up, 1, NULL), 0, "up again");
	check(await(&beats, before + 3), "it does not go on");
	told_to_stop = 1;
	while (hc_vcpu_op(VCPUOP_is_up, 1, NULL) == 1) {
		hc_sched_op(SCHEDOP_yield, NULL);
	}
}

GUEST_TEST(vcpu_smp)
{
	if (hc_vcpu_op(VCPUOP_is_up, 1, NULL) != 0) {
		test_skip("one vCPU");
		return;
	}
	fill_context();
	starts();
	takes_ipi();
	stops_and_goes_on();
}
