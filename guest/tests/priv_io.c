/* SPDX-License-Identifier: MIT */
/*
 * Port access and interrupt flag instructions: refused at I/O privilege
 * level 0, carried out at 1 in the guest kernel and at 3 in user mode; an
 * ordinary domain reads all ones and its writes go nowhere.
 *
 * ABI: physdev.h PHYSDEVOP_set_iopl; the guest kernel counts as level 1.
 */
#include <guest/test.h>
#include <guest/user.h>

USER_CODE(u_inb, "movl $0x80, %edx\nmovl $0, %eax\ninb %dx, %al\nsyscall");

static void set_iopl(unsigned int level)
{
	struct physdev_set_iopl op = {.iopl = level};

	check_rc(hc_physdev_op(PHYSDEVOP_set_iopl, &op), 0, "set_iopl %u",
	         level);
}

static uint64_t read8(unsigned int port, uint64_t *value)
{
	*value = 0;
	return PROBE("inb %%dx, %%al", : "+a"(*value) : "d"(port));
}

static void level_one(void)
{
	uint64_t value;

	check_eq(read8(0x80, &value), 0, "in, level 1");
	check_eq(PROBE("outb %%al, %%dx", ::"a"(0), "d"(0x80)), 0,
	         "out, level 1");
	check_eq(PROBE("cli", ::: "memory"), 0, "cli, level 1");
	check_eq(PROBE("sti", ::: "memory"), 0, "sti, level 1");
	check_eq(boot_vcpu_info->evtchn_upcall_mask, 1, "mask after sti");
	if (boot_is_initial()) {
		return;
	}
	check_eq(value, 0xff, "what in reads");
	value = 0;
	check_eq(PROBE("inl %%dx, %%eax",
	               : "+a"(value)
	               : "d"(0xcfc)),
	         0, "in of a PCI port");
	check_eq(value, 0xffffffff, "what it reads");
}

GUEST_TEST(priv_io)
{
	uint64_t value;
	struct regs regs;

	set_iopl(0);
	check_eq(read8(0x80, &value), EXC(VEC_GP, 0), "in, level 0");
	check_eq(PROBE("cli", ::: "memory"), EXC(VEC_GP, 0), "cli, level 0");
	set_iopl(1);
	level_one();
	user_run(&regs, user_address(u_inb), 0);
	check_eq(regs.entry, VEC_GP, "in from user mode, level 1");
	set_iopl(3);
	user_run(&regs, user_address(u_inb), 0);
	check_eq(regs.entry, ENTRY_SYSCALL, "in from user mode, level 3");
	set_iopl(0);
}
