/* SPDX-License-Identifier: MIT */
/*
 * Z and z packets: breakpoints and watchpoints, with conditions that are
 * evaluated here. Several conditions of one place are alternatives; one that
 * cannot be evaluated counts as true, and GDB looks again by itself.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <chv/agent.h>

#include "session.h"

struct eval {
	struct gdb_session *s;
	unsigned int vcpu;
	struct chv_regs regs;
	bool have_regs;
};

static bool eval_reg(void *ctx, unsigned int nr, uint64_t *value)
{
	struct eval *e = ctx;
	struct chv_target *t = e->s->target;

	if (!e->have_regs) {
		e->have_regs = t->ops->get_regs(t, e->vcpu, &e->regs) == 0;
	}
	if (!e->have_regs || nr >= CHV_NR_REGS || chv_reg_table[nr].bits > 64 ||
	    !chv_reg_known(&e->regs, nr)) {
		return false;
	}
	*value = chv_reg_value(&e->regs, nr);
	return true;
}

static bool eval_mem(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct eval *e = ctx;
	struct chv_target *t = e->s->target;

	return t->ops->read_mem(t, e->vcpu, addr, buf, len) == (ssize_t)len;
}

/* Called by the target at a hit; see struct chv_break. */
static bool wants_stop(void *ctx, unsigned int vcpu)
{
	struct gdb_break *gb = ctx;
	struct eval e = {.s = gb->s, .vcpu = vcpu};
	const struct agent_env env = {eval_reg, eval_mem, &e};

	for (size_t i = 0; i < gb->nr_conditions; i++) {
		const struct gdb_condition *c = &gb->conditions[i];
		uint64_t result = 0;

		if (agent_eval(c->code, c->len, &env, &result) != AGENT_OK ||
		    result != 0) {
			return true;
		}
	}
	return false;
}

static void free_break(struct gdb_break *gb)
{
	for (size_t i = 0; i < gb->nr_conditions; i++) {
		free(gb->conditions[i].code);
	}
	free(gb);
}

static void remove_at(struct gdb_session *s, size_t i)
{
	struct gdb_break *gb = s->breaks.list[i];

	s->target->ops->remove_break(s->target, &gb->b);
	free_break(gb);
	s->breaks.list[i] = s->breaks.list[--s->breaks.nr];
}

void gdb_drop_breaks(struct gdb_session *s)
{
	while (s->breaks.nr > 0) {
		remove_at(s, s->breaks.nr - 1);
	}
}

static void remove_same(struct gdb_session *s, const struct chv_break *b)
{
	for (size_t i = 0; i < s->breaks.nr; i++) {
		const struct chv_break *old = &s->breaks.list[i]->b;

		if (old->kind == b->kind && old->addr == b->addr &&
		    old->len == b->len) {
			remove_at(s, i);
			return;
		}
	}
}

/* One ";X" clause has been seen: "LEN,BYTES". */
static void take_condition(struct rsp_args *a, struct gdb_break *gb)
{
	struct gdb_condition *c = &gb->conditions[gb->nr_conditions];
	uint64_t len = rsp_take_hex(a);

	rsp_take_char(a, ',');
	if (a->bad || len == 0 || len > rsp_args_left(a) / 2 ||
	    gb->nr_conditions == GDB_MAX_CONDITIONS) {
		a->bad = true;
		return;
	}
	c->code = malloc(len);
	if (c->code == NULL) {
		a->bad = true;
		return;
	}
	c->len = len;
	gb->nr_conditions++;
	rsp_take_bytes(a, c->code, len);
}

/* "TYPE,ADDR,KIND" */
static void take_place(struct rsp_args *a, struct chv_break *b)
{
	uint64_t type = rsp_take_hex(a);

	rsp_take_char(a, ',');
	b->addr = rsp_take_hex(a);
	rsp_take_char(a, ',');
	b->len = rsp_take_hex(a);
	if (type >= CHV_BREAK_KINDS || b->len == 0 ||
	    b->len - 1 > UINT64_MAX - b->addr) {
		a->bad = true;
	}
	b->kind = a->bad ? CHV_BREAK_SW : (enum chv_break_kind)type;
}

static struct gdb_break *take_break(struct gdb_session *s, struct rsp_args *a)
{
	struct gdb_break *gb =
		calloc(1, sizeof(*gb) + GDB_MAX_CONDITIONS *
	                                        sizeof(struct gdb_condition));

	if (gb == NULL) {
		return NULL;
	}
	gb->s = s;
	take_place(a, &gb->b);
	while (rsp_maybe_text(a, ";X")) {
		take_condition(a, gb);
	}
	if (!rsp_args_done(a)) {
		free_break(gb);
		return NULL;
	}
	if (gb->nr_conditions > 0) {
		gb->b.condition = wants_stop;
		gb->b.ctx = gb;
	}
	return gb;
}

static bool make_room(struct gdb_breaks *breaks)
{
	size_t room = breaks->room > 0 ? 2 * breaks->room : 16;
	struct gdb_break **list;

	if (breaks->nr < breaks->room) {
		return true;
	}
	if (breaks->nr >= GDB_MAX_BREAKS) {
		return false;
	}
	list = reallocarray(breaks->list, room, sizeof(*list));
	if (list == NULL) {
		return false;
	}
	breaks->list = list;
	breaks->room = room;
	return true;
}

enum gdb_action gdb_insert_break(struct gdb_session *s, struct rsp_args *a)
{
	struct gdb_break *gb = take_break(s, a);
	int err;

	if (gb == NULL) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	/* The same place again carries a new list of conditions. */
	remove_same(s, &gb->b);
	err = make_room(&s->breaks)
	              ? s->target->ops->insert_break(s->target, &gb->b)
	              : -ENOSPC;
	if (err != 0) {
		free_break(gb);
		return gdb_reply(s,
		                 err == -ENOSPC ? GDB_E_FULL : GDB_E_INVALID);
	}
	s->breaks.list[s->breaks.nr++] = gb;
	return gdb_reply(s, "OK");
}

enum gdb_action gdb_remove_break(struct gdb_session *s, struct rsp_args *a)
{
	struct chv_break b = {0};

	take_place(a, &b);
	if (!rsp_args_done(a)) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	remove_same(s, &b);
	return gdb_reply(s, "OK");
}
