/* SPDX-License-Identifier: MIT */
/*
 * The compact form of hypercalls: any calls come back as they were, and calls
 * as a kernel makes them stay within four bytes each.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "random_trace.h"

#define NR_CALLS 20000

static struct tf_call calls[NR_CALLS];
static uint8_t raw[TF_RAW_MAX];

/* Numbers of the ABI that the workload below uses. */
enum {
	MMU_UPDATE = 1,
	STACK_SWITCH = 3,
	FPU_TASKSWITCH = 5,
	UPDATE_DESCRIPTOR = 10,
	MULTICALL = 13,
	UPDATE_VA_MAPPING = 14,
	IRET = 23,
	SET_SEGMENT_BASE = 25,
	MMUEXT_OP = 26,
	SCHED_OP = 29,
	EVENT_CHANNEL_OP = 32,
};

/* The calls' bytes; they are read back and compared on the way. */
static uint32_t through_codec(unsigned int nr)
{
	static struct tf_calls write_model;
	static struct tf_calls read_model;
	struct tf_chunk_header h = {.stream = TF_STREAM_HISTORY};
	struct tf_record record;
	struct tf_writer w;
	struct tf_reader r;
	unsigned int i;

	assert_int_equal(tf_writer_init(&w, TF_STREAM_HISTORY, raw, sizeof(raw),
	                                &write_model),
	                 0);
	for (i = 0; i < nr; i++) {
		assert_int_equal(tf_put_call(&w, &calls[i]), 0);
	}
	h.raw_len = w.len;
	h.nr_records = nr;
	h.first_entry = w.first_entry;
	h.last_entry = w.last_entry;
	assert_int_equal(tf_reader_init(&r, &h, raw, &read_model), 0);
	for (i = 0; i < nr; i++) {
		assert_int_equal(tf_read(&r, &record), 0);
		assert_memory_equal(&record.u.call, &calls[i],
		                    sizeof(calls[i]));
	}
	assert_int_equal(tf_read(&r, &record), -TF_EEND);
	assert_memory_equal(&write_model, &read_model, sizeof(read_model));
	return w.len;
}

static void random_calls_come_back(void **state)
{
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 60; seed++) {
		struct rng rng = {seed};
		uint64_t kinds = 1 + rng_below(&rng, 200);
		uint64_t entry = 0;
		unsigned int i;
		unsigned int a;

		for (i = 0; i < 2000; i++) {
			struct tf_call *c = &calls[i];

			memset(c, 0, sizeof(*c));
			entry += rng_below(&rng, 20) ? rng_below(&rng, 3)
			                             : rng_sized(&rng) >> 8;
			c->entry = entry;
			c->nr = (uint32_t)rng_below(&rng, kinds);
			c->subop = (uint32_t)rng_below(&rng, 2);
			c->flags = (uint8_t)rng_below(&rng, 2);
			c->result = (int64_t)rng_sized(&rng);
			for (a = 0; a < TF_NR_ARGS; a++) {
				c->args[a] = rng_sized(&rng)
				             << rng_below(&rng, 13);
			}
		}
		through_codec(2000);
	}
}

static void extreme_values_come_back(void **state)
{
	static const uint64_t values[] = {
		0,
		1,
		UINT64_MAX,
		1ull << 63,
		INT64_MAX,
		1ull << 54,
		1ull << 53,
		(1ull << 54) - 1,
		4096,
		UINT64_MAX - 4095,
		0xffff800000000000ull,
	};
	const unsigned int nr = sizeof(values) / sizeof(values[0]);
	unsigned int i;
	unsigned int j;

	(void)state;
	for (i = 0; i < nr; i++) {
		for (j = 0; j < nr; j++) {
			struct tf_call *c = &calls[i * nr + j];

			*c = (struct tf_call){
				.entry = i * nr + j,
				.nr = UINT32_MAX,
				.subop = UINT32_MAX,
				.flags = 0xff,
				.args = {values[i], values[j]},
				.result = (int64_t)values[j],
			};
		}
	}
	through_codec(nr * nr);
}

