/* SPDX-License-Identifier: MIT */
/*
 * The machine's memory on the host: the direct map and the frame table lie at
 * addresses that a process may map. The hypervisor's range keeps its real
 * bounds, which are part of the ABI. Stands in for hv/include/arch/layout.h.
 */
#ifndef ARCH_LAYOUT_H
#define ARCH_LAYOUT_H

#include <hv/types.h>

#define HV_RANGE_START 0xffff800000000000
#define HV_RANGE_END   0xffff880000000000

#define FRAMES_VIRT 0x200000000000
#define DIRECT_VIRT 0x300000000000
#define STACK_SIZE  0x8000

static inline void *pa_to_va(u64 pa)
{
	return (void *)(DIRECT_VIRT + pa);
}

static inline u64 va_to_pa(const void *va)
{
	return (u64)va - DIRECT_VIRT;
}

#endif
