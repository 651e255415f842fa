/* SPDX-License-Identifier: MIT */
/*
 * The GDB server: one client of the remote serial protocol on one target.
 *
 * A session is pure: bytes in, bytes out, and a target to drive. It opens no
 * socket and reads no clock, so tests feed it directly. gdb_serve() puts one
 * behind a TCP port, a UNIX socket or a descriptor that is already open.
 *
 * Invariant: a client that goes away, at any byte, leaves the target without
 * breakpoints; no packet alters a recorded past.
 */
#ifndef CHV_GDBSERVER_H
#define CHV_GDBSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chv_target;
struct gdb_session;

/** A session on @t, which outlives it. NULL when memory is short. */
struct gdb_session *gdb_session_new(struct chv_target *t);

/** Drop all breakpoints, detach from the target and free the session. */
void gdb_session_free(struct gdb_session *s);

/**
 * On a line on which nobody sees clients come and go: whoever introduces
 * itself is a new one, and finds what a new one finds.
 */
void gdb_session_on_line(struct gdb_session *s);

/**
 * Take bytes from the client. Returns how many were used: fewer than @len
 * means "send the output first, then offer the rest again".
 */
size_t gdb_session_input(struct gdb_session *s, const uint8_t *data,
                         size_t len);

/** Bytes for the client; call gdb_session_sent() for what was written. */
size_t gdb_session_output(const struct gdb_session *s, const uint8_t **data);
void gdb_session_sent(struct gdb_session *s, size_t len);

/**
 * Look whether a running target has stopped, and answer the client if so.
 * @now_ms is any monotonic clock; it paces progress messages only.
 */
void gdb_session_poll(struct gdb_session *s, uint64_t now_ms);

/** True while the client waits for the guest. */
bool gdb_session_running(const struct gdb_session *s);

/** True in the middle of a packet: silence here is a broken client. */
bool gdb_session_mid_packet(const struct gdb_session *s);

/** True when the connection should be closed once the output is written. */
bool gdb_session_closing(const struct gdb_session *s);

enum gdb_transport {
	GDB_TCP,
	GDB_UNIX,
	GDB_FD,
	GDB_LINE, /* A descriptor too, on which clients come and go unseen. */
};

struct gdb_serve_options {
	enum gdb_transport transport;
	const char *host; /* Of GDB_TCP: a numeric address. */
	uint16_t port;    /* Of GDB_TCP; 0 lets the system choose. */
	const char *path; /* Of GDB_UNIX. */
	int fd;           /* Of GDB_FD, GDB_LINE; stays open. */
	bool once;        /* Leave after the first client. */
	int stop_fd;      /* Readable when the server should leave, or -1. */
	/* Called once when clients can connect, with the address. */
	void (*ready)(void *ctx, const char *address);
	/* One line for the log, without a newline. */
	void (*log)(void *ctx, const char *line);
	void *ctx;
};

/**
 * Serve clients, one at a time, until stop_fd, or the end of the only one.
 * Returns 0 or a negative errno when the address cannot be used.
 */
int gdb_serve(struct chv_target *t, const struct gdb_serve_options *opt);

#endif
