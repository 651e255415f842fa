/* SPDX-License-Identifier: MIT */
/*
 * Places: where a guest stands, told by its state (R2). Used by landings on
 * machines without an instruction clock, and in replays of their traces.
 */
#ifndef RR_HV_PLACE_H
#define RR_HV_PLACE_H

#include <hv/rr.h>

/** Record: false when no place can be taken now: the guest uses all debug
 *  registers, or memory was digested whole too lately; *again_ns is then moved
 *  to when to try again, if that is known. */
bool place_possible(const struct rr_domain *rr, u64 *again_ns);
/** Record: describes where the guest stands, between two instructions, in *p,
 *  whose bytes are good until the next time. */
void place_take(struct rr_domain *rr, struct rr_place *p);
/** Record: from now on PGF_DIRTY tells which frames are written. */
void place_epoch(struct rr_domain *rr, enum rr_epoch kind);
/** Record: an event may soon have to land in the middle of code. */
void place_expect(struct rr_domain *rr);
/** Record: an entry has ended while an epoch is open. */
void place_exit(struct rr_domain *rr);
/** Publishes what lands at *p, where the guest stands. */
void place_land(struct rr_domain *rr, const struct rr_place *p);

#endif
