/* SPDX-License-Identifier: MIT */
#include <guest/event.h>
#include <guest/grant.h>
#include <guest/hypercall.h>
#include <guest/mm.h>
#include <guest/test.h>

/* Page of the window that shows the first frame of the table. */
#define TABLE_WINDOW 200

static volatile struct grant_entry_v1 *table;

bool grant_init(void)
{
	struct gnttab_set_version version = {.version = 1};
	xen_pfn_t frame = 0;
	struct gnttab_setup_table setup = {.dom = DOMID_SELF, .nr_frames = 1};

	if (table) {
		return true;
	}
	set_xen_guest_handle(setup.frame_list, &frame);
	if (hc_grant_table_op(GNTTABOP_set_version, &version, 1) ||
	    hc_grant_table_op(GNTTABOP_setup_table, &setup, 1) ||
	    setup.status != GNTST_okay) {
		return false;
	}
	table = window_map(TABLE_WINDOW, pte_make(frame, PTE_KERNEL));
	return true;
}

domid_t grant_own_domid(void)
{
	long port = port_alloc_unbound(DOMID_SELF, DOMID_SELF);
	struct evtchn_status st;

	if (port < 0 || port_status((evtchn_port_t)port, &st)) {
		test_error("own domain id unknown");
	}
	port_close((evtchn_port_t)port);
	return st.u.unbound.dom;
}

void grant_entry(grant_ref_t ref, uint64_t mfn, unsigned int flags)
{
	table[ref].flags = 0;
	table[ref].domid = grant_own_domid();
	table[ref].frame = (uint32_t)mfn;
	barrier();
	table[ref].flags = (uint16_t)(GTF_permit_access | flags);
}

void grant_clear(grant_ref_t ref)
{
	table[ref].flags = 0;
}

unsigned int grant_flags(grant_ref_t ref)
{
	return table[ref].flags;
}

struct gnttab_map_grant_ref grant_map_op(uint64_t va, grant_ref_t ref,
                                         unsigned int flags)
{
	return (struct gnttab_map_grant_ref){
		.host_addr = va,
		.flags = GNTMAP_host_map | flags,
		.ref = ref,
		.dom = grant_own_domid(),
	};
}

int grant_unmap(grant_handle_t handle, uint64_t va)
{
	struct gnttab_unmap_grant_ref op = {.host_addr = va, .handle = handle};

	if (hc_grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1)) {
		return GNTST_general_error;
	}
	return op.status;
}
