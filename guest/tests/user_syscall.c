/* SPDX-License-Identifier: MIT */
/*
 * Guest user mode: entered through HYPERVISOR_iret, left by syscall. The
 * callback starts on the stack that stack_switch named, with rcx = user rip
 * and r11 = user flags in the frame, a user cs, and events masked exactly if
 * the callback was registered with CALLBACKF_mask_events. A hypercall from
 * user mode is not possible: syscall is the callback.
 *
 * ABI: callback.h CALLBACKTYPE_syscall; xen-x86_64.h bounce and iret frames.
 */
#include <guest/event.h>
#include <guest/test.h>
#include <guest/user.h>

USER_CODE(syscall_code, "mov $0x1234, %eax\n"
                        "mov $0x77, %ebx\n"
                        "syscall\n"
                        "after_syscall:\n"
                        "add $1, %rbx\n"
                        "mov $17, %eax\n"
                        "xor %edi, %edi\n"
                        "syscall\n");
extern const char after_syscall[];

static void enter(struct regs *regs, bool masked)
{
	user_run(regs, user_address(syscall_code), 0xabc);
	check_eq(regs->entry, ENTRY_SYSCALL, "entry");
	check_eq(regs->rax, 0x1234, "rax");
	check_eq(regs->rdi, 0xabc, "rdi");
	check_eq(regs->rcx, user_address(after_syscall), "rcx is user rip");
	check_eq(regs->rip, user_address(after_syscall), "rip");
	check_eq(regs->r11 & FLAG_IF, FLAG_IF, "r11 is user flags");
	check(regs_from_user(regs), "cs %lx is a user's", regs->cs & 0xffff);
	check_eq(regs->rsp, USER_STACK, "user rsp");
	check_eq(regs_saved_mask(regs), 0, "saved mask");
	check_eq(user_entry.mask, masked, "mask at the callback");
	check_eq(user_entry.stack, user_entry_stack(), "kernel stack");
}

GUEST_TEST(user_syscall)
{
	struct regs regs;

	events_unmask();
	enter(&regs, false);
	user_resume(&regs);
	check_eq(regs.entry, ENTRY_SYSCALL, "a hypercall from user mode");
	check_eq(regs.rax, 17, "its number");
	check_eq(regs.rbx, 0x78, "the code before it ran");

	trap_callback(CALLBACKTYPE_syscall, ENTRY_SYSCALL,
	              CALLBACKF_mask_events);
	enter(&regs, true);
	events_mask();
}
