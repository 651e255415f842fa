/* SPDX-License-Identifier: MIT */
/*
 * The compact form of hypercalls in the history stream. Writer and reader keep
 * the same model of what was called lately; a call is written as its difference
 * from what the model expects, and one that is wholly expected is one byte.
 * The invariant: encode and decode only look at the model, apply alone changes
 * it, and it does so from values that both sides have.
 * Spec: docs/trace-format.md, section 8.
 */
#include "priv.h"

/* The first byte of a call. */
#define LEAD          0x80u
#define LEAD_SLOT     0x40u /* a slot number follows */
#define LEAD_DISTANCE 0x20u /* the distance follows */
#define LEAD_RESULT   0x10u /* the result follows */
#define LEAD_MASK     0x08u /* a mask of the arguments that follow, follows */
#define LEAD_ONE      0x07u /* 0: no argument follows; n: argument n-1 does */

#define SLOT_DEFINE TF_CALL_SLOTS
#define NO_SLOT     0xffu

/* The two low bits of an argument's token. */
#define TOKEN_REF   0u /* the n-th newest of the recent values, or RAW */
#define TOKEN_BYTES 1u /* difference to the last value */
#define TOKEN_PAGES 2u /* the same, in pages */
#define TOKEN_RAW   (31u << 2 | TOKEN_REF)
#define MAX_REFS    31u

/* A difference whose token would be no shorter than the value is sent raw. */
#define DELTA_LIMIT (1ull << 54)

void tf_calls_reset(struct tf_calls *m)
{
	tf_memset(m, 0, sizeof(*m));
}

static uint8_t expected_slot(const struct tf_calls *m)
{
	uint8_t slot = m->next[m->before][m->last];

	return slot < m->nr_slots ? slot : NO_SLOT;
}

static bool slot_matches(const struct tf_call_slot *s, const struct tf_call *c)
{
	return s->nr == c->nr && s->subop == c->subop && s->flags == c->flags;
}

/* The slot of @c; most often it is the one expected. */
static uint8_t find_slot(const struct tf_calls *m, const struct tf_call *c)
{
	uint8_t i = expected_slot(m);

	if (i != NO_SLOT && slot_matches(&m->slot[i], c)) {
		return i;
	}
	for (i = 0; i < m->nr_slots; i++) {
		if (slot_matches(&m->slot[i], c)) {
			return i;
		}
	}
	return NO_SLOT;
}

/* The slot that a definition takes: a free one, else they take turns. */
static uint8_t slot_to_define(const struct tf_calls *m)
{
	return m->nr_slots < TF_CALL_SLOTS ? m->nr_slots : m->victim;
}

/* What a slot expects before its first call. */
static void fresh_slot(struct tf_call_slot *s, const struct tf_call *c)
{
	tf_memset(s, 0, sizeof(*s));
	s->nr = c->nr;
	s->subop = c->subop;
	s->flags = c->flags;
	s->distance = c->flags & TF_CALL_MULTI ? 0 : 1;
}

/* Value that was inserted `age` insertions ago; 0 is the newest. */
static uint64_t recent(const struct tf_calls *m, uint32_t age)
{
	return m->recent[(m->nr_recent - 1 - age) % TF_CALL_RECENT];
}

static uint32_t recent_count(const struct tf_calls *m)
{
	return m->nr_recent < MAX_REFS ? m->nr_recent : MAX_REFS;
}

/* ---- encoding ---------------------------------------------------------------
 */

static uint8_t *put_arg(const struct tf_calls *m, uint8_t *p, uint64_t last,
                        uint64_t value, bool *fresh)
{
	uint32_t count = recent_count(m);
	int64_t delta = (int64_t)(value - last);
	uint32_t age;

	*fresh = false;
	for (age = 0; age < count; age++) {
		if (recent(m, age) == value) {
			return tf_varint_put(p, (uint64_t)age << 2 | TOKEN_REF);
		}
	}
	*fresh = true;
	if (delta % TF_PAGE_SIZE == 0) {
		return tf_varint_put(p, tf_zigzag(delta / TF_PAGE_SIZE) << 2 |
		                                TOKEN_PAGES);
	}
	if (tf_zigzag(delta) < DELTA_LIMIT) {
		return tf_varint_put(p, tf_zigzag(delta) << 2 | TOKEN_BYTES);
	}
	p = tf_varint_put(p, TOKEN_RAW);
	return tf_store(p, &value, 8);
}

static uint8_t *put_args(const struct tf_calls *m, uint8_t *p,
                         const struct tf_call_slot *s,
                         struct tf_call_step *step)
{
	uint8_t left;

	step->fresh = 0;
	for (left = step->mask; left != 0; left &= (uint8_t)(left - 1)) {
		unsigned int i = (unsigned int)__builtin_ctz(left);
		bool fresh;

		p = put_arg(m, p, s->last[i], step->call.args[i], &fresh);
		if (fresh) {
			step->fresh |= (uint8_t)(1u << i);
		}
	}
	return p;
}

