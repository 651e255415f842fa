/* SPDX-License-Identifier: MIT */
/*
 * A position in a domain's execution: after its n-th entry into the
 * hypervisor, and `offset` instructions later. Offset 0 is the exit of the
 * entry itself.
 */
#ifndef RR_POSITION_H
#define RR_POSITION_H

#include <stdbool.h>
#include <stdint.h>

struct rr_position {
	uint64_t entry;
	uint64_t offset;
};

/** Negative, 0 or positive as @a is before, at or after @b. */
static inline int rr_position_compare(struct rr_position a,
                                      struct rr_position b)
{
	if (a.entry != b.entry) {
		return a.entry < b.entry ? -1 : 1;
	}
	if (a.offset != b.offset) {
		return a.offset < b.offset ? -1 : 1;
	}
	return 0;
}

#endif
