/* SPDX-License-Identifier: MIT */
/* Near-valid work on events, grants and memory reservations. */
#include "fuzz.h"

#include <guest/boot.h>
#include <guest/event.h>
#include <guest/hypercall.h>
#include <guest/mm.h>
#include <guest/string.h>

static uint32_t any_port(void)
{
	return (uint32_t)(fuzz_one_in(8) ? any_value() : fuzz_below(48));
}

static uint16_t any_domain(void)
{
	if (fuzz_one_in(8)) {
		return (uint16_t)any_small();
	}
	return fuzz_one_in(4) ? 0 : DOMID_SELF;
}

void step_events(void)
{
	static union {
		struct evtchn_alloc_unbound alloc;
		struct evtchn_bind_interdomain bind;
		struct evtchn_bind_virq virq;
		struct evtchn_status status;
		uint32_t words[8];
	} op;
	uint64_t cmd = fuzz_below(16);

	for (unsigned int i = 0; i < ARRAY_LEN(op.words); i++) {
		op.words[i] = any_port();
	}
	switch (cmd) {
	case EVTCHNOP_alloc_unbound:
		op.alloc.dom = any_domain();
		op.alloc.remote_dom = any_domain();
		break;
	case EVTCHNOP_bind_interdomain:
		op.bind.remote_dom = any_domain();
		break;
	case EVTCHNOP_bind_virq:
		op.virq.virq = (uint32_t)fuzz_below(26);
		op.virq.vcpu = fuzz_one_in(8) ? 1 : 0;
		break;
	case EVTCHNOP_status:
	case EVTCHNOP_reset:
		op.status.dom = any_domain();
		break;
	case EVTCHNOP_bind_pirq:
		if (boot_is_initial()) {
			return;
		}
		break;
	default:
		break;
	}
	hc_event_channel_op((int)cmd, &op);
}

static void grant_entries(void)
{
	static xen_pfn_t list[8];
	struct gnttab_setup_table setup = {
		.dom = any_domain(),
		.nr_frames = (uint32_t)fuzz_below(9),
	};

	set_xen_guest_handle(setup.frame_list, list);
	if (hc_grant_table_op(GNTTABOP_setup_table, &setup, 1) == 0 &&
	    setup.status == 0 && setup.nr_frames) {
		va_map((void *)MM_WINDOW, pte_make(list[0], PTE_KERNEL));
	}
}

void step_grants(void)
{
	static uint64_t op[3][8];
	uint32_t *words = (uint32_t *)op;
	uint64_t cmd = fuzz_below(13);

	if (fuzz_one_in(6)) {
		grant_entries();
		return;
	}
	for (unsigned int i = 0; i < 3; i++) {
		for (unsigned int j = 0; j < 8; j++) {
			op[i][j] = any_value();
		}
		op[i][0] = fuzz_one_in(4) ? any_entry() : any_va();
	}
	if (cmd == GNTTABOP_map_grant_ref) {
		words[2] = (uint32_t)fuzz_below(64);
		words[3] = (uint32_t)fuzz_below(512);
		*(uint16_t *)&words[4] = any_domain();
	} else if (cmd == GNTTABOP_unmap_grant_ref) {
		words[4] = (uint32_t)fuzz_below(64);
	}
	hc_grant_table_op((uint32_t)cmd, op,
	                  (uint32_t)(fuzz_one_in(4) ? fuzz_below(4) : 1));
}

static void fill(struct xen_memory_reservation *r, xen_pfn_t *list)
{
	for (unsigned int i = 0; i < 4; i++) {
		list[i] = fuzz_one_in(6) ? any_value() : pool_frame();
	}
	set_xen_guest_handle(r->extent_start,
	                     fuzz_one_in(8) ? (xen_pfn_t *)bad_pointer()
	                                    : list);
	r->nr_extents = fuzz_one_in(8) ? any_value() : fuzz_below(5);
	r->extent_order = (uint32_t)(fuzz_one_in(6) ? fuzz_below(64) : 0);
	r->mem_flags = (uint32_t)(fuzz_one_in(6) ? any_value() : 0);
	r->domid = any_domain();
}

void step_memory(void)
{
	static xen_pfn_t in[512], out[512];
	static struct xen_memory_exchange x;
	uint64_t cmd = fuzz_one_in(2) ? fuzz_below(64) : fuzz_below(7);
	long rc;

	memset(&x, 0, sizeof(x));
	fill(&x.in, in);
	fill(&x.out, out);
	switch (cmd) {
	case XENMEM_exchange:
		x.nr_exchanged = fuzz_one_in(4) ? any_value() : 0;
		if (hc_memory_op(XENMEM_exchange, &x) == 0) {
			pool_learn(out[0]);
		}
		break;
	case XENMEM_populate_physmap:
		if (x.in.nr_extents > 4) {
			set_xen_guest_handle(x.in.extent_start, (xen_pfn_t *)8);
		}
		rc = hc_memory_op(XENMEM_populate_physmap, &x.in);
		if (rc > 0) {
			pool_learn(in[0]);
		}
		break;
	case XENMEM_increase_reservation:
		break;
	default:
		hc_memory_op((uint32_t)cmd, fuzz_one_in(2)
		                                    ? (void *)any_arguments(12)
		                                    : (void *)&x.in);
		break;
	}
}
