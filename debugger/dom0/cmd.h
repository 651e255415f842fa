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

struct chv_trace;

/** The trace at @path, which may be HVCTL_WINDOW; else as chv_trace_open(). */
struct chv_trace *dom0_trace_open(struct hvctl *h, const char *path,
                                  int *status);

/** A paused domain that replays @t, which dom0_trace_open() gave for @path. */
int dom0_replay_create(struct hvctl *h, const char *path, struct chv_trace *t,
                       uint32_t *domid);

#endif
