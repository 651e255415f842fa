/* SPDX-License-Identifier: MIT */
/*
 * The file behind a machine's trace window. What it holds is not overwritten
 * by accident. Private to debugger/host/.
 */
#ifndef CHV_HOST_WINDOW_H
#define CHV_HOST_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

struct host_window {
	const char *path;
	uint64_t size; /* Wanted; after host_window_check() what it will be. */
	bool force;    /* Overwrite what is there. */
	bool created;  /* By host_window_make(). */
};

/**
 * See whether the file can be a window, and set @w->size. Changes nothing.
 * Returns a CHV_ status; what is wrong has been printed then.
 */
int host_window_check(struct host_window *w);

/** Make the file what host_window_check() has promised. A CHV_ status. */
int host_window_make(struct host_window *w);

/** Remove the file again if it is of our making and nothing was written. */
void host_window_undo(const struct host_window *w);

#endif
