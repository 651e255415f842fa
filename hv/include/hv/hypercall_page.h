/* SPDX-License-Identifier: MIT */
/*
 * The page of call stubs that older guest kernels call instead of issuing
 * `syscall` themselves (XEN_ELFNOTE_HYPERCALL_PAGE, XEN_DOMCTL_hypercall_init).
 */
#ifndef HV_HYPERCALL_PAGE_H
#define HV_HYPERCALL_PAGE_H

/** Writes the stubs into the guest's page at hypervisor address @page. */
void hypercall_page_fill(void *page);

#endif
