/* SPDX-License-Identifier: MIT */
/*
 * Consoles: the machine's serial lines, the log ring, and the console rings of
 * domains whose backend the hypervisor is.
 */
#ifndef HV_CONSOLE_H
#define HV_CONSOLE_H

#include <hv/domain.h>

/** Finds COM1 and COM2 and starts them; "com1", "com2" or "none" as the log's
 *  line. */
void console_init(const char *cmdline_value);
void console_write(const char *s, size_t len);
/** Bytes of the log since boot that are still kept; for readconsole. */
size_t console_log_read(char *buf, size_t size, u64 *pos);
/** Called from the main loop: moves received bytes on. */
void console_poll(void);
/** The same, without waiting for its turn: while nothing else is to be done. */
void console_poll_now(void);

/** A guest wrote to the emergency console (console_io write). */
void console_guest_write(struct domain *d, const char *s, size_t len);
/** Input for the domain that owns the machine's console; returns count. */
size_t console_guest_read(struct domain *d, char *buf, size_t size);

/** Backend of a domain's console ring: drains its output, in the hypercall
 *  that notified it, as a function of the ring alone (no log needed). */
void console_ring_notify(struct domain *d);
/** Input for its console: returns how many bytes were taken. A traced domain's
 *  goes to its session, which puts it into the ring at a logged position. */
size_t console_ring_input(struct domain *d, const char *s, size_t len);
/** Puts bytes into its input ring, now; returns how many fitted. */
size_t console_ring_put(struct domain *d, const char *s, size_t len);

/** Output of domains other than the first, kept until it is read. */
void console_buffer_write(struct domain *d, const char *s, size_t len);
/** Takes what was kept; returns the count. */
size_t console_buffer_read(struct domain *d, char *buf, size_t size);
void console_buffer_free(struct domain *d);

/** The machine's second serial line, relayed to the control domain. Bytes read
 *  or written: as many as the line takes now, 0 when there is none. */
size_t console_serial_read(char *buf, size_t size);
size_t console_serial_write(const char *buf, size_t size);

#endif
