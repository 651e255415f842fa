/* SPDX-License-Identifier: MIT */
/*
 * What a machine says on its first serial line, as far as this program has to
 * know it. QEMU's exit status alone does not tell the good end of a machine
 * from a QEMU that could not start one: both are 1. Private to debugger/host/.
 */
#ifndef CHV_HOST_CONSOLE_H
#define CHV_HOST_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

#define HOST_CONSOLE_LINE 512

struct host_console {
	const char *show; /* Lines that begin so are printed; NULL: none. */

	bool spoke; /* The hypervisor said something. */
	bool ended; /* It ended the machine, with @end_status. */
	unsigned int end_status;
	bool rebooted;   /* It was asked to reboot. */
	bool left;       /* Somebody ended QEMU at its own prompt. */
	bool no_memory;  /* The hypervisor ran out of it. */
	bool served;     /* A GDB server is there. */
	bool exec_ended; /* dom0's one command ended, with @exec_status. */
	unsigned int exec_status;
	char reason[HOST_CONSOLE_LINE]; /* Last complaint, or "". */

	bool at_start; /* Behind a carriage return. */
	size_t len;
	char line[HOST_CONSOLE_LINE];
};

/** Take in the next @len bytes that the machine said. */
void host_console_take(struct host_console *c, const char *text, size_t len);

/** Nothing follows: what was said last may be a line that was cut. */
void host_console_end(struct host_console *c);

#endif
