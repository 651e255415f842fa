/* SPDX-License-Identifier: MIT */
/*
 * Following a machine's console line by line: see console.h. Lines of the
 * hypervisor may begin in the middle of a guest's, so they are searched for.
 */
#include "console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chv/cli.h>

/* What the server in dom0 prints when it is there. */
#define SERVER_READY "GDB server on "
#define HYPERVISOR   "(hv) "

static bool find_number(const char *line, const char *words,
                        unsigned int *number)
{
	const char *at = strstr(line, words);

	if (at == NULL) {
		return false;
	}
	*number = (unsigned int)strtoul(at + strlen(words), NULL, 10);
	return true;
}

static void note_end(struct host_console *c)
{
	c->ended |= find_number(c->line, HYPERVISOR "machine ends with status ",
	                        &c->end_status);
	c->exec_ended |=
		find_number(c->line, "chrono: exec status ", &c->exec_status);
	c->rebooted |= strstr(c->line, HYPERVISOR "machine reboots") != NULL;
	/* By Ctrl-a x, or by a command at the monitor. */
	c->left |= strstr(c->line, "QEMU: Terminated") != NULL ||
	           strstr(c->line, "(qemu) ") != NULL;
}

static bool begins(const char *line, const char *words)
{
	return strncmp(line, words, strlen(words)) == 0;
}

/* The last line that complains; the hypervisor says the cause as a warning,
 * and what came of it as an error. */
static void note_reason(struct host_console *c)
{
	const char *hv = strstr(c->line, HYPERVISOR);
	const char *why = NULL;

	c->spoke |= hv != NULL;
	c->no_memory |= hv != NULL && strstr(hv, "no memory") != NULL;
	if (begins(c->line, "chv: ")) {
		why = c->line + strlen("chv: ");
	} else if (begins(c->line, "qemu")) {
		why = c->line;
	} else if (hv != NULL && begins(hv, HYPERVISOR "warning: ")) {
		why = hv;
	} else if (hv != NULL && c->reason[0] == '\0' &&
	           begins(hv, HYPERVISOR "error: ")) {
		why = hv;
	}
	if (why != NULL) {
		snprintf(c->reason, sizeof(c->reason), "%s", why);
	}
}

static void take_line(struct host_console *c)
{
	c->line[c->len] = '\0';
	c->len = 0;
	if (c->show != NULL && begins(c->line, c->show)) {
		printf("%s\n", chv_clean(c->line + strlen(c->show)));
		fflush(stdout);
	}
	c->served |= begins(c->line, SERVER_READY);
	note_end(c);
	note_reason(c);
}

/* A progress line is overwritten by the next one: what counts is the last. */
static void take_byte(struct host_console *c, char byte)
{
	if (byte == '\n') {
		take_line(c);
	} else if (byte != '\r') {
		c->len = c->at_start ? 0 : c->len;
		if (c->len < sizeof(c->line) - 1) {
			c->line[c->len++] = byte;
		}
	}
	c->at_start = byte == '\r';
}

void host_console_take(struct host_console *c, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		take_byte(c, text[i]);
	}
}

void host_console_end(struct host_console *c)
{
	if (c->len > 0) {
		take_line(c);
	}
}
