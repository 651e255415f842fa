/* SPDX-License-Identifier: MIT */
/*
 * The basic types of the hypervisor.
 *
 * Frames have two names that must never be mixed. A machine frame is always a
 * `struct page *` (hv/page.h). The number by which a guest knows a frame is a
 * plain u64 called gmfn; for an untraced domain it equals the machine frame
 * number, for a traced one it is a number of the domain's own (R6). Only the
 * domain's mmu_ops translate between the two.
 */
#ifndef HV_TYPES_H
#define HV_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096UL
#define PAGE_MASK  (~(PAGE_SIZE - 1))

#define ARRAY_SIZE(a)         (sizeof(a) / sizeof((a)[0]))
#define ROUND_UP(x, a)        (((x) + (a)-1) & ~((__typeof__(x))(a)-1))
#define ROUND_DOWN(x, a)      ((x) & ~((__typeof__(x))(a)-1))
#define MIN(a, b)             ((a) < (b) ? (a) : (b))
#define MAX(a, b)             ((a) > (b) ? (a) : (b))
#define CONTAINER_OF(p, t, m) ((t *)((char *)(p)-offsetof(t, m)))

#define likely(x)      __builtin_expect(!!(x), 1)
#define unlikely(x)    __builtin_expect(!!(x), 0)
/* Called by assembly or by a linked library, which the compiler does not see.
 */
#define __linked       __attribute__((used, externally_visible))
#define __must_check   __attribute__((warn_unused_result))
#define __noreturn     __attribute__((noreturn))
#define __printf(f, a) __attribute__((format(printf, f, a)))
#define __page_aligned __attribute__((aligned(4096)))
#define barrier()      __asm__ volatile("" ::: "memory")
#define static_assert _Static_assert

/** True when @va is canonical for 4-level paging. */
static inline bool is_canonical(u64 va)
{
	return (u64)((s64)(va << 16) >> 16) == va;
}

#endif
