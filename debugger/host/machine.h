/* SPDX-License-Identifier: MIT */
/*
 * A machine for Chronovisor: what QEMU is told. No shell is involved anywhere;
 * arguments are arrays.
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
	uint64_t trace_end;  /* Last entry of a trace to replay. */
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

/**
 * Parse a size for --memory. Returns a CHV_ status; what is wrong has been
 * printed then.
 */
int host_memory_parse(const char *text, uint64_t *mib);

/** That @path is a regular file that can be read. A CHV_ status. */
int host_check_file(const char *path);

/** Print @args so that a shell would understand them. */
void host_args_print(const struct host_args *args);

/** What is asked of a replay besides its trace. */
struct host_replay {
	bool clock_given; /* m->icount is what the user wants. */
	bool with_dom0; /* By a dom0 that has chv, not by the hypervisor alone.
	                 */
};

/**
 * Fill in what replaying the trace at @path takes: the window, the memory and
 * the clock, after checking that the trace can be replayed and that what is
 * given in @m suffices. Returns a CHV_ status; CHV_TRACE_BAD is about the
 * trace alone. A trace whose size is no power of two is shown as a copy, which
 * host_replay_done() removes.
 */
int host_replay_machine(struct host_machine *m, const char *path,
                        const struct host_replay *how);
void host_replay_done(struct host_machine *m);

#endif
