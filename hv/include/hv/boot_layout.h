/* SPDX-License-Identifier: MIT */
/*
 * Where everything lies in a new domain's memory: arithmetic alone, on the
 * domain's own frame numbers (pfn 0 to nr_pages - 1).
 *
 * Frames 0 to end_pfn - 1 are the bootstrap mapping: frame n is mapped at
 * virt_base + n * 4096. Their order and the padding are those which xen.h's
 * "start-of-day memory layout" lays down. Behind them, unmapped there, may lie
 * the initrd and the frame list with the tables that map it (elfnote.h,
 * XEN_ELFNOTE_MOD_START_PFN, XEN_ELFNOTE_INIT_P2M).
 */
#ifndef HV_BOOT_LAYOUT_H
#define HV_BOOT_LAYOUT_H

#include <hv/types.h>

struct boot_layout_request {
	u64 virt_base;  /* address of frame 0 */
	u64 kernel_end; /* bytes from frame 0 to the kernel's end */
	u64 nr_pages;   /* all of the domain's memory */
	u64 initrd_size;
	bool initrd_unmapped; /* by frame number, behind the mapping */
	bool p2m_apart;       /* at p2m_va instead of inside the mapping */
	u64 p2m_va;
	bool console; /* a console page is wanted */
};

struct boot_layout {
	u64 virt_base;
	u64 nr_pages;
	u64 kernel_end_pfn;
	u64 initrd_pfn, nr_initrd;
	bool initrd_unmapped;
	u64 p2m_pfn, nr_p2m;
	bool p2m_apart;
	u64 p2m_va;
	u64 p2m_tables_pfn, nr_p2m_tables;
	u64 start_info_pfn;
	u64 console_pfn;           /* 0: none */
	u64 tables_pfn, nr_tables; /* the L4 first */
	u64 stack_pfn;
	u64 end_pfn;
};

/** Lays @r out. 0, or -XEN_EINVAL after one line of log that names what does
 *  not fit and how much memory would do. A p2m_va that would share tables with
 *  the mapping is not honoured: the list then lies inside it. */
int boot_layout_plan(struct boot_layout *l,
                     const struct boot_layout_request *r);

/** Address of frame @pfn in the bootstrap mapping. */
static inline u64 boot_layout_va(const struct boot_layout *l, u64 pfn)
{
	return l->virt_base + (pfn << PAGE_SHIFT);
}

#endif
