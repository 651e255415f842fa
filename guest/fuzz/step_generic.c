/* SPDX-License-Identifier: MIT */
/* Any hypercall number with arguments that know nothing of each other. */
#include "fuzz.h"

#include <guest/boot.h>
#include <guest/hypercall.h>
#include <xen/xen.h>

/* Calls that let the first domain of a machine change the machine. */
static bool is_machine_control(uint64_t nr)
{
	switch (nr) {
	case __HYPERVISOR_platform_op:
	case __HYPERVISOR_physdev_op_compat:
	case __HYPERVISOR_physdev_op:
	case __HYPERVISOR_xsm_op:
	case __HYPERVISOR_xenoprof_op:
	case __HYPERVISOR_sysctl:
	case __HYPERVISOR_domctl:
	case __HYPERVISOR_kexec_op:
	case __HYPERVISOR_hypfs_op:
	case __HYPERVISOR_xenpmu_op:
	case __HYPERVISOR_arch_0:
		return true;
	default:
		return false;
	}
}

/* Calls that would end or stop this guest, or read a list from memory that
 * could tell them to. Their near-valid steps cover them. */
static bool is_suicide(uint64_t nr, uint64_t command)
{
	switch ((uint32_t)nr) {
	case __HYPERVISOR_iret:
	case __HYPERVISOR_multicall:
	case __HYPERVISOR_mmuext_op:
		return true;
	case __HYPERVISOR_sched_op:
	case __HYPERVISOR_sched_op_compat:
		return (uint32_t)command != SCHEDOP_yield &&
		       (uint32_t)command < 8;
	case __HYPERVISOR_vcpu_op:
		return (uint32_t)command == VCPUOP_down;
	case __HYPERVISOR_console_io:
		return (uint32_t)command == CONSOLEIO_write;
	default:
		return false;
	}
}

/* Calls that decide where the next exception or event goes. */
static bool is_entry_change(uint64_t nr)
{
	switch ((uint32_t)nr) {
	case __HYPERVISOR_set_trap_table:
	case __HYPERVISOR_set_callbacks:
	case __HYPERVISOR_nmi_op:
	case __HYPERVISOR_callback_op:
		return true;
	default:
		return false;
	}
}

void step_generic(void)
{
	uint64_t nr = fuzz_one_in(20) ? any_value() : fuzz_below(56);
	uint64_t a[5];

	for (unsigned int i = 0; i < ARRAY_LEN(a); i++) {
		a[i] = any_value();
	}
	if (fuzz_one_in(2)) {
		a[0] = any_small();
	}
	if (fuzz_one_in(2)) {
		a[1] = ADDR(any_arguments(8));
	}
	if (is_suicide(nr, a[0]) ||
	    (boot_is_initial() && is_machine_control(nr))) {
		return;
	}
	hypercall(nr, a[0], a[1], a[2], a[3], a[4]);
	if (is_entry_change(nr)) {
		guard_repair();
	}
}
