/* SPDX-License-Identifier: MIT */
/* clang-format off */
/*
 * The hypervisor's half of the address space: L4 slots 256 to 271, which the
 * ABI reserves for it (xen.h, HYPERVISOR_VIRT_START). All slots but M2P are the
 * same in every page table; the CPU reaches them in ring 0 only.
 *
 *   slot  from                 size     what                             rights
 *   256   0xffff800000000000   256 GiB  M2P, one u64 a frame             user RO
 *   260   0xffff820000000000   512 GiB  descriptor windows, 128 KiB a
 *                                       vCPU: its GDT, then its LDT      RW NX
 *   260   0xffff820010000000   4 KiB    the IDT                          RW NX
 *   261   0xffff828000000000   1 GiB    hypervisor image, linked at
 *                                       +1 MiB as loaded                 RX|RO|RW
 *   261   0xffff828040000000   1 GiB    device windows (local APIC ...)  RW NX
 *   261   0xffff828080000000   128 GiB  frame table (struct page)        RW NX
 *   261   0xffff82a080000000   ..       stacks, each above a hole        RW NX
 *   261   0xffff82b000000000   16 GiB   trace window (hv/window.h)       RW NX
 *   262.. 0xffff830000000000   5 TiB    all physical memory              RW NX
 */
/* clang-format on */
#ifndef ARCH_LAYOUT_H
#define ARCH_LAYOUT_H

#define HV_SLOT_FIRST 256
#define HV_SLOT_LAST  271

#define HV_RANGE_START 0xffff800000000000
#define HV_RANGE_END   0xffff880000000000

#define M2P_VIRT     0xffff800000000000
#define M2P_VIRT_END 0xffff804000000000
#define DESC_VIRT    0xffff820000000000
#define IDT_VIRT     0xffff820010000000
#define IMAGE_VIRT   0xffff828000000000
#define IMAGE_PHYS   0x100000
#define DEVICE_VIRT  0xffff828040000000
#define FRAMES_VIRT  0xffff828080000000
#define STACKS_VIRT  0xffff82a080000000
#define WINDOW_VIRT  0xffff82b000000000
#define DIRECT_VIRT  0xffff830000000000
#define DIRECT_SIZE  0x50000000000

/* One vCPU's descriptor window: a 64 KiB GDT and a 64 KiB LDT. */
#define DESC_WINDOW_SIZE 0x20000
#define DESC_LDT_OFFSET  0x10000

#define STACK_SIZE 0x8000

#ifndef __ASSEMBLY__
#include <hv/types.h>

/** The address at which the hypervisor sees physical address @pa. */
static inline void *pa_to_va(u64 pa)
{
	return (void *)(DIRECT_VIRT + pa);
}

/** The physical address behind a direct-map or image address. */
static inline u64 va_to_pa(const void *va)
{
	u64 a = (u64)va;

	return a >= DIRECT_VIRT ? a - DIRECT_VIRT : a - IMAGE_VIRT;
}

/** True when @va lies in the range that belongs to the hypervisor. */
static inline bool is_hv_va(u64 va)
{
	return va >= HV_RANGE_START && va < HV_RANGE_END;
}
#endif

#endif
