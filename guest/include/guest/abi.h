/* SPDX-License-Identifier: MIT */
/*
 * The Xen ABI as every guest source sees it.
 *
 * Pins the interface version before the first of Xen's public headers is
 * read, so that structures have one layout across the library and the tests,
 * and adds the few architecture constants that those headers leave out.
 */
#ifndef GUEST_ABI_H
#define GUEST_ABI_H

#define __XEN_INTERFACE_VERSION__ 0x00040e00

#ifndef __ASSEMBLY__
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

#include <xen/xen.h>

#ifndef __ASSEMBLY__

#include <xen/callback.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

/** The ABI's error numbers, positive; hypercalls return them negated. */
enum abi_errno {
	EPERM = 1,
	ENOENT = 2,
	ESRCH = 3,
	ENXIO = 6,
	E2BIG = 7,
	ENOMEM = 12,
	EACCES = 13,
	EFAULT = 14,
	EBUSY = 16,
	EEXIST = 17,
	EXDEV = 18,
	ENODEV = 19,
	EINVAL = 22,
	ENOSPC = 28,
	ERANGE = 34,
	ENOSYS = 38,
	EOVERFLOW = 75,
	EOPNOTSUPP = 95,
	ETIME = 62,
};

/** Xen's negative errors as they come back from a hypercall. */
#define IS_ERROR(rc) ((unsigned long)(rc) >= (unsigned long)-4095)

#define barrier()    asm volatile("" ::: "memory")
#define PAGE_SHIFT   12
#define PAGE_SIZE    4096UL
#define PAGE_MASK    (~(PAGE_SIZE - 1))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n)       (1UL << (n))
#define __page       __attribute__((aligned(4096)))

#endif /* !__ASSEMBLY__ */

#define SEL_CS64 0xe033
#define SEL_CS32 0xe023
#define SEL_SS   0xe02b

/* The virtual address of pseudo-physical frame 0, and of the M2P table. */
#define VIRT_BASE 0xffffffff80000000
#define M2P_BASE  0xffff800000000000

#define FLAG_CF   0x001
#define FLAG_ZF   0x040
#define FLAG_TF   0x100
#define FLAG_IF   0x200
#define FLAG_DF   0x400
#define FLAG_OF   0x800
#define FLAG_IOPL 0x3000
#define FLAG_NT   0x4000
#define FLAG_RF   0x10000
#define FLAG_AC   0x40000

#endif /* GUEST_ABI_H */
