/* SPDX-License-Identifier: MIT */
/*
 * The machine's console: the log's serial line, the ring of what was logged,
 * guests' emergency output a line at a time, and input for the first domain.
 */
#include <arch/machine.h>
#include <hv/console.h>
#include <hv/evtchn.h>
#include <hv/lib.h>
#include <hv/rr.h>

#define RELAYED_LINE 1 /* COM2 */
#define LOG_RING     65536
#define INPUT_RING   1024
#define POLL_MASK    0x3f /* every 64th look asks the device */

static struct {
	int line; /* serial line of the log, or -1 */
	char log[LOG_RING];
	u64 log_end; /* bytes ever written */
	char input[INPUT_RING];
	u32 input_prod, input_cons;
	unsigned int polls;
} con = {.line = -1};

void console_init(const char *where)
{
	con.line = -1;
	if (where != NULL && strcmp(where, "none") == 0) {
		return;
	}
	con.line = where != NULL && strncmp(where, "com2", 4) == 0 ? 1 : 0;
	if (!uart_init((unsigned int)con.line)) {
		con.line = -1;
	}
}

void console_write(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		con.log[con.log_end++ % LOG_RING] = s[i];
		if (con.line < 0) {
			continue;
		}
		if (s[i] == '\n') {
			uart_putc((unsigned int)con.line, '\r');
		}
		uart_putc((unsigned int)con.line, s[i]);
	}
}

size_t console_log_read(char *buf, size_t size, u64 *pos)
{
	u64 first = con.log_end > LOG_RING ? con.log_end - LOG_RING : 0;
	size_t n = 0;

	*pos = MAX(*pos, first);
	while (n < size && *pos < con.log_end) {
		buf[n++] = con.log[(*pos)++ % LOG_RING];
	}
	return n;
}

/* The domain that reads the machine's console: the first one. */
static struct domain *console_owner(void)
{
	return list_empty(&all_domains)
	               ? NULL
	               : CONTAINER_OF(all_domains.next, struct domain, link);
}

void console_guest_write(struct domain *d, const char *s, size_t len)
{
	bool visible = rr_tap_effect(d, s, len);

	if (d != console_owner()) {
		console_buffer_write(d, s, len);
	} else if (visible) {
		console_write(s, len);
	}
}

size_t console_guest_read(struct domain *d, char *buf, size_t size)
{
	size_t n = 0;

	if (d != console_owner()) {
		return 0;
	}
	while (n < size && con.input_cons != con.input_prod) {
		buf[n++] = con.input[con.input_cons++ % INPUT_RING];
	}
	return n;
}

/* Input reaches a domain through its console ring when it has one, else by
 * console_io reads announced with VIRQ_CONSOLE. */
static void push_input(void)
{
	struct domain *d = console_owner();
	char c;

	if (d == NULL) {
		return;
	}
	if (d->s.console_port == 0) {
		virq_raise_global(VIRQ_CONSOLE);
		return;
	}
	while (con.input_cons != con.input_prod) {
		c = con.input[con.input_cons % INPUT_RING];
		if (console_ring_input(d, &c, 1) == 0) {
			return;
		}
		con.input_cons++;
	}
}

void console_poll(void)
{
	if ((con.polls++ & POLL_MASK) == 0) {
		console_poll_now();
	}
}

void console_poll_now(void)
{
	bool got = false;
	int c;

	if (con.line < 0) {
		return;
	}
	while (con.input_prod - con.input_cons < INPUT_RING &&
	       (c = uart_getc((unsigned int)con.line)) >= 0) {
		con.input[con.input_prod++ % INPUT_RING] = (char)c;
		got = true;
	}
	if (got) {
		push_input();
	}
}

/* The relayed line, unless the log has it. */
static bool serial_ready(void)
{
	static bool tried, present;

	if (!tried) {
		tried = true;
		present = con.line != RELAYED_LINE && uart_init(RELAYED_LINE);
	}
	return present;
}

size_t console_serial_read(char *buf, size_t size)
{
	size_t n = 0;
	int c;

	while (serial_ready() && n < size &&
	       (c = uart_getc(RELAYED_LINE)) >= 0) {
		buf[n++] = (char)c;
	}
	return n;
}

size_t console_serial_write(const char *buf, size_t size)
{
	if (!serial_ready()) {
		return 0;
	}
	for (size_t i = 0; i < size; i++) {
		if (!uart_offer(RELAYED_LINE, buf[i])) {
			return i;
		}
	}
	return size;
}
