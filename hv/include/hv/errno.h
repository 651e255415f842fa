/* SPDX-License-Identifier: MIT */
/*
 * Error numbers: the ABI's (xen/errno.h, XEN_E*), and the one that stays
 * inside the hypervisor.
 */
#ifndef HV_ERRNO_H
#define HV_ERRNO_H

#include <xen/errno.h>

/* A bounded part is done, call again for the rest. Never seen by a guest. */
#define XEN_ERESTART 85

#endif
