/* SPDX-License-Identifier: MIT */
/*
 * Framing of GDB's remote serial protocol: see rsp.h.
 *
 * Run-length coding is never produced and never expected: GDB itself does
 * not send it, and '*' is a legal byte in the contents of binary packets.
 */
#include <chv/rsp.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char hex_digits[] = "0123456789abcdef";

int rsp_hex_digit(int c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	if (c >= 'A' && c <= 'F') {
		return c - 'A' + 10;
	}
	return -1;
}

void rsp_input_reset(struct rsp_input *in)
{
	in->state = RSP_IDLE;
	in->len = 0;
	in->sum = 0;
	in->claimed = 0;
	in->overflow = false;
	in->bad_digit = false;
}

bool rsp_input_busy(const struct rsp_input *in)
{
	return in->state != RSP_IDLE;
}

static void begin(struct rsp_input *in)
{
	rsp_input_reset(in);
	in->state = RSP_BODY;
}

static void store(struct rsp_input *in, uint8_t byte)
{
	if (in->len >= RSP_PACKET_MAX) {
		in->overflow = true;
		return;
	}
	in->buf[in->len++] = byte;
}

static enum rsp_event idle_byte(struct rsp_input *in, uint8_t byte)
{
	switch (byte) {
	case '$':
		begin(in);
		return RSP_NONE;
	case 0x03:
		return RSP_INTERRUPT;
	case '+':
		return RSP_ACK;
	case '-':
		return RSP_NAK;
	default:
		/* Line noise between packets means nothing. */
		return RSP_NONE;
	}
}

static void body_byte(struct rsp_input *in, uint8_t byte)
{
	if (byte == '$') {
		/* It is always escaped inside: the peer began anew. */
		begin(in);
		return;
	}
	if (byte == '#') {
		in->state = RSP_SUM_HIGH;
		return;
	}
	in->sum = (uint8_t)(in->sum + byte);
	if (byte == '}') {
		in->state = RSP_ESCAPE;
		return;
	}
	store(in, byte);
}

static void escaped_byte(struct rsp_input *in, uint8_t byte)
{
	in->sum = (uint8_t)(in->sum + byte);
	store(in, byte ^ 0x20);
	in->state = RSP_BODY;
}

static void sum_digit(struct rsp_input *in, uint8_t byte)
{
	int digit = rsp_hex_digit(byte);

	if (digit < 0) {
		in->bad_digit = true;
		digit = 0;
	}
	in->claimed = (uint8_t)(in->claimed << 4 | digit);
}

static enum rsp_event finish(struct rsp_input *in)
{
	in->state = RSP_IDLE;
	if (in->bad_digit || in->claimed != in->sum) {
		return RSP_BAD_CHECKSUM;
	}
	if (in->overflow) {
		return RSP_TOO_LONG;
	}
	in->buf[in->len] = '\0';
	return RSP_PACKET;
}

enum rsp_event rsp_input_byte(struct rsp_input *in, uint8_t byte)
{
	switch (in->state) {
	case RSP_IDLE:
		return idle_byte(in, byte);
	case RSP_BODY:
		body_byte(in, byte);
		return RSP_NONE;
	case RSP_ESCAPE:
		escaped_byte(in, byte);
		return RSP_NONE;
	case RSP_SUM_HIGH:
		sum_digit(in, byte);
		in->state = RSP_SUM_LOW;
		return RSP_NONE;
	case RSP_SUM_LOW:
		sum_digit(in, byte);
		return finish(in);
	}
	return RSP_NONE;
}

void rsp_reset(struct rsp_output *out)
{
	out->len = 0;
	out->overflow = false;
}

void rsp_put_byte(struct rsp_output *out, uint8_t byte)
{
	if (out->len >= sizeof(out->buf)) {
		out->overflow = true;
		return;
	}
	out->buf[out->len++] = byte;
}

