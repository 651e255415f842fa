/* SPDX-License-Identifier: MIT */
/*
 * Verbs that work in dom0 and elsewhere: their dom0 side. Each prints what
 * goes wrong and returns a CHV_ status.
 */
#ifndef CHV_DOM0_H
#define CHV_DOM0_H

#include <stdbool.h>

struct chv_memory;

/** Replay the trace at @path, or the window's, to its end. */
int dom0_replay(const char *path);

struct dom0_gdb {
	const char *what;    /* A domain, a trace's path, or "window". */
	const char *listen;  /* A port, or the path of a UNIX socket. */
	const char *symbols; /* An ELF file for GDB, or NULL. */
	bool serial;         /* On the relayed serial line instead. */
};

/** Serve GDB until it is told to stop. */
int dom0_gdb(const struct dom0_gdb *request);

/** Stop the domain called @name, let @use read its memory, let it go on. */
int dom0_symbols(const char *name,
                 int (*use)(const struct chv_memory *mem, void *ctx),
                 void *ctx);

#endif
