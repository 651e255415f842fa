/* SPDX-License-Identifier: MIT */
/*
 * Register packets: g, G, p, P. "g" carries the registers that GDB's own
 * code knows; everything behind them is fetched one by one when asked for.
 */
#include <errno.h>
#include <string.h>

#include "session.h"

static void put_register(struct gdb_session *s, unsigned int nr)
{
	size_t len = chv_reg_table[nr].bits / 8;

	if (chv_reg_known(&s->regs, nr)) {
		rsp_put_hex(&s->out, chv_reg_ptr(&s->regs, nr), len);
		return;
	}
	for (size_t i = 0; i < len; i++) {
		rsp_put(&s->out, "xx");
	}
}

enum gdb_action gdb_read_all_regs(struct gdb_session *s, struct rsp_args *a)
{
	(void)a;
	if (gdb_get_regs(s, s->g_vcpu) != 0) {
		return gdb_reply(s, GDB_E_REFUSED);
	}
	for (unsigned int nr = 0; nr < CHV_NR_G_REGS; nr++) {
		put_register(s, nr);
	}
	return GDB_REPLY;
}

enum gdb_action gdb_read_reg(struct gdb_session *s, struct rsp_args *a)
{
	uint64_t nr = rsp_take_hex(a);

	if (!rsp_args_done(a) || nr >= CHV_NR_REGS) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	if (gdb_get_regs(s, s->g_vcpu) != 0) {
		return gdb_reply(s, GDB_E_REFUSED);
	}
	put_register(s, (unsigned int)nr);
	return GDB_REPLY;
}

/* Takes one register's value; one that reads "xx" is left as it is. */
static void take_register(struct rsp_args *a, struct chv_regs *regs,
                          unsigned int nr)
{
	size_t len = chv_reg_table[nr].bits / 8;

	if (chv_reg_known(regs, nr)) {
		rsp_take_bytes(a, chv_reg_ptr(regs, nr), len);
		return;
	}
	for (size_t i = 0; i < len; i++) {
		rsp_maybe_text(a, "xx");
	}
}

static enum gdb_action commit(struct gdb_session *s, struct chv_regs *regs)
{
	int err = s->target->ops->set_regs(s->target, s->g_vcpu, regs);

	gdb_forget(s);
	return gdb_reply(s, err == 0 ? "OK" : GDB_E_REFUSED);
}

enum gdb_action gdb_write_all_regs(struct gdb_session *s, struct rsp_args *a)
{
	struct chv_regs regs;

	if (gdb_get_regs(s, s->g_vcpu) != 0) {
		return gdb_reply(s, GDB_E_REFUSED);
	}
	regs = s->regs;
	for (unsigned int nr = 0; nr < CHV_NR_G_REGS; nr++) {
		take_register(a, &regs, nr);
	}
	if (!rsp_args_done(a)) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	return commit(s, &regs);
}

enum gdb_action gdb_write_reg(struct gdb_session *s, struct rsp_args *a)
{
	uint64_t nr = rsp_take_hex(a);
	struct chv_regs regs;

	rsp_take_char(a, '=');
	if (a->bad || nr >= CHV_NR_REGS) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	if (gdb_get_regs(s, s->g_vcpu) != 0) {
		return gdb_reply(s, GDB_E_REFUSED);
	}
	regs = s->regs;
	take_register(a, &regs, (unsigned int)nr);
	if (!rsp_args_done(a)) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	return commit(s, &regs);
}
