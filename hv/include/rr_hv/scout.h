/* SPDX-License-Identifier: MIT */
/*
 * Which place a landing without an instruction clock should have: one that the
 * guest passes rarely, since a replay stops at each pass.
 */
#ifndef RR_HV_SCOUT_H
#define RR_HV_SCOUT_H

#include <hv/rr.h>

/** Record: an event has waited for its bound, and an event that waits for an
 *  entry now would wait too long. True when it should land where the guest
 *  stands; false when the guest is to run on first, and rr_place_arm() stops it
 *  at the place that is tried. Called before the guest runs, until true. */
bool scout_arrives(struct rr_domain *rr);
/** Record: what waited has landed, at an entry or in the middle of code. */
void scout_end(struct rr_domain *rr);

#endif
