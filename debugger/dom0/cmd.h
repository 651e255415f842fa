/* SPDX-License-Identifier: MIT */
/*
 * What the verbs on domains share. Private to debugger/dom0/.
 */
#ifndef CHV_DOM0_CMD_H
#define CHV_DOM0_CMD_H

#include <chv/cli.h>
#include <chv/hvctl.h>

/** Print hvctl_error(). Returns CHV_FAILED. */
int dom0_failed(void);

/** The same; -ESRCH gives CHV_NOT_FOUND. */
int dom0_status(int err);

/** The domain of that name or number; prints when there is none. */
int dom0_find(struct hvctl *h, const char *name, struct hvctl_domain *found);

/** CHV_OK when no domain has that name; else it says so. */
int dom0_name_free(struct hvctl *h, const char *name);

/**
 * CHV_OK when there is memory for one more domain of @memory_kib, and some is
 * left for those that run; else it says how much is needed and free.
 */
int dom0_memory_check(struct hvctl *h, uint64_t memory_kib, bool traced);

/** CHV_OK and *@size of a regular file that can be read; else it says why. */
int dom0_file_check(const char *path, uint64_t *size);

/**
 * The same for a kernel, as far as its headers tell. *@end: the memory that it
 * takes, from address 0; 0 when it does not say.
 */
int dom0_kernel_check(const char *path, uint64_t *end);

/** CHV_OK when a recording can be written to @path, or the window. */
int dom0_record_check(const char *path);

/** CHV_OK when there is a window that no domain is recorded into. */
int dom0_window_check(struct hvctl *h);

/** Bytes of the window that belong to the trace in it. */
uint64_t dom0_window_used(struct hvctl *h);

/** Say that a replay has the window. Returns CHV_FAILED. */
int dom0_window_busy(void);

/**
 * Start recording a paused, traced domain into @path, and leave a process
 * behind that fills the file.
 */
int dom0_record(struct hvctl *h, uint32_t domid, const char *name,
                const char *path);

/**
 * Wait until a recorder has brought into its file all that the hypervisor keeps
 * for it, or none does any more. @s then says how it stands.
 */
int dom0_settle(struct hvctl *h, uint32_t domid, struct hvctl_status *s);

#define DOM0_MAX_DOMAINS 256

struct chv_trace;

/** The trace at @path, which may be HVCTL_WINDOW; else as chv_trace_open(). */
struct chv_trace *dom0_trace_open(struct hvctl *h, const char *path,
                                  int *status);

/**
 * A paused domain that replays @t, which dom0_trace_open() gave for @path.
 * Prints what goes wrong and returns a CHV_ status.
 */
int dom0_replay_create(struct hvctl *h, const char *path, struct chv_trace *t,
                       uint32_t *domid);

#endif
