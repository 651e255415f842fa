/* SPDX-License-Identifier: MIT */
/*
 * The dispatcher's inside, for multicall.
 */
#ifndef HYPERCALL_DISPATCH_H
#define HYPERCALL_DISPATCH_H

#include <hv/hypercall.h>

/** Runs the call that @f describes (nr, args) and returns its result, or
 *  HC_RESTART with @f's args rewritten. */
long hypercall_run(struct vcpu *v, struct hc_frame *f);

/** Any row of hypercall @nr; NULL when it has none. */
const struct hc_row *hypercall_first_row(u32 nr);

#endif
