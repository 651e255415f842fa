/* SPDX-License-Identifier: MIT */
/*
 * 16550 serial lines, polled. A line that is not there (its scratch register
 * does not hold a value) stays silent. Output waits for the transmitter a
 * bounded number of polls and then drops the byte.
 */
#include <arch/cpu.h>
#include <arch/machine.h>

#define NR_LINES    2
#define WAIT_POLLS  100000
/* Twice the time that a byte takes at 115200 baud, on a port of an old bus. */
#define OFFER_POLLS 200

enum { THR = 0, IER = 1, FCR = 2, LCR = 3, MCR = 4, LSR = 5, SCR = 7 };
#define LSR_DATA  0x01
#define LSR_EMPTY 0x20

static const u16 base[NR_LINES] = {0x3f8, 0x2f8};
static bool present[NR_LINES];

bool uart_init(unsigned int line)
{
	u16 b = base[line];

	outb(b + SCR, 0x5a);
	if (inb(b + SCR) != 0x5a) {
		return false;
	}
	outb(b + IER, 0);
	outb(b + LCR, 0x80);
	outb(b + THR, 1); /* 115200 baud */
	outb(b + IER, 0);
	outb(b + LCR, 3); /* 8n1 */
	outb(b + FCR, 7);
	outb(b + MCR, 3);
	present[line] = true;
	return true;
}

static bool put_within(unsigned int line, char c, unsigned int polls)
{
	u16 b = base[line];

	for (unsigned int i = 0; i < polls; i++) {
		if (inb(b + LSR) & LSR_EMPTY) {
			outb(b + THR, (u8)c);
			return true;
		}
	}
	return false;
}

void uart_putc(unsigned int line, char c)
{
	if (present[line]) {
		(void)put_within(line, c, WAIT_POLLS);
	}
}

bool uart_offer(unsigned int line, char c)
{
	return present[line] && put_within(line, c, OFFER_POLLS);
}

int uart_getc(unsigned int line)
{
	u16 b = base[line];

	return present[line] && (inb(b + LSR) & LSR_DATA) ? inb(b + THR) : -1;
}