static uint8_t unexpected_args(const struct tf_call_slot *s,
                               const struct tf_call *c)
{
	uint8_t mask = 0;
	unsigned int i;

	for (i = 0; i < TF_NR_ARGS; i++) {
		if (c->args[i] != s->last[i] + s->stride[i]) {
			mask |= (uint8_t)(1u << i);
		}
	}
	return mask;
}

/* The bits of the first byte that say which arguments follow. */
static uint8_t mask_bits(uint8_t mask)
{
	if (mask == 0) {
		return 0;
	}
	if (mask & (mask - 1)) {
		return LEAD_MASK;
	}
	return (uint8_t)(__builtin_ctz(mask) + 1);
}

static uint8_t *put_slot(uint8_t *p, const struct tf_call_step *step)
{
	if (!step->define) {
		*p++ = step->slot;
		return p;
	}
	*p++ = SLOT_DEFINE;
	p = tf_varint_put(p, step->call.nr);
	p = tf_varint_put(p, step->call.subop);
	*p++ = step->call.flags;
	return p;
}

uint32_t tf_call_encode(const struct tf_calls *m, struct tf_call_step *step,
                        uint8_t out[TF_CALL_MAX])
{
	const struct tf_call *c = &step->call;
	struct tf_call_slot fresh;
	const struct tf_call_slot *s = &fresh;
	uint8_t lead = LEAD;
	uint8_t *p = out + 1;

	step->slot = find_slot(m, c);
	step->define = step->slot == NO_SLOT;
	if (step->define) {
		step->slot = slot_to_define(m);
		fresh_slot(&fresh, c);
	} else {
		s = &m->slot[step->slot];
	}
	if (step->define || step->slot != expected_slot(m)) {
		lead |= LEAD_SLOT;
		p = put_slot(p, step);
	}
	if (step->distance != s->distance) {
		lead |= LEAD_DISTANCE;
		p = tf_varint_put(p, step->distance);
	}
	if (c->result != s->result) {
		lead |= LEAD_RESULT;
		p = tf_varint_put(p, tf_zigzag(c->result));
	}
	step->mask = unexpected_args(s, c);
	lead |= mask_bits(step->mask);
	if (lead & LEAD_MASK) {
		*p++ = step->mask;
	}
	p = put_args(m, p, s, step);
	out[0] = lead;
	return (uint32_t)(p - out);
}

/* ---- decoding ---------------------------------------------------------------
 */

static int get_byte(const uint8_t **p, const uint8_t *end, uint8_t *value)
{
	if (*p == end) {
		return -TF_ERECORD;
	}
	*value = *(*p)++;
	return 0;
}

static int get_u32(const uint8_t **p, const uint8_t *end, uint32_t *value)
{
	uint64_t wide;
	int error = tf_varint_get(p, end, &wide);

	if (error || wide > UINT32_MAX) {
		return -TF_EVARINT;
	}
	*value = (uint32_t)wide;
	return 0;
}

static int get_definition(const uint8_t **p, const uint8_t *end,
                          struct tf_call *c)
{
	int error = get_u32(p, end, &c->nr);

	if (!error) {
		error = get_u32(p, end, &c->subop);
	}
	if (!error) {
		error = get_byte(p, end, &c->flags);
	}
	return error;
}

static int get_slot(const struct tf_calls *m, const uint8_t **p,
                    const uint8_t *end, uint8_t lead, struct tf_call_step *step)
{
	uint8_t slot = expected_slot(m);
	int error = 0;

	if (lead & LEAD_SLOT) {
		error = get_byte(p, end, &slot);
	}
	if (error) {
		return error;
	}
	step->define = (lead & LEAD_SLOT) && slot == SLOT_DEFINE;
	if (step->define) {
		step->slot = slot_to_define(m);
		return get_definition(p, end, &step->call);
	}
	if (slot >= m->nr_slots) {
		return -TF_ERECORD;
	}
	step->slot = slot;
	step->call.nr = m->slot[slot].nr;
	step->call.subop = m->slot[slot].subop;
	step->call.flags = m->slot[slot].flags;
	return 0;
}

static int get_raw(const uint8_t **p, const uint8_t *end, uint64_t *value)
{
	if (end - *p < 8) {
		return -TF_ERECORD;
	}
	*value = tf_load64(*p);
	*p += 8;
	return 0;
}

