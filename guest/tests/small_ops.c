/* SPDX-License-Identifier: MIT */
/*
 * The small hypercalls: stack_switch, vm_assist, callback_op, console_io,
 * physdev set_iopl and set_iobitmap, and the numbers nobody has, with their
 * errors.
 *
 * ABI: xen.h; callback.h; physdev.h.
 */
#include <guest/test.h>

static void stack_switch(void)
{
	check_rc(hc_stack_switch(SEL_SS, VIRT_BASE + 0x1000), 0, "switch");
}

static void vm_assist(void)
{
	check_rc(hc_vm_assist(VMASST_CMD_enable,
	                      VMASST_TYPE_writable_pagetables),
	         0, "enable");
	check_rc(hc_vm_assist(VMASST_CMD_disable,
	                      VMASST_TYPE_writable_pagetables),
	         0, "disable");
	check_rc(hc_vm_assist(VMASST_CMD_enable,
	                      VMASST_TYPE_runstate_update_flag),
	         0, "runstate flag");
	check_rc(hc_vm_assist(VMASST_CMD_disable,
	                      VMASST_TYPE_runstate_update_flag),
	         0, "runstate flag off");
	check_rc(hc_vm_assist(VMASST_CMD_enable, 20), -EINVAL, "unknown type");
	check_rc(hc_vm_assist(VMASST_CMD_enable, 200), -EINVAL, "type 200");
	check_rc(hc_vm_assist(7, VMASST_TYPE_writable_pagetables), -ENOSYS,
	         "unknown command");
}

static void callbacks(void)
{
	struct callback_register reg = {
		.type = 9,
		.address = trap_stub(ENTRY_EVENT),
	};

	check_rc(hc_callback_op(CALLBACKOP_register, &reg), -ENOSYS, "type 9");
	reg.type = CALLBACKTYPE_event;
	reg.address = 0x0000900000000000;
	check_rc(hc_callback_op(CALLBACKOP_register, &reg), -EINVAL,
	         "non-canonical");
	check_rc(hc_callback_op(CALLBACKOP_register, (void *)8), -EFAULT,
	         "unreadable");
	check_rc(hc_callback_op(55, &reg), -ENOSYS, "unknown operation");
	reg.type = CALLBACKTYPE_sysenter;
	check_rc(hc_callback_op(CALLBACKOP_unregister, &reg), -EINVAL,
	         "unregister");
	reg.type = CALLBACKTYPE_event;
	check_rc(hc_callback_op(CALLBACKOP_unregister, &reg), -EINVAL,
	         "unregister the event callback");
}

static void console(void)
{
	static char text[] = "text through console_io\n";

	check_rc(hc_console_io(CONSOLEIO_write, sizeof(text) - 1, text), 0,
	         "write");
	check_rc(hc_console_io(CONSOLEIO_write, 5, (char *)8), -EFAULT,
	         "write, unreadable");
	check_rc(hc_console_io(CONSOLEIO_read, 0, text), 0, "read nothing");
	check_rc(hc_console_io(9, 0, text), -ENOSYS, "unknown operation");
}

static void physdev(void)
{
	struct physdev_set_iopl iopl = {.iopl = 1};

	check_rc(hc_physdev_op(PHYSDEVOP_set_iopl, &iopl), 0, "set_iopl 1");
	iopl.iopl = 4;
	check_rc(hc_physdev_op(PHYSDEVOP_set_iopl, &iopl), -EINVAL,
	         "set_iopl 4");
	check_rc(hc_physdev_op(PHYSDEVOP_set_iopl, (void *)8), -EFAULT,
	         "set_iopl, unreadable");
	check_rc(hc_physdev_op(200, &iopl), -ENOSYS, "unknown operation");
}

static void unknown_numbers(void)
{
	static const unsigned long numbers[] = {11, 50, 51,  54,   55,  56,
	                                        63, 64, 127, 1000, ~0UL};

	for (unsigned int i = 0; i < ARRAY_LEN(numbers); i++) {
		check_rc(hypercall(numbers[i], 0, 0, 0, 0, 0), -ENOSYS,
		         "hypercall %ld", numbers[i]);
	}
}

GUEST_TEST(small_ops)
{
	stack_switch();
	vm_assist();
	callbacks();
	console();
	physdev();
	unknown_numbers();
}
