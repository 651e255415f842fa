/* SPDX-License-Identifier: MIT */
/*
 * The decoder of privileged instructions: each form it knows, with prefixes;
 * lengths against capstone's; and that it never reads beyond what it is given
 * (the bytes lie at the end of their allocation, for the sanitizer).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <capstone/capstone.h>
#include <cmocka.h>

#include <hv/lib.h>
#include <pv/decode.h>

#define BYTES(...) {__VA_ARGS__}, sizeof((u8[]){__VA_ARGS__})

struct expected {
	u8 bytes[INSN_MAX];
	u8 length;
	struct insn in;
};

static const struct expected forms[] = {
	{BYTES(0x0f, 0x30), {.opcode = 0x0f30, .size = 1}},
	{BYTES(0x48, 0x0f, 0x32), {.opcode = 0x0f32, .size = 1}},
	{BYTES(0x0f, 0x31), {.opcode = 0x0f31, .size = 4}},
	{BYTES(0x0f, 0x01, 0xf9), {.opcode = 0x0f01f9, .size = 4}},
	{BYTES(0x0f, 0x01, 0xd1), {.opcode = 0x0f01d1, .size = 4}},
	{BYTES(0x0f, 0xa2), {.opcode = 0x0fa2, .size = 1}},
	{BYTES(0x0f, 0x09), {.opcode = 0x0f09, .size = 4}},
	{BYTES(0x0f, 0x06), {.opcode = 0x0f06, .size = 1}},
	{BYTES(0xfa), {.opcode = 0xfa, .size = 1}},
	{BYTES(0xfb), {.opcode = 0xfb, .size = 4}},
	/* mov %cr4, %r9; mov %rbx, %cr3; mov %cr8, %rax; mod is ignored */
	{BYTES(0x41, 0x0f, 0x20, 0xe1),
         {.opcode = 0x0f20, .size = 1, .reg = 4, .rm = 9}},
	{BYTES(0x0f, 0x22, 0xdb),
         {.opcode = 0x0f22, .size = 1, .reg = 3, .rm = 3}},
	{BYTES(0x44, 0x0f, 0x20, 0xc0),
         {.opcode = 0x0f20, .size = 1, .reg = 8, .rm = 0}},
	{BYTES(0x0f, 0x21, 0x3a),
         {.opcode = 0x0f21, .size = 4, .reg = 7, .rm = 2}},
	/* in, out and their strings */
	{BYTES(0xe4, 0x71), {.opcode = 0xe4, .size = 1, .imm8 = 0x71}},
	{BYTES(0x66, 0xe5, 0x71), {.opcode = 0xe5, .size = 2, .imm8 = 0x71}},
	{BYTES(0xe7, 0xff), {.opcode = 0xe7, .size = 4, .imm8 = 0xff}},
	{BYTES(0xec), {.opcode = 0xec, .size = 1}},
	{BYTES(0x66, 0xef), {.opcode = 0xef, .size = 2}},
	{BYTES(0x48, 0xed), {.opcode = 0xed, .size = 4}},
	{BYTES(0xf3, 0x6c), {.opcode = 0x6c, .size = 1, .rep = true}},
	{BYTES(0xf2, 0x66, 0x6d), {.opcode = 0x6d, .size = 2, .rep = true}},
	{BYTES(0x67, 0xf3, 0x65, 0x6f),
         {.opcode = 0x6f,
          .size = 4,
          .rep = true,
          .address32 = true,
          .segment = INSN_SEG_GS}},
	{BYTES(0x64, 0x6e),
         {.opcode = 0x6e, .size = 1, .segment = INSN_SEG_FS}},
	/* a REX prefix that another follows is void */
	{BYTES(0x41, 0x3e, 0x0f, 0x20, 0xe1),
         {.opcode = 0x0f20, .size = 1, .reg = 4, .rm = 1}},
};

/* Decodes @size bytes that end where their allocation does. */
static bool decode_exact(const u8 *bytes, unsigned int size, bool long_mode,
                         struct insn *in)
{
	u8 *copy = malloc(size + 1);
	bool ok;

	assert_non_null(copy);
	memcpy(copy + 1, bytes, size);
	ok = insn_decode(copy + 1, size, long_mode, in);
	free(copy);
	return ok;
}

static void test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct expected *e = &forms[i];
		struct insn in;

		assert_true(decode_exact(e->bytes, e->length, true, &in));
		assert_int_equal(in.length, e->length);
		assert_int_equal(in.opcode, e->in.opcode);
		assert_int_equal(in.size, e->in.size);
		assert_int_equal(in.reg, e->in.reg);
		assert_int_equal(in.rm, e->in.rm);
		assert_int_equal(in.imm8, e->in.imm8);
		assert_int_equal(in.segment, e->in.segment);
		assert_int_equal(in.rep, e->in.rep);
		assert_int_equal(in.address32, e->in.address32);
	}
}

