/* SPDX-License-Identifier: MIT */
/*
 * The trace window: shared memory that the host keeps in a file. QEMU offers
 * it as the PCI device ivshmem-plain (docs/specs/ivshmem-spec: BAR 2).
 */
#ifndef HV_WINDOW_H
#define HV_WINDOW_H

#include <hv/types.h>

/** Finds and maps the window; NULL when the machine has none. *size in bytes.
 *  The second call answers the same. */
u8 *window_map(u64 *size);

#endif
