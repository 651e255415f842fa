/* SPDX-License-Identifier: MIT */
/*
 * The older ways to register entries: set_callbacks for the event, failsafe
 * and syscall callbacks at once, nmi_op for the NMI handler.
 *
 * ABI: xen.h HYPERVISOR_set_callbacks; nmi.h.
 */
#include <guest/event.h>
#include <guest/test.h>
#include <guest/user.h>
#include <xen/nmi.h>

USER_CODE(u_call, "movl $5, %eax\nsyscall");

static unsigned int upcalls, nmis;

static bool on_event(struct regs *regs)
{
	(void)regs;
	upcalls++;
	return false;
}

static bool on_nmi(struct regs *regs)
{
	(void)regs;
	nmis++;
	return true;
}

static long set_callbacks(uint64_t event, uint64_t failsafe, uint64_t syscall)
{
	return hypercall(__HYPERVISOR_set_callbacks, event, failsafe, syscall,
	                 0, 0);
}

static void callbacks(void)
{
	uint64_t event = trap_stub(ENTRY_EVENT), bad = 0x0000900000000000;
	long port = port_bind_ipi(0);
	struct regs regs;

	trap_hook_set(ENTRY_EVENT, on_event);
	check_rc(set_callbacks(event, trap_stub(ENTRY_FAILSAFE),
	                       trap_stub(ENTRY_SYSCALL)),
	         0, "set_callbacks");
	/* What is not canonical is passed over, and not reported. */
	check_rc(set_callbacks(bad, bad, bad), 0, "non-canonical");
	events_unmask();
	port_send((evtchn_port_t)port);
	events_mask();
	check_eq(upcalls, 1, "upcalls");
	user_run(&regs, user_address(u_call), 0);
	check_eq(regs.entry, ENTRY_SYSCALL, "syscall callback");
}

static void nmi(void)
{
	struct xennmi_callback cb = {.handler_address = trap_stub(2)};

	trap_hook_set(2, on_nmi);
	check_rc(hypercall(__HYPERVISOR_nmi_op, XENNMI_register_callback,
	                   ADDR(&cb), 0, 0, 0),
	         0, "register");
	hc_vcpu_op(VCPUOP_send_nmi, 0, NULL);
	check_eq(nmis, 1, "NMIs");
	check_rc(hypercall(__HYPERVISOR_nmi_op, XENNMI_register_callback, 8, 0,
	                   0, 0),
	         -EFAULT, "unreadable");
	check_rc(hypercall(__HYPERVISOR_nmi_op, 9, 0, 0, 0, 0), -ENOSYS,
	         "unknown operation");
	check_rc(hypercall(__HYPERVISOR_nmi_op, XENNMI_unregister_callback, 0,
	                   0, 0, 0),
	         0, "unregister");
}

GUEST_TEST(callbacks_old)
{
	callbacks();
	nmi();
}
