/* SPDX-License-Identifier: MIT */
/*
 * VCPUOP_register_vcpu_info moves vcpu_info into a page of the guest: errors
 * for a place that crosses a page, is misaligned or not the guest's; the old
 * contents come along, everything is flagged pending afterwards, events go
 * on through the new place; a second registration is refused.
 *
 * ABI: vcpu.h. Cannot be undone, so the tests after this one run with it.
 */
#include <guest/event.h>
#include <guest/mm.h>
#include <guest/test.h>
#include <guest/time.h>

static long reg(uint64_t mfn, unsigned int offset)
{
	struct vcpu_register_vcpu_info op = {.mfn = mfn, .offset = offset};

	return hc_vcpu_op(VCPUOP_register_vcpu_info, 0, &op);
}

GUEST_TEST(vcpu_info)
{
	static char page[PAGE_SIZE] __page;
	volatile struct vcpu_info *moved = (void *)(page + 128);
	uint64_t mfn = va_to_mfn(page);
	long port = port_bind_ipi(0);

	check_rc(reg(mfn, PAGE_SIZE - 32), -ENXIO, "crossing a page");
	check_rc(reg(mfn, 132), -ENXIO, "misaligned");
	check_rc(reg(~0UL >> 12, 0), -EINVAL, "no frame");
	check_rc(reg(va_to_mfn((void *)boot_info->pt_base), 128), -EINVAL,
	         "a page table");
	events_mask();
	check_rc(reg(mfn, 128), 0, "register");
	boot_vcpu_info = moved;
	check_eq(moved->evtchn_upcall_mask, 1, "the mask comes along");
	check_eq(moved->evtchn_upcall_pending, 1, "flagged pending");
	check_eq(moved->evtchn_pending_sel, ~0UL, "all selected");
	check(moved->time.tsc_to_system_mul != 0, "time comes along");
	event_dispatch();
	events_unmask();
	port_send((evtchn_port_t)port);
	check_eq(event_count[port], 1, "an event through the new place");
	check(time_now_ns() > 0, "clock");
	check_rc(reg(mfn, 256), -EINVAL, "second registration");
	page_make_ro(page);
	check_eq(pte_of(page) & PTE_W, 0, "may be mapped read-only too");
	page_make_rw(page);
	events_mask();
}
