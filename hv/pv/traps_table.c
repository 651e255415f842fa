/* SPDX-License-Identifier: MIT */
/*
 * The virtual IDT: HYPERVISOR_set_trap_table merges an array of trap_info,
 * ended by an entry with address 0, into the vCPU's table; a NULL array
 * clears the table. Entries are read one by one, since nothing behind the
 * last need be mapped, and at most a table full per call (R11).
 */
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/traps.h>

#define FLAG_DPL  3
#define FLAG_MASK 4

static void set_entry(struct vcpu *v, const struct trap_info *t)
{
	v->s.traps[t->vector] = (struct guest_trap){
		.address = t->address,
		.dpl = t->flags & FLAG_DPL,
		.mask_events = (t->flags & FLAG_MASK) != 0,
	};
}

long hc_set_trap_table(struct vcpu *v, struct hc_frame *f)
{
	u64 *va = &f->args[0];

	if (*va == 0) {
		memset(v->s.traps, 0, sizeof(v->s.traps));
		return 0;
	}
	for (unsigned int i = 0; i < NR_TRAPS; i++) {
		struct trap_info t;

		if (hc_read(f, &t, *va, sizeof(t)) != 0) {
			return -XEN_EFAULT;
		}
		if (t.address == 0) {
			return 0;
		}
		if (!is_canonical(t.address)) {
			return -XEN_EINVAL;
		}
		set_entry(v, &t);
		*va += sizeof(t);
	}
	return HC_RESTART;
}