static struct tf_call *add(unsigned int *n, uint64_t entry, uint32_t nr,
                           uint32_t subop, bool multi)
{
	struct tf_call *c = &calls[(*n)++];

	*c = (struct tf_call){.entry = entry,
	                      .nr = nr,
	                      .subop = subop,
	                      .flags = multi ? TF_CALL_MULTI : 0};
	return c;
}

static void set_args(struct tf_call *c, uint64_t a0, uint64_t a1, uint64_t a2,
                     uint64_t a3)
{
	c->args[0] = a0;
	c->args[1] = a1;
	c->args[2] = a2;
	c->args[3] = a3;
}

/* A switch between tasks as a batch of calls, as Linux makes it. */
static void task_switch(unsigned int *n, uint64_t entry, uint64_t task)
{
	const uint64_t batch = 0xffff88803fa0b000ull;

	set_args(add(n, entry, MULTICALL, 0, false), batch, 4, 0, 0);
	set_args(add(n, entry, MMUEXT_OP, 5, true), batch + 0x400, 1, 0,
	         0x7ff0);
	set_args(add(n, entry, STACK_SWITCH, 0, true), 0xe02b,
	         0xffffc90000010000ull + task * 0x8000, 0, 0);
	set_args(add(n, entry, FPU_TASKSWITCH, 0, true), 1, 0, 0, 0);
	set_args(add(n, entry, SET_SEGMENT_BASE, 0, true), 0,
	         task ? 0x7f2a1c000740ull + task * 0x1003000 : 0, 0, 0);
}

static void page_fault(unsigned int *n, struct rng *rng, uint64_t *entry,
                       uint64_t *va, uint64_t *frame)
{
	if (rng_below(rng, 12) == 0) {
		*va = 0x7f2a00000000ull + (rng_below(rng, 4096) << 12);
	}
	*va += 4096;
	*frame += 1;
	set_args(add(n, *entry += 1, UPDATE_VA_MAPPING, 0, false), *va,
	         *frame << 12 | 0x8000000000000067ull, 0, 0);
	add(n, *entry += 1, IRET, 0, false);
}

static void kernel_like_calls_take_four_bytes_at_most(void **state)
{
	struct rng rng = {11};
	uint64_t entry = 1000;
	uint64_t va = 0x7f2a1c000000ull;
	uint64_t frame = 0x12345;
	unsigned int n = 0;
	uint32_t bytes;

	(void)state;
	while (n < NR_CALLS - 10) {
		entry += rng_below(&rng, 4) == 0;
		switch (rng_below(&rng, 8)) {
		case 0:
			task_switch(&n, ++entry, rng_below(&rng, 6));
			break;
		case 1:
			set_args(add(&n, ++entry, SCHED_OP, 1, false), 1, 0, 0,
			         0);
			break;
		case 2:
			set_args(
				add(&n, ++entry, EVENT_CHANNEL_OP, 4, false), 4,
				0xffffc90000003e00ull + 8 * rng_below(&rng, 20),
				0, 0);
			break;
		case 3:
			set_args(add(&n, ++entry, MMU_UPDATE, 0, false),
			         0xffff88803fa0b800ull, 1 + rng_below(&rng, 8),
			         0, 0x7ff0);
			break;
		case 4:
		case 5:
			add(&n, ++entry, IRET, 0, false);
			break;
		default:
			page_fault(&n, &rng, &entry, &va, &frame);
		}
	}
	bytes = through_codec(n);
	print_message("%u calls, %u bytes\n", n, bytes);
	assert_true(bytes <= 4 * n);
}

static void a_foreseen_call_takes_one_byte(void **state)
{
	unsigned int n = 0;
	uint32_t few;

	(void)state;
	while (n < 1000) {
		uint64_t i = n;

		set_args(add(&n, i, UPDATE_VA_MAPPING, 0, false), i << 12,
		         i << 12 | 0x67, 2, 0);
	}
	few = through_codec(100);
	assert_int_equal(through_codec(1000) - few, 900);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_calls_come_back),
		cmocka_unit_test(extreme_values_come_back),
		cmocka_unit_test(kernel_like_calls_take_four_bytes_at_most),
		cmocka_unit_test(a_foreseen_call_takes_one_byte),
	};

	return cmocka_run_group_tests_name("calls", tests, NULL, NULL);
}
