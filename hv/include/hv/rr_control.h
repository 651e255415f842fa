/* SPDX-License-Identifier: MIT */
/*
 * Starting sessions.
 */
#ifndef HV_RR_CONTROL_H
#define HV_RR_CONTROL_H

#include <hv/domain.h>

/** Records @d, created traced and not yet run, into the trace window. 0, or
 *  -XEN_E* after one line of log. */
int rr_record_domain(struct domain *d);

/** Makes a domain from the trace in the window, ready to be unpaused. NULL
 *  after one line of log. */
struct domain *rr_replay_trace(void);

/** The domain goes, and its session with it. */
void rr_release(struct domain *d);

#endif
