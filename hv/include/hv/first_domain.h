/* SPDX-License-Identifier: MIT */
/*
 * The steps of building the first domain; boot/first_domain.c is their
 * order.
 */
#ifndef HV_FIRST_DOMAIN_H
#define HV_FIRST_DOMAIN_H

#include <hv/builder.h>

/** How many frames the first domain gets when @free_pages are free: by boot
 *  option (`mem`, for a control domain `dom0_mem`), else a default that leaves
 *  room for the hypervisor. 0 when the option asks for too many, logged. */
u64 first_domain_pages(bool dom0less, u64 free_pages);

/** Makes the filled memory of @b a domain about to execute @entry: its
 *  start_info, its tables pinned and its first vCPU's registers. 0 or
 *  -XEN_E*, logged. boot/first_vcpu.c */
int first_domain_start(struct builder *b, u64 entry, u64 initrd_size,
                       const char *cmdline);

/** Destroys a domain that never ran. */
void first_domain_discard(struct domain *d);

#endif
