/* SPDX-License-Identifier: MIT */
/*
 * A machine for Chronovisor: what QEMU is told, and its process. No shell is
 * involved anywhere; arguments are arrays.
 */
#ifndef CHV_HOST_MACHINE_H
#define CHV_HOST_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_MAX_ARGS 64

/** What to start. Zero is a default for everything that is optional. */
struct host_machine {
	const char *qemu;      /* Default: qemu-system-x86_64. */
	const char *image_dir; /* Default: see host_find_images(). */
	uint64_t memory_mib;   /* Default: 1024. */
	bool icount;           /* Count instructions: exact positions. */

	/* The first domain. kernel NULL: dom0 from the image directory. */
	const char *kernel;
	const char *initrd;
	const char *cmdline;
	const char *hv_options; /* Of the hypervisor, besides our own. */
	const char *exec;       /* In dom0: run this, then power off. */

	/* The trace window: a file, NULL for none. */
	const char *trace;
	bool trace_private;  /* What the machine writes is thrown away. */
	uint64_t trace_size; /* A power of two. */
	char trace_copy[32]; /* A file of ours that the window shows, or "". */

	const char *com2; /* Path of a UNIX socket that QEMU opens for COM2. */
};

/** A command line: pointers into text of its own. */
struct host_args {
	size_t nr;
	char *argv[HOST_MAX_ARGS + 1]; /* NULL-terminated. */
};

/** Where the hypervisor for @m and what belongs to it are found. A CHV_ status.
 */
int host_image_dir(const struct host_machine *m, char *dir, size_t size);

/**
 * Write QEMU's command line for @m. Returns a CHV_ status; what is wrong
 * with @m, or missing on this host, has been printed then.
 */
int host_machine_args(const struct host_machine *m, struct host_args *args);

void host_args_free(struct host_args *args);

/** Print @args so that a shell would understand them. */
void host_args_print(const struct host_args *args);

/**
 * Make sure that @path is a file that can be a window of at least @size
 * bytes: create it when it does not exist. On success *@actual is its size.
 */
int host_window_prepare(const char *path, uint64_t size, uint64_t *actual);

/**
 * Run @args to its end with our terminal. Returns the status that the
 * hypervisor ended the machine with as a CHV_ status.
 */
int host_run(const struct host_args *args);

/** Start @args in the background with no terminal. Returns a pid or -1. */
int host_start(const struct host_args *args, const char *log);

/** End a machine that host_start() began: politely, then for sure. */
void host_stop(int pid);

/**
 * Fill in what replaying the trace at @path takes: the window, the memory,
 * and with @clock_from_trace the clock. Returns a CHV_ status. A trace whose
 * size is no power of two is shown as a copy, which host_replay_done() removes.
 */
int host_replay_machine(struct host_machine *m, const char *path,
                        bool clock_from_trace);
void host_replay_done(struct host_machine *m);

#endif
