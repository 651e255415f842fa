/* SPDX-License-Identifier: MIT */
/*
 * Grant tables of version 1, as far as a domain can use them by itself: it
 * grants its frames to its own domain id and maps or copies them.
 */
#ifndef GUEST_GRANT_H
#define GUEST_GRANT_H

#include <guest/abi.h>

/** Sets version 1 and maps one frame of the table; false when there is none. */
bool grant_init(void);

/** This domain's id, learnt from an event channel. */
domid_t grant_own_domid(void);

/** Fills entry @ref: @mfn for the own domain with extra GTF_* @flags. */
void grant_entry(grant_ref_t ref, uint64_t mfn, unsigned int flags);
void grant_clear(grant_ref_t ref);
unsigned int grant_flags(grant_ref_t ref);

/** A GNTTABOP_map_grant_ref of own entry @ref as host mapping at @va. */
struct gnttab_map_grant_ref grant_map_op(uint64_t va, grant_ref_t ref,
                                         unsigned int flags);

/** GNTTABOP_unmap_grant_ref; returns its status. */
int grant_unmap(grant_handle_t handle, uint64_t va);

#endif /* GUEST_GRANT_H */
