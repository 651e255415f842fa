/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables: set_gdt takes read-only frames and makes their
 * descriptors loadable with DPL 3; update_descriptor checks what it writes;
 * the LDT likewise; system descriptors and frames mapped writable are
 * refused, and frames in use cannot be mapped writable.
 *
 * ABI: xen.h set_gdt, update_descriptor, MMUEXT_SET_LDT.
 */
#include <guest/mm.h>
#include <guest/test.h>

#define DATA_DPL0 0x00cf92000000ffffUL
#define DATA_DPL3 0x00cff2000000ffffUL
#define TSS_DESC  0x0000890000000067UL
#define CALL_GATE 0x00008c0000080000UL

static long load_ds(unsigned int selector)
{
	uint64_t exc = PROBE("movw %w0, %%ds", ::"r"(selector));

	asm volatile("movw %w0, %%ds" ::"r"(0));
	return (long)exc;
}

static uint64_t maddr(void *p)
{
	return (va_to_mfn(p) << PAGE_SHIFT) | (ADDR(p) & ~PAGE_MASK);
}

static void gdt(uint64_t *table)
{
	unsigned long frame = va_to_mfn(table), none = ~0UL >> 12;

	table[2] = DATA_DPL0;
	check_rc(hc_set_gdt(&frame, 512), -EINVAL, "mapped writable");
	page_make_ro(table);
	check_rc(hc_set_gdt(&frame, 7169), -EINVAL, "too many entries");
	check_rc(hc_set_gdt(&none, 512), -EINVAL, "no frame");
	check_rc(hc_set_gdt((void *)8, 512), -EFAULT, "unreadable list");
	check_rc(hc_set_gdt(&frame, 512), 0, "set_gdt");
	check_rc(page_make_rw(table), -EBUSY, "writable while it is the GDT");
	check_eq(table[2] >> 45 & 3, 3, "DPL of a validated descriptor");
	check_rc(load_ds(2 << 3 | 3), 0, "load a data segment");
	check_rc(load_ds(3 << 3 | 3), (long)EXC(VEC_GP, 0x18),
	         "load an empty one");
	check_rc(load_ds(SEL_SS), 0, "load a reserved one");
}

static void update(uint64_t *table)
{
	check_rc(hc_update_descriptor(maddr(&table[3]), DATA_DPL3), 0, "data");
	check_rc(load_ds(3 << 3 | 3), 0, "load it");
	check_rc(hc_update_descriptor(maddr(&table[4]), TSS_DESC), -EINVAL,
	         "a TSS");
	check_eq(table[4], 0, "the TSS is not there");
	check_rc(hc_update_descriptor(maddr(&table[4]) + 4, DATA_DPL3), -EINVAL,
	         "misaligned");
	check_rc(hc_update_descriptor(~7UL, DATA_DPL3), -EINVAL, "no frame");
	check_rc(hc_update_descriptor(pt_maddr(pt_entry(table, 1)), DATA_DPL3),
	         -EINVAL, "in a page table");
	check_rc(hc_update_descriptor(maddr(&table[3]), 0), 0, "clear");
	check_rc(load_ds(3 << 3 | 3), (long)EXC(VEC_GP, 0x18), "load it");
}

static void bad_contents(uint64_t *table)
{
	unsigned long frame = va_to_mfn(table);

	check_rc(hc_set_gdt(NULL, 0), 0, "no GDT");
	check_rc(page_make_rw(table), 0, "writable again");
	table[9] = TSS_DESC;
	page_make_ro(table);
	check_rc(hc_set_gdt(&frame, 16), -EINVAL, "a table with a TSS");
	page_make_rw(table);
	table[9] = 0;
}

static void ldt(uint64_t *table)
{
	table[1] = DATA_DPL3;
	check_rc(mmuext(MMUEXT_SET_LDT, ADDR(table) + 8, 16), -EINVAL,
	         "misaligned");
	check_rc(mmuext(MMUEXT_SET_LDT, ADDR(table), 8193), -EINVAL,
	         "too many entries");
	check_rc(page_make_ro(table), 0, "read-only");
	check_rc(mmuext(MMUEXT_SET_LDT, ADDR(table), 16), 0, "SET_LDT");
	check_rc(load_ds(1 << 3 | 7), 0, "load from the LDT");
	check_rc(load_ds(2 << 3 | 7), (long)EXC(VEC_GP, 0x14),
	         "load an empty one");
	check_rc(load_ds(20 << 3 | 7), (long)EXC(VEC_GP, 0xa4),
	         "load beyond the limit");
	check_rc(page_make_rw(table), -EBUSY, "writable while it is the LDT");
	check_rc(mmuext(MMUEXT_SET_LDT, 0, 0), 0, "no LDT");
	check_rc(page_make_rw(table), 0, "writable again");
	check_rc(load_ds(1 << 3 | 7), (long)EXC(VEC_GP, 0xc), "without LDT");
}

GUEST_TEST(descriptors)
{
	uint64_t *table = page_alloc();

	gdt(table);
	update(table);
	bad_contents(table);
	memset(table, 0, PAGE_SIZE);
	ldt(table);
	page_free(table);
}
