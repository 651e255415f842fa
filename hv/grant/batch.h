/* SPDX-License-Identifier: MIT */
/*
 * Grant operations come as arrays: hypercall argument 1 is the address of what
 * is left, 2 how many. Each operation is read, carried out and written back
 * with its status before the next is looked at.
 */
#ifndef HV_GRANT_BATCH_H
#define HV_GRANT_BATCH_H

#include <hv/hypercall.h>

/* Carries out one operation and puts its status in it. HC_RESTART: nothing was
 * done, call again. */
typedef long grant_op_fn(struct vcpu *v, void *op);

/** Runs the array with @op as buffer of @size bytes. 0, -XEN_EFAULT, or
 *  HC_RESTART when it was cut. */
long grant_run_batch(struct vcpu *v, struct hc_frame *f, void *op, size_t size,
                     grant_op_fn *fn);

#endif
