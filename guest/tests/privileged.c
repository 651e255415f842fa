/* SPDX-License-Identifier: MIT */
/*
 * What only the first domain may ask is refused to any other, without a look
 * at the rest of the arguments: domctl, sysctl, platform_op, and operations
 * on other domains' memory.
 *
 * ABI: domctl.h, sysctl.h, platform.h: -EPERM, or the version check's
 * -EACCES; -ENOSYS where the call is absent.
 */
#include <guest/test.h>

/* The three control structures begin with a command and a version. */
static uint32_t arg[64] __attribute__((aligned(8)));

static void refused(unsigned int nr, uint32_t command, uint32_t version)
{
	long rc;

	arg[0] = command;
	arg[1] = version;
	rc = hypercall(nr, ADDR(arg), 0, 0, 0, 0);
	check(rc == -EPERM || rc == -EACCES || rc == -ENOSYS,
	      "hypercall %u, command %u: %ld", nr, command, rc);
}

GUEST_TEST(privileged)
{
	struct mmu_update none = {0};

	if (boot_is_initial()) {
		test_skip("this is the privileged domain");
		return;
	}
	for (uint32_t command = 0; command < 90; command++) {
		refused(__HYPERVISOR_domctl, command, 0x15);
		refused(__HYPERVISOR_sysctl, command, 0x15);
		refused(__HYPERVISOR_platform_op, command, 0x03000001);
	}
	check(hc_mmu_update(&none, 1, NULL, 0) < 0,
	      "update with the first domain's frames");
	check(hypercall(__HYPERVISOR_update_va_mapping_otherdomain, VIRT_BASE,
	                0, 0, 0, 0) < 0,
	      "update_va_mapping of the first domain's frame");
}
