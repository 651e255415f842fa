/* SPDX-License-Identifier: MIT */
/*
 * Who else is there, and who the guest is itself: the answers to calls that
 * name domains, its own number as its event channels tell it, its handle, and
 * where its descriptor tables lie, which any code can read. A replay may run
 * beside other domains, and under another number.
 */
#include <guest/replay.h>
#include <guest/test.h>

#define DOMAINS 6

static void name_events(domid_t dom)
{
	struct evtchn_status status = {.dom = dom, .port = 1};
	struct evtchn_alloc_unbound any = {.dom = dom, .remote_dom = dom};
	struct evtchn_bind_interdomain bind = {.remote_dom = dom,
	                                       .remote_port = 2};
	struct evtchn_reset reset = {.dom = dom};

	observe((uint64_t)hc_event_channel_op(EVTCHNOP_status, &status));
	observe(status.status);
	observe((uint64_t)hc_event_channel_op(EVTCHNOP_alloc_unbound, &any));
	observe((uint64_t)hc_event_channel_op(EVTCHNOP_bind_interdomain,
	                                      &bind));
	if (dom >= DOMAINS) {
		observe((uint64_t)hc_event_channel_op(EVTCHNOP_reset, &reset));
	}
}

static void name_memory(domid_t dom)
{
	struct gnttab_query_size size = {.dom = dom};
	struct gnttab_get_version version = {.dom = dom};

	observe((uint64_t)hc_memory_op(XENMEM_current_reservation, &dom));
	observe((uint64_t)hc_memory_op(XENMEM_maximum_gpfn, &dom));
	observe((uint64_t)hc_grant_table_op(GNTTABOP_query_size, &size, 1));
	observe((uint64_t)size.status);
	observe((uint64_t)hc_grant_table_op(GNTTABOP_get_version, &version, 1));
}

/* A channel to itself, by DOMID_SELF; its status says which number that is. */
static void own_number(void)
{
	struct evtchn_alloc_unbound a = {.dom = DOMID_SELF,
	                                 .remote_dom = DOMID_SELF};
	struct evtchn_bind_interdomain b = {.remote_dom = DOMID_SELF};
	struct evtchn_status status = {.dom = DOMID_SELF};
	struct evtchn_send send;

	check_rc(hc_event_channel_op(EVTCHNOP_alloc_unbound, &a), 0, "alloc");
	b.remote_port = a.port;
	check_rc(hc_event_channel_op(EVTCHNOP_bind_interdomain, &b), 0, "bind");
	status.port = b.local_port;
	check_rc(hc_event_channel_op(EVTCHNOP_status, &status), 0, "status");
	observe(status.u.interdomain.dom);
	send.port = b.local_port;
	check_rc(hc_event_channel_op(EVTCHNOP_send, &send), 0, "send");
	name_events(status.u.interdomain.dom);
	name_memory(status.u.interdomain.dom);
}

static void own_tables(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) gdt, idt;
	uint16_t task, ldt;
	uint64_t status;

	asm volatile("sgdt %0\n\tsidt %1\n\tstr %2\n\tsldt %3\n\tsmsw %4"
	             : "=m"(gdt), "=m"(idt), "=r"(task), "=r"(ldt),
	               "=r"(status));
	observe(gdt.base);
	observe(gdt.limit);
	observe(idt.base);
	observe(idt.limit);
	observe(task);
	observe(ldt);
	observe(status);
}

GUEST_TEST(replay_others)
{
	xen_domain_handle_t handle = {0};

	replay_begin();
	own_tables();
	check_rc(hc_xen_version(XENVER_guest_handle, handle), 0, "handle");
	observe_bytes(handle, sizeof(handle));
	for (domid_t dom = 0; dom < DOMAINS; dom++) {
		name_events(dom);
		name_memory(dom);
	}
	own_number();
	replay_end("replay_others");
}
