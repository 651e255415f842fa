/* SPDX-License-Identifier: MIT */
/*
 * The evaluator of conditions: what GDB compiles gives the right answer, and
 * what nobody compiled ends in an error instead of a loop or a fault.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <chv/agent.h>

static const uint8_t memory[16] = {9, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
                                   1, 2, 3, 4, 5,    6,    7,    8};

static bool read_reg(void *ctx, unsigned int nr, uint64_t *value)
{
	(void)ctx;
	*value = 0x1000;
	return nr == 6;
}

static bool read_mem(void *ctx, uint64_t addr, void *buf, size_t len)
{
	(void)ctx;
	if (addr < 0x1000 || addr - 0x1000 > sizeof(memory) - len) {
		return false;
	}
	memcpy(buf, memory + (addr - 0x1000), len);
	return true;
}

static const struct agent_env env = {read_reg, read_mem, NULL};

static enum agent_status run(const char *hex, uint64_t *result)
{
	uint8_t code[256];
	size_t len = strlen(hex) / 2;

	for (size_t i = 0; i < len; i++) {
		char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		code[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return agent_eval(code, len, &env, result);
}

static void check(const char *hex, uint64_t want)
{
	uint64_t result = 0xdead;

	assert_int_equal(run(hex, &result), AGENT_OK);
	assert_int_equal(result, want);
}

static void check_error(const char *hex, enum agent_status want)
{
	uint64_t result;

	assert_int_equal(run(hex, &result), want);
}

static void condition_on_a_local_variable_as_gdb_compiles_it(void **state)
{
	(void)state;
	/* x == 9, with x at rbp + 0. */
	check("2600062200021916202209"
	      "1327",
	      1);
}

static void arithmetic_is_that_of_64_bits(void **state)
{
	(void)state;
	check("2205220302"
	      "27",
	      8);
	check("2203220503"
	      "27",
	      (uint64_t)-2);
	check("2206220704"
	      "27",
	      42);
	check("22071608"
	      "22fe1608"
	      "05"
	      "27",
	      (uint64_t)-3);
	check("2207220206"
	      "27",
	      3);
	check("22f91608"
	      "2202"
	      "07"
	      "27",
	      (uint64_t)-1);
	check("2207220208"
	      "27",
	      1);
	check("2201224009"
	      "27",
	      0);
	check("22ff1608"
	      "22400a"
	      "27",
	      UINT64_MAX);
	check("22ff1608"
	      "22400b"
	      "27",
	      0);
	check("220c220a0f"
	      "27",
	      8);
	check("220c220a10"
	      "27",
	      14);
	check("220c220a11"
	      "27",
	      6);
	check("22001227", UINT64_MAX);
	check("22000e27", 1);
	check("22ff1608"
	      "2201"
	      "14"
	      "27",
	      1);
	check("22ff1608"
	      "2201"
	      "15"
	      "27",
	      0);
	check("228016082a0827", 0x80);
	check("25800000000000000022ff160805"
	      "27",
	      0x8000000000000000);
	check("25800000000000000022ff160807"
	      "27",
	      0);
}

static void stack_is_shuffled_as_documented(void **state)
{
	(void)state;
	check("2201220228"
	      "02"
	      "27",
	      4);
	check("220122022b0327", 1);
	check("2207220922053202"
	      "27",
	      7);
	check("2201220222033303"
	      "27",
	      (uint64_t)-1);
	check("2201220229"
	      "27",
	      1);
	check("27", 0);
}

static void memory_is_read_at_each_width(void **state)
{
	(void)state;
	check("2310081727", 1);
	check("2310081827", 0x0201);
	check("2310081927", 0x04030201);
	check("2310081a27", 0x0807060504030201);
}

static void jumps_go_where_they_say(void **state)
{
	(void)state;
	check("2201200008"
	      "220527"
	      "220727",
	      7);
	check("2200200008"
	      "220527"
	      "220727",
	      5);
	check("210005"
	      "2205"
	      "220727",
	      7);
}

static void faults_are_reported(void **state)
{
	(void)state;
	check_error("22001727", AGENT_MEMORY_FAULT);
	check_error("2301001a", AGENT_MEMORY_FAULT);
	check_error("26000727", AGENT_REGISTER_FAULT);
	check_error("220122000527", AGENT_DIVIDE_BY_ZERO);
	check_error("220122000627", AGENT_DIVIDE_BY_ZERO);
	check_error("22", AGENT_BAD_OPERAND);
	check_error("2500", AGENT_BAD_OPERAND);
	check_error("", AGENT_BAD_OPERAND);
	check_error("02", AGENT_STACK_FAULT);
	check_error("29", AGENT_STACK_FAULT);
	check_error("220132ff", AGENT_STACK_FAULT);
	check_error("ff", AGENT_BAD_OPCODE);
	check_error("0c", AGENT_BAD_OPCODE);
	check_error("210fff", AGENT_BAD_JUMP);
	check_error("22011600", AGENT_BAD_OPERAND);
	check_error("22011641", AGENT_BAD_OPERAND);
}

static void endless_programs_end(void **state)
{
	(void)state;
	check_error("210000", AGENT_TOO_LONG);
	check_error("2201"
	            "210000",
	            AGENT_STACK_FAULT);
}

static void random_programs_do_no_harm(void **state)
{
	(void)state;
	srandom(1);
	for (unsigned int i = 0; i < 50000; i++) {
		uint8_t code[24];
		uint64_t result;

		for (size_t j = 0; j < sizeof(code); j++) {
			code[j] = (uint8_t)(random() % 0x36);
		}
		agent_eval(code, sizeof(code), &env, &result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			condition_on_a_local_variable_as_gdb_compiles_it),
		cmocka_unit_test(arithmetic_is_that_of_64_bits),
		cmocka_unit_test(stack_is_shuffled_as_documented),
		cmocka_unit_test(memory_is_read_at_each_width),
		cmocka_unit_test(jumps_go_where_they_say),
		cmocka_unit_test(faults_are_reported),
		cmocka_unit_test(endless_programs_end),
		cmocka_unit_test(random_programs_do_no_harm),
	};

	return cmocka_run_group_tests_name("agent", tests, NULL, NULL);
}
