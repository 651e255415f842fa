/* SPDX-License-Identifier: MIT */
/*
 * How the dispatcher finds a row of hypercalls.def.
 */
#ifndef HYPERCALL_TABLE_H
#define HYPERCALL_TABLE_H

#include <hv/hypercall.h>

/* Where the sub-op of a hypercall is. */
enum hc_sub {
	HC_SUB_ABSENT,
	HC_SUB_NONE,
	HC_SUB_ARG0,
	HC_SUB_MEMOP, /* argument 0, low 6 bits; the rest is a start index */
	HC_SUB_FIELD, /* first u32 of the struct that argument 0 points to */
};

enum hc_sub hypercall_sub_kind(u32 nr);

#endif
