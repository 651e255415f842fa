/* SPDX-License-Identifier: MIT */
/* Multicalls of harmless and of refused entries, also nested ones. */
#include "fuzz.h"

#include <guest/boot.h>
#include <guest/hypercall.h>
#include <guest/mm.h>

static struct multicall_entry calls[24];

static void entry(struct multicall_entry *c)
{
	static const uint64_t ops[] = {
		__HYPERVISOR_update_va_mapping, __HYPERVISOR_xen_version,
		__HYPERVISOR_fpu_taskswitch,    __HYPERVISOR_update_descriptor,
		__HYPERVISOR_set_segment_base,  __HYPERVISOR_set_debugreg,
		__HYPERVISOR_multicall,         __HYPERVISOR_stack_switch,
		__HYPERVISOR_vm_assist,         9999,
	};

	c->op = ops[fuzz_below(ARRAY_LEN(ops))];
	for (unsigned int i = 0; i < ARRAY_LEN(c->args); i++) {
		c->args[i] = any_value();
	}
	if (c->op == __HYPERVISOR_update_va_mapping) {
		c->args[0] = any_va();
		c->args[1] = any_pte();
		c->args[2] = fuzz_below(8);
	} else if (c->op == __HYPERVISOR_multicall) {
		c->args[0] = fuzz_one_in(2) ? ADDR(calls) : bad_pointer();
		c->args[1] = fuzz_below(4);
	} else if (c->op == __HYPERVISOR_xen_version) {
		c->args[0] = fuzz_below(12);
	}
}

void step_multicall(void)
{
	unsigned int n = (unsigned int)fuzz_below(ARRAY_LEN(calls)) + 1;

	if (fuzz_one_in(10)) {
		hc_multicall((void *)bad_pointer(), (unsigned int)any_small());
		return;
	}
	for (unsigned int i = 0; i < n; i++) {
		entry(&calls[i]);
	}
	hc_multicall(calls, n);
	hc_set_debugreg(7, 0);
}
