/* SPDX-License-Identifier: MIT */
/*
 * Finds the shared-memory device on PCI bus 0 by its id and maps its BAR 2.
 */
#include <hv/window.h>

#include <arch/cpu.h>
#include <arch/layout.h>
#include <hv/lib.h>
#include <hv/mm.h>

#define IVSHMEM_ID  0x11101af4 /* device 1110, vendor 1af4 */
#define PCI_ADDRESS 0xcf8
#define PCI_DATA    0xcfc
#define PCI_COMMAND 0x04
#define PCI_BAR2    0x18
#define CMD_MEMORY  0x2
#define BAR_64      0x4
#define WINDOW_MAX  (16UL << 30)

static u32 pci_read(unsigned int dev, unsigned int reg)
{
	outl(PCI_ADDRESS, 0x80000000 | dev << 11 | reg);
	return inl(PCI_DATA);
}

static void pci_write(unsigned int dev, unsigned int reg, u32 v)
{
	outl(PCI_ADDRESS, 0x80000000 | dev << 11 | reg);
	outl(PCI_DATA, v);
}

/* Size of a 64-bit BAR: the lowest bit that can be set (PCI 3.0 6.2.5.1). */
static u64 bar_size(unsigned int dev, u32 lo, u32 hi)
{
	u64 mask;

	pci_write(dev, PCI_BAR2, ~0U);
	pci_write(dev, PCI_BAR2 + 4, ~0U);
	mask = (u64)pci_read(dev, PCI_BAR2 + 4) << 32 |
	       (pci_read(dev, PCI_BAR2) & ~0xfU);
	pci_write(dev, PCI_BAR2, lo);
	pci_write(dev, PCI_BAR2 + 4, hi);
	return mask & -mask;
}

static bool find(u64 *pa, u64 *size)
{
	for (unsigned int dev = 0; dev < 32; dev++) {
		u32 lo, hi;

		if (pci_read(dev, 0) != IVSHMEM_ID) {
			continue;
		}
		lo = pci_read(dev, PCI_BAR2);
		hi = pci_read(dev, PCI_BAR2 + 4);
		if ((lo & BAR_64) == 0) {
			continue;
		}
		*pa = (u64)hi << 32 | (lo & ~0xfU);
		*size = MIN(bar_size(dev, lo, hi), WINDOW_MAX);
		pci_write(dev, PCI_COMMAND,
		          pci_read(dev, PCI_COMMAND) | CMD_MEMORY);
		return *pa != 0;
	}
	return false;
}

u8 *window_map(u64 *size)
{
	static u64 mapped;
	u64 pa;

	if (mapped == 0) {
		if (!find(&pa, &mapped)) {
			return NULL;
		}
		for (u64 off = 0; off < mapped; off += PAGE_SIZE) {
			hv_map(WINDOW_VIRT + off, pa + off, PTE_RW | PTE_NX);
		}
		log_info("trace window of %lu MiB at %#lx", mapped >> 20, pa);
	}
	*size = mapped;
	return (u8 *)WINDOW_VIRT;
}