void rsp_put(struct rsp_output *out, const char *text)
{
	for (; *text != '\0'; text++) {
		rsp_put_byte(out, (uint8_t)*text);
	}
}

void rsp_printf(struct rsp_output *out, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) >= (int)sizeof(text)) {
		out->overflow = true;
	}
	va_end(ap);
	rsp_put(out, text);
}

void rsp_put_hex(struct rsp_output *out, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i++) {
		rsp_put_byte(out, (uint8_t)hex_digits[bytes[i] >> 4]);
		rsp_put_byte(out, (uint8_t)hex_digits[bytes[i] & 0xf]);
	}
}

static bool needs_escape(uint8_t byte)
{
	return byte == '#' || byte == '$' || byte == '}' || byte == '*';
}

size_t rsp_put_binary(struct rsp_output *out, const void *data, size_t len)
{
	const uint8_t *bytes = data;
	size_t i;

	for (i = 0; i < len; i++) {
		size_t need = needs_escape(bytes[i]) ? 2 : 1;

		if (sizeof(out->buf) - out->len < need) {
			break;
		}
		if (need == 2) {
			rsp_put_byte(out, '}');
			rsp_put_byte(out, bytes[i] ^ 0x20);
		} else {
			rsp_put_byte(out, bytes[i]);
		}
	}
	return i;
}

size_t rsp_frame(const struct rsp_output *out, uint8_t *wire)
{
	uint8_t sum = 0;

	wire[0] = '$';
	for (size_t i = 0; i < out->len; i++) {
		wire[1 + i] = out->buf[i];
		sum = (uint8_t)(sum + out->buf[i]);
	}
	wire[out->len + 1] = '#';
	wire[out->len + 2] = (uint8_t)hex_digits[sum >> 4];
	wire[out->len + 3] = (uint8_t)hex_digits[sum & 0xf];
	return out->len + 4;
}

struct rsp_args rsp_args(const void *data, size_t len)
{
	const uint8_t *p = data;

	return (struct rsp_args){.p = p, .end = p + len, .bad = false};
}

size_t rsp_args_left(const struct rsp_args *a)
{
	return (size_t)(a->end - a->p);
}

bool rsp_args_done(const struct rsp_args *a)
{
	return !a->bad && a->p == a->end;
}

uint64_t rsp_take_hex(struct rsp_args *a)
{
	uint64_t value = 0;
	unsigned int digits = 0;

	while (a->p < a->end && rsp_hex_digit(*a->p) >= 0) {
		if (++digits > 16) {
			a->bad = true;
			return 0;
		}
		value = value << 4 | (uint64_t)rsp_hex_digit(*a->p++);
	}
	if (digits == 0) {
		a->bad = true;
	}
	return a->bad ? 0 : value;
}

bool rsp_maybe_char(struct rsp_args *a, char c)
{
	if (a->bad || a->p >= a->end || *a->p != (uint8_t)c) {
		return false;
	}
	a->p++;
	return true;
}

void rsp_take_char(struct rsp_args *a, char c)
{
	if (!rsp_maybe_char(a, c)) {
		a->bad = true;
	}
}

bool rsp_maybe_text(struct rsp_args *a, const char *text)
{
	size_t len = strlen(text);

	if (a->bad || rsp_args_left(a) < len || memcmp(a->p, text, len) != 0) {
		return false;
	}
	a->p += len;
	return true;
}

void rsp_take_bytes(struct rsp_args *a, void *buf, size_t len)
{
	uint8_t *bytes = buf;

	if (a->bad || rsp_args_left(a) / 2 < len) {
		a->bad = true;
		return;
	}
	for (size_t i = 0; i < len; i++) {
		int high = rsp_hex_digit(*a->p++);
		int low = rsp_hex_digit(*a->p++);

		if (high < 0 || low < 0) {
			a->bad = true;
			return;
		}
		bytes[i] = (uint8_t)(high << 4 | low);
	}
}
