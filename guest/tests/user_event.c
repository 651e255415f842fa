/* SPDX-License-Identifier: MIT */
/*
 * An event interrupts user mode: the upcall runs on the kernel stack with a
 * user frame and events masked, and iret goes back to the user code with all
 * registers as they were.
 *
 * ABI: xen-x86_64.h; callback.h CALLBACKTYPE_event.
 */
#include <guest/event.h>
#include <guest/test.h>
#include <guest/time.h>
#include <guest/user.h>

/* Spins until word 0 of the page at rdi is set; counts in rbx. */
USER_CODE(u_spin, "movl $0x1234567, %r12d\n"
                  "movl $0xcafe, %ecx\n"
                  "xorl %ebx, %ebx\n"
                  "1: incq %rbx\n"
                  "cmpq $0, (%rdi)\n"
                  "je 1b\n"
                  "movq %rcx, %r13\n"
                  "syscall");

static struct regs at_entry;
static unsigned int mask;
static uint64_t stack;

static bool on_event(struct regs *regs)
{
	at_entry = *regs;
	mask = boot_vcpu_info->evtchn_upcall_mask;
	stack = ADDR(regs + 1);
	user_data()[0] = 1;
	return false;
}

GUEST_TEST(user_event)
{
	long port = port_bind_virq(VIRQ_TIMER, 0);
	struct regs regs;

	timer_stop_periodic();
	user_init();
	user_data()[0] = 0;
	trap_hook_set(ENTRY_EVENT, on_event);
	check_rc(timer_set(time_now_ns() + 3 * MS, 0), 0, "timer");
	user_run(&regs, user_address(u_spin), USER_DATA);
	check_eq(regs.entry, ENTRY_SYSCALL, "end of the user code");
	check_eq(regs.r12, 0x1234567, "r12");
	check_eq(regs.r13, 0xcafe, "rcx across the event");
	check_eq(event_count[port], 1, "timer events");
	check(regs_from_user(&at_entry), "cs %lx", at_entry.cs);
	check_eq(regs_saved_mask(&at_entry), 0, "saved mask");
	check_eq(mask, 1, "mask in the upcall");
	check_eq(stack, user_entry_stack(), "stack of the upcall");
	check_eq(at_entry.rsp, USER_STACK, "user rsp in the frame");
}
