/* SPDX-License-Identifier: MIT */
/*
 * The FIFO event ABI is optional. Where it is absent, init_control and the
 * rest answer -ENOSYS and the 2-level ABI goes on; a bad init_control never
 * takes effect; expand_array and set_priority without it are refused.
 *
 * ABI: event_channel.h EVTCHNOP_init_control. Class of the advisory XSA-188.
 */
#include <guest/event.h>
#include <guest/mm.h>
#include <guest/test.h>

GUEST_TEST(evtchn_fifo)
{
	struct evtchn_init_control init = {.control_gfn = ~0UL >> 12};
	struct evtchn_expand_array expand = {.array_gfn = 1};
	struct evtchn_set_priority priority = {.port = 1, .priority = 3};
	long port = port_bind_ipi(0);
	long rc = hc_event_channel_op(EVTCHNOP_init_control, &init);
	long none = rc == -ENOSYS ? -ENOSYS : -EINVAL;

	check(rc == -ENOSYS || rc == -EINVAL || rc == -ENOENT, "no frame: %ld",
	      rc);
	init.control_gfn = va_to_mfn(page_alloc());
	init.offset = 3;
	check_rc(hc_event_channel_op(EVTCHNOP_init_control, &init), none,
	         "misaligned");
	check(hc_event_channel_op(EVTCHNOP_expand_array, &expand) < 0,
	      "expand_array without init_control");
	check(hc_event_channel_op(EVTCHNOP_set_priority, &priority) < 0,
	      "set_priority without init_control");
	check_rc(port_send((evtchn_port_t)port), 0, "send");
	check(port_is_pending((evtchn_port_t)port), "2-level pending bit");
}
