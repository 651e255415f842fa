/* SPDX-License-Identifier: MIT */
/*
 * Writes of the guest kernel to its L1 tables, with VM assist "writable page
 * tables": mov, xchg and locked forms of every size are carried out as
 * checked updates; entries that mmu_update would refuse fault, and so do
 * writes that are misaligned or cross the page, writes to upper levels, and
 * all writes without the assist.
 *
 * ABI: xen.h VMASST_TYPE_writable_pagetables.
 */
#include <guest/mm.h>
#include <guest/test.h>

static char page[PAGE_SIZE] __page;
static volatile uint64_t *entry;
static uint64_t value;

#define DENIED EXC(VEC_PF, PF_WRITE | PF_PRESENT)

/* What the entry holds, less the bits that the hypervisor adds. */
static uint64_t entry_read(void)
{
	return *entry & ~(PTE_U | PTE_G | BIT(52));
}

static void expect(uint64_t result, uint64_t want, const char *what)
{
	check_eq(result, 0, "%s", what);
	check_eq(entry_read(), want, "entry after %s", what);
}

static void plain(void)
{
	uint64_t old = 0;

	expect(PROBE("movq %0, (%1)", ::"r"(value), "r"(entry)
	             : "memory"),
	       value, "mov");
	expect(PROBE("xchgq %0, (%1)",
	             : "+r"(old)
	             : "r"(entry)
	             : "memory"),
	       0, "xchg");
	check_eq(old & ~(PTE_U | PTE_G | BIT(52)), value, "xchg's result");
	expect(PROBE("movq %0, (%1)", ::"r"(old), "r"(entry)
	             : "memory"),
	       value, "mov of what was read");
	expect(PROBE("movq $0, (%0)", ::"r"(entry) : "memory"), 0, "mov imm");
	*entry = value;
	expect(PROBE("movb $0x61, (%0)", ::"r"(entry)
	             : "memory"),
	       (value & ~0xffUL) | 0x61, "byte mov");
}

static void locked(void)
{
	uint8_t carry = 0;
	uint64_t old;

	*entry = value | PTE_A | PTE_D;
	expect(PROBE("lock andb $0xfd, (%0)", ::"r"(entry)
	             : "memory", "cc"),
	       (value | PTE_A | PTE_D) & ~PTE_W, "lock andb");
	expect(PROBE("lock btrq $5, (%1)\n\tsetc %0",
	             : "+q"(carry)
	             : "r"(entry)
	             : "memory", "cc"),
	       (value | PTE_D) & ~(PTE_W | PTE_A), "lock btr");
	check_eq(carry, 1, "carry of lock btr");
	expect(PROBE("lock btsq %1, (%0)", ::"r"(entry), "r"(5UL)
	             : "memory", "cc"),
	       (value | PTE_D | PTE_A) & ~PTE_W, "lock bts");
	expect(PROBE("lock orb $2, (%0)", ::"r"(entry)
	             : "memory", "cc"),
	       value | PTE_A | PTE_D, "lock orb");
	old = *entry;
	expect(PROBE("lock cmpxchgq %1, (%2)",
	             : "+a"(old)
	             : "r"(value), "r"(entry)
	             : "memory", "cc"),
	       value, "lock cmpxchg");
	old = 0x1234;
	expect(PROBE("lock cmpxchgq %1, (%2)",
	             : "+a"(old)
	             : "r"(0UL), "r"(entry)
	             : "memory", "cc"),
	       value, "lock cmpxchg that fails");
	check_eq(old & ~(PTE_U | PTE_G | BIT(52)), value, "its rax");
}

static void denied(void)
{
	uint64_t table = pte_make(pt_root(), PTE_KERNEL);
	volatile uint64_t *l2e = pt_entry(page, 2);

	check_eq(PROBE("movq %0, (%1)", ::"r"(table), "r"(entry)
	               : "memory"),
	         DENIED, "writable mapping of a table");
	check_eq(PROBE("movq %0, 4(%1)", ::"r"(value), "r"(entry)
	               : "memory"),
	         DENIED, "misaligned mov");
	check_eq(PROBE("movq %0, (%1)", ::"r"(*l2e), "r"(l2e)
	               : "memory"),
	         DENIED, "write to an L2");
	check_eq(entry_read(), value, "entry after refused writes");
	check_rc(hc_vm_assist(VMASST_CMD_disable,
	                      VMASST_TYPE_writable_pagetables),
	         0, "assist off");
	/* Xen emulates for its first domain anyway (read-only MMIO). */
	if (!boot_is_initial()) {
		check_eq(PROBE("movq %0, (%1)", ::"r"(value), "r"(entry)
		               : "memory"),
		         DENIED, "without the assist");
	}
}

GUEST_TEST(pte_emulation)
{
	if (hc_vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables)) {
		test_skip("no VM assist for writable page tables");
		return;
	}
	entry = pt_entry(page, 1);
	value = pte_make(va_to_mfn(page), PTE_P | PTE_W);
	plain();
	locked();
	denied();
	page_make_rw(page);
}