static void test_cut_short(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		for (unsigned int n = 0; n < forms[i].length; n++) {
			struct insn in;

			assert_false(
				decode_exact(forms[i].bytes, n, true, &in));
		}
	}
}

/* Capstone and we agree on the length of each form under each pair of
 * prefixes that changes nothing but sizes. */
static void test_lengths(void **state)
{
	static const u8 prefixes[] = {0x2e, 0x3e, 0x64, 0x66, 0x67, 0x48};
	unsigned int compared = 0;
	csh cs;

	(void)state;
	assert_int_equal(cs_open(CS_ARCH_X86, CS_MODE_64, &cs), CS_ERR_OK);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		for (size_t p = 0; p < ARRAY_SIZE(prefixes); p++) {
			u8 bytes[INSN_MAX] = {prefixes[p]};
			cs_insn *theirs;
			struct insn ours;

			memcpy(bytes + 1, forms[i].bytes, forms[i].length);
			if (cs_disasm(cs, bytes, sizeof(bytes), 0, 1,
			              &theirs) != 1) {
				continue;
			}
			assert_true(
				insn_decode(bytes, sizeof(bytes), true, &ours));
			assert_int_equal(ours.length, theirs->size);
			cs_free(theirs, 1);
			compared++;
		}
	}
	assert_in_range(compared, 3 * ARRAY_SIZE(forms), 1000);
	cs_close(&cs);
}

static void test_lock_is_refused(void **state)
{
	static const u8 bytes[] = {0xf0, 0x0f, 0x22, 0xc0};
	struct insn in;

	(void)state;
	assert_false(insn_decode(bytes, sizeof(bytes), true, &in));
}

/* In 32-bit code 0x40 to 0x4f are instructions. */
static void test_legacy_mode(void **state)
{
	static const u8 inc[] = {0x41, 0x0f, 0x31};
	static const u8 tsc[] = {0x0f, 0x31};
	struct insn in;

	(void)state;
	assert_true(insn_decode(inc, sizeof(inc), false, &in));
	assert_int_equal(in.opcode, 0x41);
	assert_true(insn_decode(tsc, sizeof(tsc), false, &in));
	assert_int_equal(in.opcode, 0x0f31);
	assert_true(in.address32);
}

static void test_random_bytes(void **state)
{
	(void)state;
	srandom(1);
	for (unsigned int i = 0; i < 300000; i++) {
		u8 bytes[INSN_MAX + 5];
		unsigned int size = (unsigned int)random() % sizeof(bytes);
		struct insn in;

		for (unsigned int b = 0; b < size; b++) {
			/* Prefixes and 0f more often than by chance. */
			static const u8 likely[] = {0x0f, 0x66, 0x48, 0xf3};
			long r = random();

			bytes[b] = r & 0x300 ? (u8)r : likely[r & 3];
		}
		if (decode_exact(bytes, size, i & 1, &in)) {
			assert_in_range(in.length, 1, MIN(size, INSN_MAX));
		}
	}
}

static void test_prefixes_without_end(void **state)
{
	u8 bytes[64];
	struct insn in;

	(void)state;
	memset(bytes, 0x66, sizeof(bytes));
	assert_false(insn_decode(bytes, sizeof(bytes), true, &in));
}

static void test_int(void **state)
{
	(void)state;
	for (int n = 0; n < 256; n++) {
		const u8 bytes[] = {0xcd, (u8)n};

		assert_int_equal(insn_decode_int(bytes, 2), n);
		assert_int_equal(insn_decode_int(bytes, 1), -1);
		assert_int_equal(insn_decode_int(bytes, 0), -1);
	}
	assert_int_equal(insn_decode_int((const u8[]){0xcc, 0x80}, 2), -1);
}

static void test_forced_cpuid(void **state)
{
	u8 bytes[] = {0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, 0xa2, 0x90};

	(void)state;
	assert_int_equal(insn_decode_forced_cpuid(bytes, sizeof(bytes)), 7);
	for (unsigned int n = 0; n < 7; n++) {
		assert_int_equal(insn_decode_forced_cpuid(bytes, n), 0);
		bytes[n] ^= 1;
		assert_int_equal(insn_decode_forced_cpuid(bytes, 8), 0);
		bytes[n] ^= 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_lock_is_refused),
		cmocka_unit_test(test_legacy_mode),
		cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_prefixes_without_end),
		cmocka_unit_test(test_int),
		cmocka_unit_test(test_forced_cpuid),
	};

	return cmocka_run_group_tests_name("pv_decode", tests, NULL, NULL);
}
