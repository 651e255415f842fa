/* SPDX-License-Identifier: MIT */
/*
 * The timeline against the table target, which simply knows every state: the
 * same commands have to end at the same place for the same reason, whatever
 * was kept and restored in between.
 *
 * Argument: the program to record.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "table_machine.h"
#include "table_target.h"

static const char *program;
static struct table_target *oracle;
static struct table_machine *machine;
static struct timeline *timeline;

static int setup(void **state)
{
	(void)state;
	oracle = table_target_record(program);
	machine = table_machine_record(program);
	timeline = machine != NULL ? timeline_new(table_machine_ops(machine))
	                           : NULL;
	return oracle != NULL && timeline != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	int left;

	(void)state;
	timeline_free(timeline);
	left = table_machine_breaks(machine) != 0 ||
	       table_machine_checkpoints(machine) != 0;
	table_machine_free(machine);
	table_target_free(oracle);
	return left ? -1 : 0;
}

static struct chv_stop wait_for(struct chv_target *t)
{
	struct chv_stop stop = {0};

	for (unsigned int i = 0; !t->ops->poll_stop(t, &stop); i++) {
		assert_true(i < 1000000);
	}
	return stop;
}

static void compare(struct chv_stop a, struct chv_stop b, const char *what)
{
	struct chv_target *to = table_target_ops(oracle);
	struct chv_target *tt = timeline_target(timeline);
	struct chv_position pa, pb;
	struct chv_regs ra, rb;
	uint64_t ma = 0, mb = 0;

	to->ops->position(to, &pa);
	tt->ops->position(tt, &pb);
	if (a.reason != b.reason ||
	    (a.reason == CHV_STOP_WATCH && a.addr != b.addr) ||
	    pa.time_ns != pb.time_ns) {
		fail_msg("%s: stop %d at step %lu, should be %d at step %lu",
		         what, b.reason, (unsigned long)pb.time_ns, a.reason,
		         (unsigned long)pa.time_ns);
	}
	to->ops->get_regs(to, 0, &ra);
	tt->ops->get_regs(tt, 0, &rb);
	assert_memory_equal(ra.gpr, rb.gpr, sizeof(ra.gpr));
	assert_int_equal(ra.rip, rb.rip);
	to->ops->read_mem(to, 0, ra.gpr[7], &ma, 8);
	tt->ops->read_mem(tt, 0, ra.gpr[7], &mb, 8);
	assert_int_equal(ma, mb);
}

static void both_resume(const struct chv_resume *r, const char *what)
{
	struct chv_target *to = table_target_ops(oracle);
	struct chv_target *tt = timeline_target(timeline);

	assert_int_equal(to->ops->resume(to, r), 0);
	assert_int_equal(tt->ops->resume(tt, r), 0);
	compare(wait_for(to), wait_for(tt), what);
}

static void both_seek(const struct chv_moment *m)
{
	struct chv_target *to = table_target_ops(oracle);
	struct chv_target *tt = timeline_target(timeline);
	int err = to->ops->seek(to, m);

	assert_int_equal(tt->ops->seek(tt, m), err);
	if (err == 0) {
		compare(wait_for(to), wait_for(tt), "seek");
	}
}

static void insert(const struct chv_break *b)
{
	struct chv_target *to = table_target_ops(oracle);
	struct chv_target *tt = timeline_target(timeline);

	assert_int_equal(to->ops->insert_break(to, b), 0);
	assert_int_equal(tt->ops->insert_break(tt, b), 0);
}

static void remove_both(const struct chv_break *b)
{
	struct chv_target *to = table_target_ops(oracle);
	struct chv_target *tt = timeline_target(timeline);

	to->ops->remove_break(to, b);
	tt->ops->remove_break(tt, b);
}

static void whole_walk_back_is_exact(void **state)
{
	const struct chv_resume step = {.action = CHV_RESUME_STEP,
	                                .backwards = true};
	const struct chv_moment end = {.kind = CHV_MOMENT_END};

	(void)state;
	both_seek(&end);
	for (size_t i = 0; i < table_target_steps(oracle) + 3; i++) {
		both_resume(&step, "step back");
	}
}

static void ends_are_ends(void **state)
{
	struct chv_resume r = {.action = CHV_RESUME_CONTINUE};

	(void)state;
	both_resume(&r, "continue");
	both_resume(&r, "continue at the end");
	r.backwards = true;
	both_resume(&r, "reverse-continue");
	both_resume(&r, "reverse-continue at the start");
}

static bool every_third(void *ctx, unsigned int vcpu)
{
	(void)ctx;
	(void)vcpu;
	return false;
}

static uint64_t some_rip(void)
{
	struct chv_target *to = table_target_ops(oracle);
	struct chv_moment m = {.kind = CHV_MOMENT_TIME};
	struct chv_position here;
	struct chv_regs regs;

	/* Where the program is at some moment; then back again. */
	to->ops->position(to, &here);
	m.value = (uint64_t)random() % table_target_steps(oracle);
	to->ops->seek(to, &m);
	wait_for(to);
	to->ops->get_regs(to, 0, &regs);
	m.value = here.time_ns;
	to->ops->seek(to, &m);
	wait_for(to);
	return regs.rip;
}

