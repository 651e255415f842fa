/* SPDX-License-Identifier: MIT */
/*
 * A machine whose dom0 ends in a GDB server on the second serial line, and
 * GDB in front of it. Whatever happens, the machine ends with GDB. Private to
 * debugger/host/.
 */
#ifndef CHV_HOST_SERVED_H
#define CHV_HOST_SERVED_H

#include "machine.h"

struct host_served {
	struct host_machine m; /* Its exec has to start the server. */
	const char *symbols;   /* An ELF file for GDB; NULL: asks the server. */
	const char *script;    /* For GDB once it is connected, or NULL. */
	bool batch;            /* GDB ends with the script. */
	/* Lines of the console that begin so are for the user; or NULL. */
	const char *show;
	unsigned int patience_s; /* Until the server has to be there. */
	bool dry_run;
	char **gdb_args; /* More of them, NULL-terminated; or NULL. */
};

/** Run it to GDB's end. Returns GDB's status or a CHV_ one. */
int host_serve(struct host_served *s);

#endif
