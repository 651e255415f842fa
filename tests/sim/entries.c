/* SPDX-License-Identifier: MIT */
/*
 * What the imaginary machine's hypervisor does with entries: a small table of
 * calls of each class, written to the same taps in the same order as the real
 * one.
 */
#include <sim/sim.h>

#include <string.h>

static uint64_t pure(struct sim *m, const struct sim_insn *i)
{
	uint64_t r = m->s.reg[i->b] ^ (m->s.reg[i->c] >> 3) ^ i->imm;

	for (uint64_t n = 0; n < i->imm % 24; n++) {
		*sim_byte(m, r + n * 97) += (uint8_t)n;
	}
	return r;
}

/* The handler of an INPUT call: the world's answer, in pieces. */
static uint64_t input(struct sim *m, const struct sim_insn *i)
{
	struct sim_rng *r = &m->world.rng;
	uint64_t pieces = sim_below(r, 4);

	for (uint64_t n = 0; n < pieces; n++) {
		uint64_t va = m->s.reg[i->b] + n * 1000;
		uint8_t data[100];
		uint64_t len = sim_below(r, sizeof(data));

		for (uint64_t k = 0; k < len; k++) {
			data[k] = (uint8_t)sim_random(r);
			*sim_byte(m, va + k) = data[k];
		}
		rr_output(&m->session, va, data, len);
	}
	return sim_chance(r, 3) ? -(sim_random(r) % 40) : sim_random(r);
}

/* What the trace gives back instead. */
static void put_output(struct sim *m, const struct tf_bytes *out)
{
	const uint8_t *p = out->data;
	uint32_t left = out->len;

	while (left >= 16) {
		uint64_t head[2];

		memcpy(head, p, sizeof(head));
		p += sizeof(head);
		left -= (uint32_t)sizeof(head);
		if (head[1] > left) {
			return;
		}
		for (uint64_t k = 0; k < head[1]; k++) {
			*sim_byte(m, head[0] + k) = p[k];
		}
		p += head[1];
		left -= (uint32_t)head[1];
	}
}

static uint64_t effect(struct sim *m, const struct sim_insn *i)
{
	uint8_t data[32];

	for (unsigned int k = 0; k < sizeof(data); k++) {
		data[k] = *sim_byte(m, m->s.reg[i->b] + k);
	}
	rr_effect(&m->session, data, sizeof(data));
	return sizeof(data);
}

static uint64_t set_timer(struct sim *m, const struct sim_insn *i)
{
	uint64_t source = i->imm % RR_NR_TIMERS;

	m->s.timer_ns[source] = rr_time(&m->session) + (m->s.reg[i->b] & 0xfff);
	return m->s.timer_ns[source];
}

/* Blocks unless something is pending already: the queue is drained first. */
static uint64_t block(struct sim *m)
{
	m->s.masked = false;
	m->s.blocked = !m->s.any_pending;
	return 0;
}

static uint64_t handle(struct sim *m, const struct sim_insn *i)
{
	switch (i->op) {
	case SIM_CALL_INPUT:
		return input(m, i);
	case SIM_CALL_EFFECT:
		return effect(m, i);
	case SIM_CALL_TIME:
		return sim_time(m, rr_time(&m->session));
	case SIM_CALL_TIMER:
		return set_timer(m, i);
	case SIM_CALL_BLOCK:
		return block(m);
	default:
		return pure(m, i);
	}
}

static uint8_t class_of(unsigned int op)
{
	static const uint8_t classes[SIM_NR_OPS] = {
		[SIM_CALL_INPUT] = RR_INPUT,
		[SIM_CALL_EFFECT] = RR_EFFECT,
		[SIM_CALL_BLOCK] = RR_YIELD,
	};

	return classes[op] != 0 ? classes[op] : RR_PURE;
}

static void call(struct sim *m, const struct sim_insn *i, bool multi)
{
	uint64_t args[6];
	struct rr_call c = {.nr = i->op,
	                    .subop = i->a,
	                    .class = class_of(i->op),
	                    .multi = multi,
	                    .args = args};
	struct tf_bytes output = {NULL, 0};
	int64_t result = 0;

	for (unsigned int k = 0; k < 6; k++) {
		args[k] = m->s.reg[(i->b + k) % SIM_REGS];
	}
	if (rr_call_enter(&m->session, &c, &result, &output)) {
		result = (int64_t)handle(m, i);
	} else {
		put_output(m, &output);
	}
	rr_call_exit(&m->session, &c, result);
	m->s.reg[i->a] = (uint64_t)result;
}

/* A batch as long as the real one may be, of all that may be in one. */
static void multicall(struct sim *m, const struct sim_insn *i)
{
	static const uint8_t ops[] = {SIM_CALL_PURE, SIM_CALL_INPUT,
	                              SIM_CALL_EFFECT, SIM_CALL_TIME,
	                              SIM_CALL_TIMER};
	uint64_t nr = m->s.reg[i->b] % 16 == 0 ? 64 : m->s.reg[i->b] % 6;

	for (uint64_t n = 0; n < nr; n++) {
		struct sim_insn one = *i;

		one.op = ops[(i->imm >> (n % 16)) % sizeof(ops)];
		one.b = (uint8_t)((i->b + n) % SIM_REGS);
		one.imm += n;
		call(m, &one, true);
	}
}

static void trap_value(struct sim *m, const struct sim_insn *i)
{
	uint64_t raw = 0;

	if (m->session.mode == RR_RECORD) {
		raw = sim_random(&m->world.rng);
	}
	m->s.reg[i->a] =
		rr_trapped_value(&m->session, TF_TRAP_RDMSR, i->b, raw);
}

static void iret(struct sim *m)
{
	if (m->s.delivering) {
		m->s.delivering = false;
		m->s.pc = m->s.saved_pc;
		m->s.any_pending = false;
		memset(m->s.pending, 0, sizeof(m->s.pending));
	}
}

void sim_enter(struct sim *m, const struct sim_insn *i)
{
	switch (i->op) {
	case SIM_MULTICALL:
		multicall(m, i);
		break;
	case SIM_READ_TIME:
		m->s.reg[i->a] = sim_time(m, rr_read_time(&m->session));
		break;
	case SIM_TRAP_VALUE:
		trap_value(m, i);
		break;
	case SIM_IRET:
		iret(m);
		break;
	default:
		call(m, i, false);
		break;
	}
}
