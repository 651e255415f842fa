/* SPDX-License-Identifier: MIT */
/*
 * Delivery of events to the guest kernel: the pending bit, the selector and
 * the upcall flag are set by a send whether or not events are masked; the
 * upcall comes when both masks allow it, with events masked in the handler
 * and unmasked after its iret; a port masked at send is raised by unmask.
 *
 * ABI: event_channel.h; xen.h vcpu_info and shared_info.
 */
#include <guest/event.h>
#include <guest/test.h>

static struct regs at_entry;
static unsigned int mask_in_handler;

static bool on_event(struct regs *regs)
{
	at_entry = *regs;
	mask_in_handler = boot_vcpu_info->evtchn_upcall_mask;
	return false;
}

static void published_while_masked(evtchn_port_t port)
{
	events_mask();
	check_rc(port_send(port), 0, "send");
	check(port_is_pending(port), "pending bit");
	check_eq(boot_vcpu_info->evtchn_pending_sel, BIT(port / 64),
	         "selector");
	check_eq(boot_vcpu_info->evtchn_upcall_pending, 1, "upcall flag");
	check_eq(event_count[port], 0, "no upcall while masked");
	check_rc(port_send(port), 0, "second send");
	events_unmask();
	check_eq(event_count[port], 1, "two sends, one delivery");
	check_eq(mask_in_handler, 1, "masked in the handler");
	check_eq(regs_saved_mask(&at_entry), 0, "saved mask");
	check_eq(at_entry.rflags & FLAG_IF, FLAG_IF, "IF in frame");
	check_eq(boot_vcpu_info->evtchn_upcall_mask, 0, "unmasked after");
}

static void delivered_at_once(evtchn_port_t port)
{
	unsigned int before = event_count[port];

	check_rc(port_send(port), 0, "send with events on");
	check_eq(event_count[port], before + 1, "delivered at the send");
}

static void masked_port(evtchn_port_t port)
{
	unsigned int before = event_count[port];

	port_mask(port);
	check_rc(port_send(port), 0, "send to a masked port");
	check(port_is_pending(port), "pending though masked");
	check_eq(boot_vcpu_info->evtchn_upcall_pending, 0, "no upcall flag");
	check_eq(boot_vcpu_info->evtchn_pending_sel, 0, "no selector");
	check_eq(event_count[port], before, "no delivery");
	check_rc(port_unmask(port), 0, "unmask");
	check(!port_is_masked(port), "mask bit clear");
	check_eq(event_count[port], before + 1, "unmask raises it");
}

/* The forced check: the flag set by hand gives an upcall at any exit. */
static void flag_set_by_hand(void)
{
	unsigned int before = event_upcalls;

	events_mask();
	boot_vcpu_info->evtchn_upcall_pending = 1;
	events_unmask();
	check_eq(event_upcalls, before + 1, "upcall for a flag set by hand");
}

GUEST_TEST(evtchn_upcall)
{
	long port = port_bind_ipi(0);

	if (!check(port > 0, "bind_ipi: %ld", port)) {
		return;
	}
	trap_hook_set(ENTRY_EVENT, on_event);
	published_while_masked((evtchn_port_t)port);
	delivered_at_once((evtchn_port_t)port);
	masked_port((evtchn_port_t)port);
	flag_set_by_hand();
}
