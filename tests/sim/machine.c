/* SPDX-License-Identifier: MIT */
/*
 * The imaginary machine: its program, its instructions between entries, and
 * its side of the engine's interface.
 */
#include <sim/sim.h>

#include <stdlib.h>
#include <string.h>

/* splitmix64 (Vigna). */
uint64_t sim_random(struct sim_rng *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

uint64_t sim_below(struct sim_rng *r, uint64_t limit)
{
	return sim_random(r) % limit;
}

bool sim_chance(struct sim_rng *r, uint64_t n)
{
	return sim_below(r, n) == 0;
}

uint64_t sim_time(struct sim *m, uint64_t ns)
{
	if (ns < m->seen_ns && m->session.state == RR_RUNNING) {
		m->wrong = "time went backwards";
	}
	m->seen_ns = ns;
	return ns;
}

uint8_t *sim_byte(struct sim *m, uint64_t address)
{
	m->touched |= 1u << address % SIM_MEMORY / SIM_FRAME_SIZE;
	return &m->s.memory[address % SIM_MEMORY];
}

/* Where deliveries go: the handler is the end of the program. */
#define HANDLER (SIM_CODE - 16)

void sim_init(struct sim *m, uint64_t seed, uint64_t fuel)
{
	struct sim_rng r = {seed};

	memset(m, 0, sizeof(*m));
	for (unsigned int i = 0; i < SIM_CODE; i++) {
		struct sim_insn *c = &m->code[i];
		/* Code between entries is longer than entries are many. */
		uint64_t kinds = sim_chance(&r, 3) ? SIM_IRET : SIM_CALL_PURE;

		c->op = (uint8_t)sim_below(&r, kinds);
		c->a = (uint8_t)sim_below(&r, SIM_REGS);
		c->b = (uint8_t)sim_below(&r, SIM_REGS);
		c->c = (uint8_t)sim_below(&r, SIM_REGS);
		c->imm = sim_random(&r);
		if (i >= HANDLER && c->op == SIM_BRANCH) {
			c->op = SIM_ALU;
		}
	}
	m->code[SIM_CODE - 1].op = SIM_IRET;
	for (unsigned int i = 0; i < SIM_REGS; i++) {
		m->s.reg[i] = sim_random(&r);
	}
	m->s.fuel = fuel;
	m->max_steps = fuel * 4 + 1000;
}

void sim_free(struct sim *m)
{
	free(m->journal.note);
	m->journal = (struct sim_journal){0};
}

/* ---- the engine's side --------------------------------------------------- */

static uint64_t machine_now(void *ctx)
{
	struct sim *m = ctx;
	struct sim_world *w = &m->world;

	w->now_ns += sim_below(&w->rng, 50);
	if (w->clock_jumps && sim_chance(&w->rng, 40)) {
		w->now_ns += sim_below(&w->rng, 5000000);
		w->now_ns -= sim_below(&w->rng, w->now_ns / 2 + 1);
	}
	return w->now_ns;
}

/* What was raised is owed to the machine until it is applied. */
static void settle(struct sim *m, const struct rr_event *e)
{
	struct sim_owed *o = &m->owed;

	switch (e->kind) {
	case RR_EVENT_TIMER:
		if (m->session.mode == RR_RECORD &&
		    e->deadline_ns != o->deadline_ns[e->source]) {
			m->wrong = "a timer fires with another deadline";
		}
		o->timers &= ~(1u << e->source);
		break;
	case RR_EVENT_PORT:
		o->ports[e->port / 64] &= ~(1ull << (e->port % 64));
		break;
	case RR_EVENT_CONSOLE:
		o->console -= e->len;
		break;
	}
}

bool sim_owes(const struct sim *m)
{
	const struct sim_owed *o = &m->owed;
	uint64_t any = o->timers | o->console;

	for (unsigned int i = 0; i < SIM_PORTS / 64; i++) {
		any |= o->ports[i];
	}
	return any != 0;
}

static void machine_apply(void *ctx, const struct rr_event *e)
{
	struct sim *m = ctx;
	struct sim_state *s = &m->s;
	const uint8_t *data = e->data;

	settle(m, e);
	switch (e->kind) {
	case RR_EVENT_TIMER:
		if (s->timer_ns[e->source] == e->deadline_ns) {
			s->timer_ns[e->source] = 0;
		}
		s->pending[0] |= 1ull << e->source;
		s->any_pending = true;
		s->blocked = false;
		break;
	case RR_EVENT_PORT:
		s->pending[e->port / 64] |= 1ull << (e->port % 64);
		s->any_pending = true;
		s->blocked = false;
		break;
	case RR_EVENT_CONSOLE:
		for (uint32_t i = 0; i < e->len; i++) {
			s->ring[s->ring_prod++ % SIM_RING] = data[i];
		}
		break;
	}
}

static unsigned int machine_registers(void *ctx, uint64_t *words)
{
	struct sim *m = ctx;

	words[0] = m->s.pc;
	memcpy(words + 1, m->s.reg, sizeof(m->s.reg));
	return SIM_REGS + 1;
}

static uint64_t hash(const void *data, size_t len)
{
	struct tf_hash128 zero = {0, 0};

	return tf_hash(zero, data, len).lo;
}

/* Field by field: padding is nobody's. */
static uint64_t cpu_digest(const struct sim_state *s)
{
	uint64_t h = hash(s->reg, sizeof(s->reg));
	uint64_t flags = (uint64_t)s->any_pending | (uint64_t)s->masked << 1 |
	                 (uint64_t)s->blocked << 2 |
	                 (uint64_t)s->delivering << 3;

	h = tf_hash_step(h, s->pc);
	h = tf_hash_step(h, s->fuel);
	h = tf_hash_step(h, flags);
	h = tf_hash_step(h, s->saved_pc);
	h = tf_hash_step(h, hash(s->pending, sizeof(s->pending)));
	h = tf_hash_step(h, hash(s->timer_ns, sizeof(s->timer_ns)));
	h = tf_hash_step(h, hash(s->ring, sizeof(s->ring)));
	h = tf_hash_step(h, s->ring_prod);
	return tf_hash_step(h, s->ring_cons);
}

static uint64_t machine_state_digest(void *ctx)
{
	struct sim *m = ctx;

	return cpu_digest(&m->s);
}

static struct tf_hash128 machine_frames_digest(void *ctx, uint64_t first,
                                               uint64_t count)
{
	struct sim *m = ctx;
	struct tf_hash128 h = {0, 0};

	if (count != SIM_FRAMES) {
		m->nr_slices++;
		m->digested |= ((1ull << count) - 1) << first;
	}
	for (uint64_t i = first; i < first + count; i++) {
		h = tf_hash(h, m->s.memory + i * SIM_FRAME_SIZE,
		            SIM_FRAME_SIZE);
	}
	return h;
}

static int machine_seal(void *ctx, struct tf_writer *w)
{
	struct sim *m = ctx;

	return sim_trace_seal(m->trace, w);
}

static enum rr_load machine_load(void *ctx, uint64_t index,
                                 struct rr_chunk_data *chunk)
{
	struct sim *m = ctx;

	if (m->may_wait && sim_chance(&m->late, 2)) {
		m->lost_loads++;
		return RR_LOAD_WAIT;
	}
	return sim_trace_load(m->trace, index, chunk);
}

static void machine_stopped(void *ctx)
{
	struct sim *m = ctx;

	m->nr_stopped++;
	m->end_digest = sim_digest(m);
}

const struct rr_machine sim_machine = {
	.now_ns = machine_now,
	.apply = machine_apply,
	.registers = machine_registers,
	.state_digest = machine_state_digest,
	.frames_digest = machine_frames_digest,
	.seal = machine_seal,
	.load = machine_load,
	.stopped = machine_stopped,
};

uint64_t sim_digest(const struct sim *m)
{
	return tf_hash_step(cpu_digest(&m->s),
	                    hash(m->s.memory, sizeof(m->s.memory)));
}

static void note(struct sim *m)
{
	struct sim_journal *j = &m->journal;

	if (m->session.state != RR_RUNNING) {
		return;
	}
	if (j->nr == j->cap) {
		j->cap = j->cap * 2 + 64;
		j->note = realloc(j->note, j->cap * sizeof(*j->note));
		if (j->note == NULL) {
			abort();
		}
	}
	j->note[j->nr++] = (struct sim_note){m->session.s.position.entry,
	                                     m->s.insns, sim_digest(m)};
}

/* ---- running ------------------------------------------------------------- */

static void alu(struct sim_state *s, const struct sim_insn *i)
{
	switch (i->imm % 4) {
	case 0:
		s->reg[i->a] = s->reg[i->b] + s->reg[i->c];
		break;
	case 1:
		s->reg[i->a] = s->reg[i->b] ^ i->imm;
		break;
	case 2:
		s->reg[i->a] = s->reg[i->b] * (i->imm | 1);
		break;
	default:
		/* Forgets: what was read need not stay for ever. */
		s->reg[i->a] = i->imm >> 32;
		break;
	}
}

/* An instruction between entries. */
static void step(struct sim *m, const struct sim_insn *i)
{
	struct sim_state *s = &m->s;

	s->pc++;
	s->insns++;
	switch (i->op) {
	case SIM_ALU:
		alu(s, i);
		break;
	case SIM_LOAD:
		s->reg[i->a] ^= *sim_byte(m, s->reg[i->b] + i->imm);
		break;
	case SIM_STORE:
		*sim_byte(m, s->reg[i->b]) = (uint8_t)s->reg[i->a];
		break;
	case SIM_BRANCH:
		if (s->reg[i->a] & 1) {
			s->pc = i->imm % HANDLER;
		}
		break;
	case SIM_PEEK_PORTS:
		s->reg[i->a] += s->pending[i->imm % (SIM_PORTS / 64)];
		break;
	case SIM_PEEK_RING:
		if (s->ring_cons < s->ring_prod) {
			s->reg[i->a] += s->ring[s->ring_cons++ % SIM_RING];
		}
		break;
	default:
		s->masked = i->imm % 4 == 0;
		break;
	}
}

static void deliver(struct sim_state *s)
{
	if (s->any_pending && !s->masked && !s->delivering) {
		s->delivering = true;
		s->saved_pc = s->pc;
		s->pc = HANDLER;
	}
}

static void execute(struct sim *m)
{
	const struct sim_insn *i;
	struct sim_state *s = &m->s;

	deliver(s);
	if (s->pc >= SIM_CODE) {
		s->pc = 0;
	}
	i = &m->code[s->pc];
	if (s->fuel != 0) {
		s->fuel--;
	}
	if (i->op < SIM_CALL_PURE && s->fuel != 0) {
		step(m, i);
		return;
	}
	/* Entries begin with the program counter behind the instruction. */
	s->pc++;
	s->insns = 0;
	m->in_entry = true;
	rr_entry(&m->session);
	note(m);
	if (s->fuel == 0) {
		s->over = true;
		rr_finish(&m->session, TF_END_SHUTDOWN, 0, "poweroff");
	} else {
		sim_enter(m, i);
	}
	m->in_entry = false;
	rr_exit(&m->session);
	if (m->session.s.position.entry % 7 == 0) {
		m->touched = 0;
		m->epoch = true;
	}
}

/* ---- the world ----------------------------------------------------------- */

static void raise_port(struct sim *m, uint64_t port)
{
	rr_raise_port(&m->session, (uint32_t)port);
	if (port < SIM_PORTS) {
		m->owed.ports[port / 64] |= 1ull << (port % 64);
	}
}

static void raise_console(struct sim *m)
{
	struct sim_rng *r = &m->world.rng;
	uint8_t data[40];

	for (unsigned int i = 0; i < sizeof(data); i++) {
		data[i] = (uint8_t)sim_random(r);
	}
	m->owed.console +=
		rr_raise_console(&m->session, data, sim_below(r, sizeof(data)));
}

static void raise_timer(struct sim *m)
{
	uint64_t i = sim_below(&m->world.rng, RR_NR_TIMERS);

	rr_raise_timer(&m->session, (enum tf_timer_source)i, m->s.timer_ns[i]);
	m->owed.timers |= 1u << i;
	m->owed.deadline_ns[i] = m->s.timer_ns[i];
}

static void one_event(struct sim *m)
{
	struct sim_rng *r = &m->world.rng;

	switch (sim_below(r, 4)) {
	case 0:
		raise_console(m);
		break;
	case 1:
		raise_port(m, sim_below(r, SIM_PORTS + 9));
		break;
	case 2:
		raise_port(m, 4 + sim_below(r, 8));
		break;
	default:
		raise_timer(m);
		break;
	}
}

static void flood(struct sim *m)
{
	for (uint64_t p = 0; p < SIM_PORTS; p++) {
		raise_port(m, p);
	}
}

static void happen(struct sim *m)
{
	struct sim_world *w = &m->world;

	w->now_ns += 1 + sim_below(&w->rng, 3);
	if (sim_chance(&w->rng, w->calm) || m->s.blocked) {
		do {
			one_event(m);
		} while (sim_chance(&w->rng, 3));
	}
	if (w->flood_every != 0 && sim_chance(&w->rng, w->flood_every)) {
		flood(m);
	}
	if (w->seal_every != 0 && sim_chance(&w->rng, w->seal_every)) {
		rr_seal(&m->session);
	}
	if (w->stop_at != 0 && m->session.s.position.entry >= w->stop_at) {
		m->session.stop_requested = true;
	}
}

static void land(struct sim *m, uint64_t offset)
{
	/* A request to stop waits for an exit and delivers nothing here. */
	bool visible = m->session.mode == RR_REPLAY || m->session.queue.any;

	if (offset == 0) {
		rr_exit(&m->session);
		return;
	}
	rr_landing(&m->session, offset);
	while (m->session.state == RR_WAITING) {
		rr_retry(&m->session);
	}
	if (visible) {
		note(m);
	}
}

/* ---- places, when there is no clock ---------------------------------------
 */

static struct tf_hash128 frame_digest(const struct sim *m, uint64_t frame)
{
	struct tf_hash128 zero = {0, 0};

	return tf_hash(zero, m->s.memory + frame * SIM_FRAME_SIZE,
	               SIM_FRAME_SIZE);
}

static void place_describe(struct sim *m, struct rr_place *p)
{
	uint8_t *at = m->place;

	*p = (struct rr_place){.rip = m->s.pc,
	                       .regs_digest = hash(m->s.reg, sizeof(m->s.reg)),
	                       .state_digest = cpu_digest(&m->s),
	                       .whole = !m->epoch};
	for (uint64_t f = 0; f < SIM_FRAMES && m->epoch; f++) {
		struct tf_hash128 h = frame_digest(m, f);

		if (m->touched >> f & 1) {
			memcpy(at, &f, 8);
			memcpy(at + 8, &h, 16);
			at += 24;
		}
	}
	p->frames = (struct tf_bytes){m->place, (uint32_t)(at - m->place)};
	if (p->whole) {
		p->memory = machine_frames_digest(m, 0, SIM_FRAMES);
	}
}

static bool place_matches(struct sim *m, const struct rr_place *p)
{
	struct rr_place rest = *p;
	struct tf_hash128 h;

	if (p->rip != m->s.pc ||
	    p->regs_digest != hash(m->s.reg, sizeof(m->s.reg)) ||
	    p->state_digest != cpu_digest(&m->s)) {
		return false;
	}
	for (uint32_t i = 0; i + 24 <= p->frames.len; i += 24) {
		const uint8_t *pair = (const uint8_t *)p->frames.data + i;
		uint64_t f;

		memcpy(&f, pair, 8);
		h = frame_digest(m, f % SIM_FRAMES);
		if (f >= SIM_FRAMES || memcmp(&h, pair + 8, 16) != 0) {
			return false;
		}
	}
	h = machine_frames_digest(m, 0, SIM_FRAMES);
	rr_place_rest(&m->session, &rest);
	return !rest.whole ||
	       (h.lo == rest.memory.lo && h.hi == rest.memory.hi);
}

static void land_at(struct sim *m, const struct rr_place *p)
{
	rr_landing_at(&m->session, p, m->session.s.position.offset + 1);
	while (m->session.state == RR_WAITING) {
		rr_retry(&m->session);
	}
	note(m);
	m->touched = 0;
	m->epoch = m->session.s.position.entry % 3 != 0;
}

/* What comes before an instruction, as the hypervisor does it. False when
 * there is no instruction to execute now. */
static bool before(struct sim *m)
{
	struct rr_session *s = &m->session;
	struct rr_place place;
	uint64_t due;

	if (s->mode == RR_RECORD && s->state == RR_RUNNING) {
		happen(m);
		if (rr_event_waiting(s) &&
		    (m->s.insns == 0 || m->world.exact)) {
			land(m, m->s.insns);
		} else if (s->queue.any && m->world.by_state) {
			place_describe(m, &place);
			land_at(m, &place);
		}
	} else if (rr_place_due(s, &place)) {
		if (place_matches(m, &place)) {
			land_at(m, &place);
			return false;
		}
	} else if (s->mode == RR_REPLAY && rr_landing_due(s, &due)) {
		if (due == m->s.insns) {
			land(m, due);
			return false;
		}
	}
	if (m->s.blocked && s->mode == RR_REPLAY) {
		rr_blocked(s);
	}
	return s->state == RR_RUNNING && !m->s.blocked;
}

static bool live(const struct sim *m)
{
	enum rr_state state = m->session.state;

	if (state == RR_RUNNING || m->s.over) {
		return state == RR_RUNNING;
	}
	return m->session.mode == RR_RECORD;
}

static bool run(struct sim *m, uint64_t to)
{
	struct rr_session *s = &m->session;

	for (uint64_t i = 0; i < m->max_steps; i++) {
		if (s->state == RR_WAITING) {
			rr_retry(s);
			continue;
		}
		if (!live(m)) {
			return true;
		}
		if (s->state != RR_RUNNING && m->s.blocked) {
			/* Nobody simulates the world after a recording; that
			 * nothing was kept from the machine is the test's to
			 * see. */
			return true;
		}
		if (s->s.position.entry >= to) {
			return true;
		}
		if (before(m) || (s->state != RR_RUNNING && live(m))) {
			execute(m);
		}
	}
	return false;
}

bool sim_run(struct sim *m)
{
	return run(m, UINT64_MAX);
}

bool sim_run_to(struct sim *m, uint64_t entry)
{
	return run(m, entry);
}