static int get_arg(const struct tf_calls *m, const uint8_t **p,
                   const uint8_t *end, uint64_t *value, bool *fresh)
{
	uint64_t token;
	uint64_t delta;
	int error = tf_varint_get(p, end, &token);

	if (error) {
		return error;
	}
	*fresh = true;
	delta = (uint64_t)tf_unzigzag(token >> 2);
	switch (token & 3) {
	case TOKEN_BYTES:
		*value += delta;
		return 0;
	case TOKEN_PAGES:
		*value += delta * TF_PAGE_SIZE;
		return 0;
	case TOKEN_REF:
		if (token == TOKEN_RAW) {
			return get_raw(p, end, value);
		}
		if (token >> 2 >= recent_count(m)) {
			return -TF_ERECORD;
		}
		*value = recent(m, (uint32_t)(token >> 2));
		*fresh = false;
		return 0;
	default:
		return -TF_ERECORD;
	}
}

static int get_mask(const uint8_t **p, const uint8_t *end, uint8_t lead,
                    uint8_t *mask)
{
	uint8_t one = lead & LEAD_ONE;
	int error;

	if (!(lead & LEAD_MASK)) {
		*mask = one ? (uint8_t)(1u << (one - 1)) : 0;
		return one > TF_NR_ARGS ? -TF_ERECORD : 0;
	}
	error = get_byte(p, end, mask);
	if (!error && (one || *mask == 0 || *mask >> TF_NR_ARGS)) {
		error = -TF_ERECORD;
	}
	return error;
}

static int get_args(const struct tf_calls *m, const uint8_t **p,
                    const uint8_t *end, const struct tf_call_slot *s,
                    uint8_t lead, struct tf_call_step *step)
{
	unsigned int i;
	int error = get_mask(p, end, lead, &step->mask);

	step->fresh = 0;
	for (i = 0; i < TF_NR_ARGS && !error; i++) {
		uint64_t value = s->last[i];
		bool fresh = false;

		if (step->mask & (1u << i)) {
			error = get_arg(m, p, end, &value, &fresh);
		} else {
			value += s->stride[i];
		}
		step->call.args[i] = value;
		if (fresh) {
			step->fresh |= (uint8_t)(1u << i);
		}
	}
	return error;
}

int tf_call_decode(const struct tf_calls *m, const uint8_t **p,
                   const uint8_t *end, struct tf_call_step *step)
{
	struct tf_call_slot fresh;
	const struct tf_call_slot *s = &fresh;
	uint64_t result;
	uint8_t lead = *(*p)++;
	int error;

	tf_memset(step, 0, sizeof(*step));
	error = get_slot(m, p, end, lead, step);
	if (error) {
		return error;
	}
	if (step->define) {
		fresh_slot(&fresh, &step->call);
	} else {
		s = &m->slot[step->slot];
	}
	step->distance = s->distance;
	if (lead & LEAD_DISTANCE) {
		error = tf_varint_get(p, end, &step->distance);
	}
	step->call.result = s->result;
	if (!error && (lead & LEAD_RESULT)) {
		error = tf_varint_get(p, end, &result);
		if (!error) {
			step->call.result = tf_unzigzag(result);
		}
	}
	return error ? error : get_args(m, p, end, s, lead, step);
}

/* ---- learning
 * ---------------------------------------------------------------- */

static void define_slot(struct tf_calls *m, const struct tf_call_step *step)
{
	if (m->nr_slots < TF_CALL_SLOTS) {
		m->nr_slots++;
	} else {
		m->victim = (uint8_t)((m->victim + 1) % TF_CALL_SLOTS);
	}
	fresh_slot(&m->slot[step->slot], &step->call);
}

/* As learn_arg() of the value that was expected: a stride is the last delta, or
 * 0. */
static void learn_expected(struct tf_call_slot *s, unsigned int i)
{
	s->delta[i] = s->stride[i];
	s->last[i] += s->stride[i];
}

static void learn_arg(struct tf_call_slot *s, unsigned int i, uint64_t value)
{
	uint64_t delta = value - s->last[i];

	s->stride[i] = delta == s->delta[i] ? delta : 0;
	s->delta[i] = delta;
	s->last[i] = value;
}

static void learn_recent(struct tf_calls *m, uint64_t value)
{
	m->recent[m->nr_recent % TF_CALL_RECENT] = value;
	m->nr_recent++;
}

void tf_call_apply(struct tf_calls *m, const struct tf_call_step *step)
{
	struct tf_call_slot *s = &m->slot[step->slot];
	unsigned int i;

	if (step->define) {
		define_slot(m, step);
	}
	s->distance = step->distance;
	s->result = step->call.result;
	for (i = 0; i < TF_NR_ARGS; i++) {
		if (!(step->mask & (1u << i))) {
			learn_expected(s, i);
			continue;
		}
		learn_arg(s, i, step->call.args[i]);
		if (step->fresh & (1u << i)) {
			learn_recent(m, step->call.args[i]);
		}
	}
	m->next[m->before][m->last] = step->slot;
	m->before = m->last;
	m->last = step->slot;
}
