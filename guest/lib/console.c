/* SPDX-License-Identifier: MIT */
#include <guest/boot.h>
#include <guest/console.h>
#include <guest/hypercall.h>
#include <guest/mm.h>
#include <xen/io/console.h>

static volatile struct xencons_interface *ring_find(void)
{
	if (boot_is_initial() || !boot_info->console.domU.evtchn) {
		return NULL;
	}
	return mfn_to_va(boot_info->console.domU.mfn);
}

static void ring_notify(void)
{
	struct evtchn_send send = {.port = boot_info->console.domU.evtchn};

	hc_event_channel_op(EVTCHNOP_send, &send);
}

int console_ring_write(const char *text, size_t len)
{
	volatile struct xencons_interface *ring = ring_find();

	if (!ring) {
		return -ENODEV;
	}
	while (len) {
		XENCONS_RING_IDX prod = ring->out_prod;

		if (prod - ring->out_cons == sizeof(ring->out)) {
			ring_notify();
			hc_sched_op(SCHEDOP_yield, NULL);
			continue;
		}
		ring->out[MASK_XENCONS_IDX(prod, ring->out)] = *text++;
		len--;
		barrier();
		ring->out_prod = prod + 1;
	}
	ring_notify();
	return 0;
}

void console_write(const char *text, size_t len)
{
	if (hc_console_io(CONSOLEIO_write, (unsigned int)len, (char *)text) <
	    0) {
		console_ring_write(text, len);
	}
}
