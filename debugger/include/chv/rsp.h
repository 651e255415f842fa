/* SPDX-License-Identifier: MIT */
/*
 * Framing of GDB's remote serial protocol: bytes to packets and back.
 *
 * This layer knows no packet's meaning and no socket. The input side is a
 * total state machine: each byte in each state has one transition, nothing
 * is allocated and nothing grows. See "Remote Protocol, Overview" in GDB's
 * manual.
 */
#ifndef CHV_RSP_H
#define CHV_RSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a packet's contents, as announced in PacketSize. */
#define RSP_PACKET_MAX 0x4000
/* A packet on the wire: '$', contents, '#', two digits. */
#define RSP_WIRE_MAX   (RSP_PACKET_MAX + 4)

enum rsp_event {
	RSP_NONE,         /* The byte was taken; nothing to do. */
	RSP_PACKET,       /* input.buf holds input.len bytes of contents. */
	RSP_INTERRUPT,    /* A 0x03 between packets. */
	RSP_ACK,          /* '+' */
	RSP_NAK,          /* '-' */
	RSP_BAD_CHECKSUM, /* A packet came damaged and was dropped. */
	RSP_TOO_LONG,     /* A packet above RSP_PACKET_MAX was dropped. */
};

enum rsp_state {
	RSP_IDLE,
	RSP_BODY,
	RSP_ESCAPE,
	RSP_SUM_HIGH,
	RSP_SUM_LOW,
};

struct rsp_input {
	enum rsp_state state;
	size_t len;
	uint8_t sum;     /* Of the bytes as they came. */
	uint8_t claimed; /* First digit of the packet's own checksum. */
	bool bad_digit;
	bool overflow;
	uint8_t buf[RSP_PACKET_MAX + 1]; /* Terminated for text packets. */
};

/** Forget whatever was half received. */
void rsp_input_reset(struct rsp_input *in);

/** Take one byte. A packet's contents stay valid until the next call. */
enum rsp_event rsp_input_byte(struct rsp_input *in, uint8_t byte);

/** True inside a packet: the peer owes us the rest of it. */
bool rsp_input_busy(const struct rsp_input *in);

/**
 * Contents of a packet that is being written. What does not fit is cut and
 * remembered in overflow, so that writers need no checks of their own.
 */
struct rsp_output {
	size_t len;
	bool overflow;
	uint8_t buf[RSP_PACKET_MAX];
};

void rsp_reset(struct rsp_output *out);
void rsp_put_byte(struct rsp_output *out, uint8_t byte);
void rsp_put(struct rsp_output *out, const char *text);
void rsp_printf(struct rsp_output *out, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/** Two lower-case digits per byte, in memory order. */
void rsp_put_hex(struct rsp_output *out, const void *data, size_t len);
/**
 * Binary data with the protocol's escapes. Returns how many bytes of @data
 * fit; none is written by halves.
 */
size_t rsp_put_binary(struct rsp_output *out, const void *data, size_t len);

/** Frame @out into @wire (RSP_WIRE_MAX bytes). Returns the length. */
size_t rsp_frame(const struct rsp_output *out, uint8_t *wire);

/** The value of a hexadecimal digit, or -1. */
int rsp_hex_digit(int c);

/**
 * Reads typed fields from a packet's contents, never past their end. After
 * the first failure every further field fails as well, so one check of @bad
 * at the end is enough.
 */
struct rsp_args {
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
};

struct rsp_args rsp_args(const void *data, size_t len);
/** A hexadecimal number of 1 to 16 digits. */
uint64_t rsp_take_hex(struct rsp_args *a);
/** Exactly this character. */
void rsp_take_char(struct rsp_args *a, char c);
/** True, and the character is consumed, when it comes next. */
bool rsp_maybe_char(struct rsp_args *a, char c);
/** True, and the text is consumed, when it comes next. */
bool rsp_maybe_text(struct rsp_args *a, const char *text);
/** Pairs of hex digits into bytes: exactly @len of them. */
void rsp_take_bytes(struct rsp_args *a, void *buf, size_t len);
/** Bytes that are left. */
size_t rsp_args_left(const struct rsp_args *a);
/** True when everything was well formed and used up. */
bool rsp_args_done(const struct rsp_args *a);

#endif
