/* SPDX-License-Identifier: MIT */
/*
 * Names of hypercalls, their sub-operations and their arguments, from Xen's
 * public headers, for people who read traces.
 */
#ifndef CHV_CALLNAMES_H
#define CHV_CALLNAMES_H

#include <stddef.h>
#include <stdint.h>

struct chv_call_name {
	uint32_t nr;
	const char *name;
	const char *args[6]; /* NULL-terminated when fewer. */
};

/** The hypercall number @nr, or NULL when it has no name. */
const struct chv_call_name *chv_call_find(uint32_t nr);

/** The number of the hypercall called @name, or -1. */
int64_t chv_call_number(const char *name);

/** The name of sub-operation @subop of hypercall @nr, or NULL. */
const char *chv_subop_name(uint32_t nr, uint32_t subop);

/** What is recorded as the sub-operation of a call that has none. */
#define CHV_NO_SUBOP UINT32_MAX

/** Whether filters may ask for it: see mistaken() in <chv/filter.h>. */
const char *chv_call_mistaken(const char *name);
const char *chv_subop_mistaken(const char *name);

/** "mmu_update", or "hypercall#99", into @buf. Returns @buf. */
char *chv_call_text(uint32_t nr, char *buf, size_t size);

#endif
