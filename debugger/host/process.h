/* SPDX-License-Identifier: MIT */
/*
 * Processes of a machine: QEMU in front or behind, and GDB. Private to
 * debugger/host/.
 */
#ifndef CHV_HOST_PROCESS_H
#define CHV_HOST_PROCESS_H

#include <stdbool.h>

#include "machine.h"

struct host_console;

struct host_child {
	int in, out, err; /* Its standard files; -1: ours. */
	bool background;  /* Out of reach of the keyboard's signals. */
	int death;        /* The signal that it gets when we end. */
};

/** Start a program of PATH. Returns 0 with *@pid, or a negative errno. */
int host_child_start(char *const *argv, const struct host_child *how, int *pid);

/**
 * Run a machine to its end with our terminal; @console, zero before, follows
 * it. Returns what it ended with as a CHV_ status: CHV_OK only when the
 * hypervisor said that all was well, or, unless it is a @replay, when the
 * guest asked for a reboot or the user left QEMU.
 */
int host_run(const struct host_args *args, struct host_console *console,
             bool replay);

/**
 * Start a machine in the background with no terminal; what it says goes to
 * the file @log. Returns a CHV_ status.
 */
int host_start(const struct host_args *args, const char *log, int *pid);

/** End a machine that host_start() began: politely, then for sure. */
void host_stop(int pid);

#endif
