/* SPDX-License-Identifier: MIT */
/*
 * Arrays of grant operations (batch.h).
 */
#include "batch.h"

#include <mm/table.h>

/* Operations that one call carries out before it is cut (R11). */
#define BATCH 64

long grant_run_batch(struct vcpu *v, struct hc_frame *f, void *op, size_t size,
                     grant_op_fn *fn)
{
	if (mm_begin(v->domain) != 0) {
		return HC_RESTART;
	}
	f->args[2] = (u32)f->args[2];
	for (unsigned int i = 0; f->args[2] > 0; i++) {
		if (i == BATCH) {
			return HC_RESTART;
		}
		if (hc_read(f, op, f->args[1], size) != 0) {
			return -XEN_EFAULT;
		}
		if (fn(v, op) == HC_RESTART) {
			return HC_RESTART;
		}
		if (hc_write(f, f->args[1], op, size) != 0) {
			return -XEN_EFAULT;
		}
		f->args[1] += size;
		f->args[2]--;
	}
	return 0;
}