static void random_break(struct chv_break *b)
{
	*b = (struct chv_break){.kind = CHV_BREAK_SW, .len = 1};
	switch (random() % 4) {
	case 0:
		/* The program's variables, and its stack. */
		b->kind = CHV_WATCH_WRITE;
		b->addr = 0x402000 + 8 * ((uint64_t)random() % 24);
		b->len = (uint64_t)1 << random() % 4;
		break;
	case 1:
		b->kind = CHV_BREAK_HW;
		b->addr = some_rip();
		break;
	default:
		b->addr = some_rip();
		b->condition = random() % 4 == 0 ? every_third : NULL;
		break;
	}
}

static void random_command(void)
{
	struct chv_moment m = {.kind = CHV_MOMENT_TIME};
	struct chv_resume r = {.backwards = random() % 2 != 0};

	switch (random() % 5) {
	case 0:
		m.value = (uint64_t)random() % table_target_steps(oracle);
		both_seek(&m);
		break;
	case 1:
	case 2:
		r.action = CHV_RESUME_STEP;
		both_resume(&r, r.backwards ? "step back" : "step");
		break;
	default:
		both_resume(&r, r.backwards ? "reverse-continue" : "continue");
		break;
	}
}

static void random_sessions(unsigned int seed)
{
	srandom(seed);
	for (unsigned int round = 0; round < 40; round++) {
		struct chv_break breaks[4];
		size_t nr = (size_t)random() % 4;

		for (size_t i = 0; i < nr; i++) {
			random_break(&breaks[i]);
			/* Two at one place: which one is told is open. */
			for (size_t j = 0; j < i; j++) {
				if (breaks[i].kind == CHV_WATCH_WRITE ||
				    breaks[j].addr == breaks[i].addr) {
					breaks[i].addr = 1;
				}
			}
			insert(&breaks[i]);
		}
		for (unsigned int i = 0; i < 25; i++) {
			random_command();
		}
		for (size_t i = 0; i < nr; i++) {
			remove_both(&breaks[i]);
		}
	}
}

static void random_sessions_agree(void **state)
{
	(void)state;
	random_sessions(11);
}

static void few_checkpoints_are_enough(void **state)
{
	(void)state;
	table_machine_limit(machine, 2);
	random_sessions(12);
	assert_true(table_machine_checkpoints(machine) <= 2);
}

static void interrupted_search_returns_to_where_it_began(void **state)
{
	const struct chv_resume r = {.action = CHV_RESUME_CONTINUE,
	                             .backwards = true};
	const struct chv_moment end = {.kind = CHV_MOMENT_END};
	struct chv_target *tt = timeline_target(timeline);
	struct chv_position before, after;
	struct chv_stop stop;

	(void)state;
	both_seek(&end);
	tt->ops->position(tt, &before);
	assert_int_equal(tt->ops->resume(tt, &r), 0);
	tt->ops->interrupt(tt);
	stop = wait_for(tt);
	assert_int_equal(stop.reason, CHV_STOP_INTERRUPT);
	tt->ops->position(tt, &after);
	assert_int_equal(chv_position_compare(&before, &after), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(ends_are_ends),
		T(whole_walk_back_is_exact),
		T(random_sessions_agree),
		T(few_checkpoints_are_enough),
		T(interrupted_search_returns_to_where_it_began),
	};

	program = argc > 1 ? argv[1] : "";
	return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
