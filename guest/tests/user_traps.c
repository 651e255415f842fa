/* SPDX-License-Identifier: MIT */
/*
 * Exceptions in guest user mode reach the guest kernel on its own stack: the
 * page fault's error code says "user", privileged instructions are #GP and
 * are not emulated, kernel addresses are not accessible, int n obeys the
 * vector's DPL as level 3, and int 0x80 goes straight to its handler.
 *
 * ABI: xen.h set_trap_table.
 */
#include <guest/mm.h>
#include <guest/test.h>
#include <guest/user.h>

USER_CODE(u_read, "movq (%rdi), %rax\nsyscall");
USER_CODE(u_write, "movq %rax, (%rdi)\nsyscall");
USER_CODE(u_hlt, "hlt");
USER_CODE(u_cli, "cli");
USER_CODE(u_rdmsr, "movl $0xc0000080, %ecx\nrdmsr");
USER_CODE(u_cr3, "movq %cr3, %rax");
USER_CODE(u_in, "movl $0x70, %edx\ninb %dx, %al");
USER_CODE(u_ud2, "ud2");
USER_CODE(u_int3, "int3\nu_int3_end: nop");
USER_CODE(u_int80, "int $0x80\nu_int80_end: nop");
USER_CODE(u_cpuid, "ud2\n.ascii \"xen\"\ncpuid\nsyscall");
USER_CODE(u_tf, "pushfq\norl $0x100, (%rsp)\npopfq\nu_tf_at: nop\n"
                "u_tf_end: nop\nsyscall");
extern const char u_int3_end[], u_int80_end[], u_tf_end[];

static void expect(const char *code, uint64_t arg, unsigned int entry,
                   uint64_t error, const char *what)
{
	struct regs regs;

	user_run(&regs, user_address(code), arg);
	check_eq(regs.entry, entry, "entry, %s", what);
	check_eq(regs.error, error, "error code, %s", what);
	check(regs_from_user(&regs), "cs %lx, %s", regs.cs & 0xffff, what);
	check_eq(user_entry.stack, user_entry_stack(), "stack, %s", what);
	if (entry == VEC_PF) {
		check_eq(boot_vcpu_info->arch.cr2, arg, "cr2, %s", what);
	}
}

static void memory(void)
{
	static uint64_t mine;

	expect(u_read, 0x700000, VEC_PF, PF_USER, "hole");
	expect(u_write, USER_TEXT, VEC_PF, PF_USER | PF_WRITE | PF_PRESENT,
	       "write to text");
	expect(u_read, ADDR(&mine), VEC_PF, PF_USER, "kernel address");
	expect(u_read, 0xffff830000000000, VEC_PF, PF_USER,
	       "hypervisor address");
	expect(u_read, USER_DATA, ENTRY_SYSCALL, 0, "its own page");
}

static void instructions(void)
{
	expect(u_hlt, 0, VEC_GP, 0, "hlt");
	expect(u_cli, 0, VEC_GP, 0, "cli");
	expect(u_rdmsr, 0, VEC_GP, 0, "rdmsr");
	expect(u_cr3, 0, VEC_GP, 0, "mov from cr3");
	expect(u_in, 0, VEC_GP, 0, "in");
	expect(u_ud2, 0, VEC_UD, 0, "ud2");
	expect(u_cpuid, 0, ENTRY_SYSCALL, 0, "prefixed cpuid");
}

static void software(void)
{
	struct regs regs;

	user_run(&regs, user_address(u_int3), 0);
	check_eq(regs.entry, VEC_BP, "int3");
	check_eq(regs.rip, user_address(u_int3_end), "rip after int3");
	user_run(&regs, user_address(u_int80), 0);
	check_eq(regs.entry, 0x80, "int $0x80");
	check_eq(regs.rip, user_address(u_int80_end), "rip after int $0x80");
	user_run(&regs, user_address(u_tf), 0);
	check_eq(regs.entry, VEC_DB, "single step");
	check_eq(regs.rip, user_address(u_tf_end), "rip after the step");
	check_eq(regs.rflags & FLAG_TF, FLAG_TF, "TF in the frame");
}

GUEST_TEST(user_traps)
{
	memory();
	instructions();
	software();
}
