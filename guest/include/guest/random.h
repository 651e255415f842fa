/* SPDX-License-Identifier: MIT */
/*
 * A seeded generator of random numbers (xorshift64*): the same seed gives
 * the same sequence on every machine.
 */
#ifndef GUEST_RANDOM_H
#define GUEST_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state;
};

static inline struct random random_seed(uint64_t seed)
{
	return (struct random){seed * 0x9e3779b97f4a7c15 + 0x1234567};
}

static inline uint64_t random_next(struct random *r)
{
	r->state ^= r->state >> 12;
	r->state ^= r->state << 25;
	r->state ^= r->state >> 27;
	return r->state * 0x2545f4914f6cdd1d;
}

/** A number below @limit, which is not 0. */
static inline uint64_t random_below(struct random *r, uint64_t limit)
{
	return (random_next(r) >> 16) % limit;
}

/** True once in @n times on average. */
static inline int random_one_in(struct random *r, uint64_t n)
{
	return random_below(r, n) == 0;
}

#endif /* GUEST_RANDOM_H */
