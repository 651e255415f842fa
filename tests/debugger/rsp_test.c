/* SPDX-License-Identifier: MIT */
/*
 * Framing: every byte has a meaning in every state, and none does harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <chv/rsp.h>

static struct rsp_input in;
static struct rsp_output out;

static enum rsp_event feed(const char *bytes, size_t len)
{
	enum rsp_event event = RSP_NONE;

	for (size_t i = 0; i < len; i++) {
		event = rsp_input_byte(&in, (uint8_t)bytes[i]);
	}
	return event;
}

static int setup(void **state)
{
	(void)state;
	rsp_input_reset(&in);
	rsp_reset(&out);
	return 0;
}

static void packet_with_right_checksum_is_delivered(void **state)
{
	(void)state;
	assert_int_equal(feed("$qC#b4", 6), RSP_PACKET);
	assert_int_equal(in.len, 2);
	assert_string_equal((char *)in.buf, "qC");
}

static void packet_with_wrong_checksum_is_not(void **state)
{
	(void)state;
	assert_int_equal(feed("$qC#b5", 6), RSP_BAD_CHECKSUM);
	assert_int_equal(feed("$qC#zz", 6), RSP_BAD_CHECKSUM);
	assert_int_equal(feed("$qC#b4", 6), RSP_PACKET);
}

static void escapes_are_undone_and_counted_as_sent(void **state)
{
	(void)state;
	/* '}' 0x03 stands for '#'. */
	assert_int_equal(feed("$a}\x03#e1", 7), RSP_PACKET);
	assert_int_equal(in.len, 2);
	assert_memory_equal(in.buf, "a#", 2);
}

static void dollar_inside_starts_a_new_packet(void **state)
{
	(void)state;
	assert_int_equal(feed("$lost$qC#b4", 11), RSP_PACKET);
	assert_string_equal((char *)in.buf, "qC");
}

static void interrupt_counts_only_between_packets(void **state)
{
	(void)state;
	assert_int_equal(feed("\x03", 1), RSP_INTERRUPT);
	assert_int_equal(feed("$\x03", 2), RSP_NONE);
	assert_true(rsp_input_busy(&in));
	assert_int_equal(feed("#03", 3), RSP_PACKET);
}

static void noise_between_packets_is_ignored(void **state)
{
	(void)state;
	assert_int_equal(feed("abc#}\xff", 6), RSP_NONE);
	assert_false(rsp_input_busy(&in));
	assert_int_equal(feed("+", 1), RSP_ACK);
	assert_int_equal(feed("-", 1), RSP_NAK);
}

static void longest_packet_passes_and_one_more_does_not(void **state)
{
	(void)state;
	for (unsigned int extra = 0; extra < 2; extra++) {
		static const char digits[] = "0123456789abcdef";
		uint8_t sum = (uint8_t)('a' * (RSP_PACKET_MAX + extra));
		char tail[3] = {'#', digits[sum >> 4], digits[sum & 15]};

		feed("$", 1);
		for (size_t i = 0; i < RSP_PACKET_MAX + extra; i++) {
			feed("a", 1);
		}
		assert_int_equal(feed(tail, 3),
		                 extra == 0 ? RSP_PACKET : RSP_TOO_LONG);
	}
	assert_int_equal(feed("$qC#b4", 6), RSP_PACKET);
}

static void frame_survives_its_own_parser(void **state)
{
	static uint8_t wire[RSP_WIRE_MAX];
	uint8_t data[256];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++) {
		data[i] = (uint8_t)i;
	}
	assert_int_equal(rsp_put_binary(&out, data, sizeof(data)),
	                 sizeof(data));
	len = rsp_frame(&out, wire);
	assert_int_equal(feed((char *)wire, len), RSP_PACKET);
	assert_int_equal(in.len, sizeof(data));
	assert_memory_equal(in.buf, data, sizeof(data));
}

static void binary_never_ends_in_half_an_escape(void **state)
{
	static uint8_t dollars[RSP_PACKET_MAX];

	(void)state;
	memset(dollars, '$', sizeof(dollars));
	rsp_put_byte(&out, 'm');
	assert_int_equal(rsp_put_binary(&out, dollars, sizeof(dollars)),
	                 (RSP_PACKET_MAX - 1) / 2);
	assert_false(out.overflow);
	rsp_put(&out, "xx");
	assert_true(out.overflow);
}

static void arguments_never_read_past_the_end(void **state)
{
	struct rsp_args a = rsp_args("12,34", 2);
	uint8_t bytes[4];

	(void)state;
	assert_int_equal(rsp_take_hex(&a), 0x12);
	assert_true(rsp_args_done(&a));
	rsp_take_char(&a, ',');
	assert_true(a.bad);
	a = rsp_args("0102030", 7);
	rsp_take_bytes(&a, bytes, 4);
	assert_true(a.bad);
	a = rsp_args("11112222333344445", 17);
	rsp_take_hex(&a);
	assert_true(a.bad);
	a = rsp_args("", 0);
	rsp_take_hex(&a);
	assert_true(a.bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(packet_with_right_checksum_is_delivered,
	                               setup),
		cmocka_unit_test_setup(packet_with_wrong_checksum_is_not,
	                               setup),
		cmocka_unit_test_setup(escapes_are_undone_and_counted_as_sent,
	                               setup),
		cmocka_unit_test_setup(dollar_inside_starts_a_new_packet,
	                               setup),
		cmocka_unit_test_setup(interrupt_counts_only_between_packets,
	                               setup),
		cmocka_unit_test_setup(noise_between_packets_is_ignored, setup),
		cmocka_unit_test_setup(
			longest_packet_passes_and_one_more_does_not, setup),
		cmocka_unit_test_setup(frame_survives_its_own_parser, setup),
		cmocka_unit_test_setup(binary_never_ends_in_half_an_escape,
	                               setup),
		cmocka_unit_test_setup(arguments_never_read_past_the_end,
	                               setup),
	};

	return cmocka_run_group_tests_name("rsp", tests, NULL, NULL);
}
