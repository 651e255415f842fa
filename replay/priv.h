/* SPDX-License-Identifier: MIT */
/*
 * What the files of the engine share.
 */
#ifndef RR_PRIV_H
#define RR_PRIV_H

#include <rr/session.h>

/** Leaves the running state. */
void rr_stop(struct rr_session *s, enum rr_state state);
/** Replay: something differs from what was recorded. */
void rr_diverge(struct rr_session *s, const char *what, uint64_t expected,
                uint64_t actual);
/** Sets virtual time; reads count from here. 0 changes nothing. */
void rr_clock_set(struct rr_clock *c, uint64_t base_ns);
/** What FINAL says of the registers: as they are now and, by the rolling hash,
 *  at all entries. */
uint64_t rr_final_digest(struct rr_session *s);
/** Folds words into the rolling hash. */
void rr_hash_words(struct rr_session *s, const uint64_t *words,
                   unsigned int nr);
/** True when a periodic digest is due at the present entry; both modes. */
bool rr_sync_due(const struct rr_session *s);
bool rr_slice_due(const struct rr_session *s);
/** Moves the schedule of digests on after one was made or checked. */
void rr_sync_done(struct rr_session *s);
void rr_slice_done(struct rr_session *s);
/** First frame and count of the present slice. */
void rr_slice_range(const struct rr_session *s, uint64_t *first,
                    uint64_t *count);

#endif
