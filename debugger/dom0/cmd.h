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

#endif
