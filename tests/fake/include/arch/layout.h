/* SPDX-License-Identifier: MIT */
/*
 * The machine's address space on the host, in place of the hypervisor's own
 * layout.h: the direct map and the frame table lie where a process may map
 * memory. The bounds of the hypervisor's range are ABI and stay.
 */
#ifndef ARCH_LAYOUT_H
#define ARCH_LAYOUT_H

#include <hv/types.h>

#define HV_SLOT_FIRST 256
#define HV_SLOT_LAST  271

#define HV_RANGE_START 0xffff800000000000
#define HV_RANGE_END   0xffff880000000000

#define M2P_VIRT     0xffff800000000000
#define M2P_VIRT_END 0xffff804000000000
#define DESC_VIRT    0xffff820000000000
#define FRAMES_VIRT  0x200000000000
#define DIRECT_VIRT  0x300000000000

#define DESC_WINDOW_SIZE 0x20000
#define DESC_LDT_OFFSET  0x10000
#define STACK_SIZE       0x8000

static inline void *pa_to_va(u64 pa)
{
	return (void *)(DIRECT_VIRT + pa);
}

static inline u64 va_to_pa(const void *va)
{
	return (u64)va - DIRECT_VIRT;
}

static inline bool is_hv_va(u64 va)
{
	return va >= HV_RANGE_START && va < HV_RANGE_END;
}

#endif
