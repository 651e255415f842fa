/* SPDX-License-Identifier: MIT */
/*
 * set_trap_table merges entries up to the first with address 0, a NULL table
 * clears all, addresses must be canonical, and the pointer readable.
 *
 * ABI: xen.h HYPERVISOR_set_trap_table.
 */
#include <guest/test.h>

static unsigned int hits;

static bool on_ud(struct regs *regs)
{
	hits++;
	regs->rip += 2;
	return true;
}

GUEST_TEST(trap_table)
{
	struct trap_info bad[2] = {{VEC_UD, 0, SEL_CS64, 0x0000900000000000}};
	struct trap_info gate[2] = {{0x77, 3, SEL_CS64, trap_stub(0x77)}};

	trap_hook_set(VEC_UD, on_ud);
	check_rc(hc_set_trap_table(bad), -EINVAL, "non-canonical address");
	check_rc(hc_set_trap_table((void *)0x1000), -EFAULT, "bad pointer");
	asm volatile("ud2");
	check_eq(hits, 1, "refused tables leave the old entry");

	check_rc(hc_set_trap_table(gate), 0, "one entry");
	asm volatile("ud2");
	check_eq(hits, 2, "entries are merged");

	check_rc(hc_set_trap_table(NULL), 0, "NULL");
	traps_init();
	asm volatile("ud2");
	check_eq(hits, 3, "registered again");
}
