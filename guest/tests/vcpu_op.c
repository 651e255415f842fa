/* SPDX-License-Identifier: MIT */
/*
 * vcpu_op: is_up of vCPU 0 and -ENOENT beyond the last; the time area; NMI
 * to self; initialise, up and register errors; unknown operations.
 *
 * ABI: vcpu.h.
 */
#include <guest/event.h>
#include <guest/mm.h>
#include <guest/test.h>
#include <guest/time.h>

static unsigned int nmis;

static bool on_nmi(struct regs *regs)
{
	(void)regs;
	nmis++;
	return true;
}

static void time_area(void)
{
	static struct vcpu_time_info area __page;
	struct vcpu_register_time_memory_area reg = {0};

	reg.addr.v = &area;
	check_rc(hc_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &reg), 0,
	         "register the time area");
	check_eq(area.tsc_to_system_mul, boot_vcpu_info->time.tsc_to_system_mul,
	         "multiplier in the area");
	check(!(area.version & 1), "version %u", area.version);
	reg.addr.v = NULL;
	check_rc(hc_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &reg), 0,
	         "unregister");
}

GUEST_TEST(vcpu_op)
{
	check_rc(hc_vcpu_op(VCPUOP_is_up, 0, NULL), 1, "vCPU 0 is up");
	check_rc(hc_vcpu_op(VCPUOP_is_up, 63, NULL), -ENOENT, "vCPU 63");
	check_rc(hc_vcpu_op(VCPUOP_is_up, 8191, NULL), -ENOENT, "vCPU 8191");
	check_rc(hc_vcpu_op(VCPUOP_is_up, ~0U, NULL), -ENOENT, "vCPU ~0");
	check_rc(hc_vcpu_op(VCPUOP_up, 63, NULL), -ENOENT, "up of none");
	check_rc(hc_vcpu_op(VCPUOP_up, 0, NULL), 0, "up of the running");
	check_rc(hc_vcpu_op(VCPUOP_initialise, 0, (void *)8), -EFAULT,
	         "initialise, unreadable");
	check_rc(hc_vcpu_op(999, 0, NULL), -ENOSYS, "unknown operation");
	check_rc(hc_vcpu_op(999, 9, NULL), -ENOENT, "unknown, on no vCPU");
	time_area();
	trap_hook_set(2, on_nmi);
	check_rc(hc_vcpu_op(VCPUOP_send_nmi, 0, NULL), 0, "send_nmi");
	check_eq(nmis, 1, "NMIs");
}
