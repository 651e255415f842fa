/* SPDX-License-Identifier: MIT */
/*
 * What the files behind <chv/hvctl.h> share. Private to debugger/dom0/.
 */
#ifndef CHV_DOM0_PRIV_H
#define CHV_DOM0_PRIV_H

#include <chv/hvctl.h>

#include "chrono.h"
#include "xenlibs.h"

struct hvctl {
	struct xentoollog_logger log; /* First: the libraries give it back. */
	char said[256];               /* What they said of a failure. */
	const struct xenlibs *xen;
	xc_interface *xch;
	bool has_chrono;
	int chrono_error; /* Why not. */
	struct chrono chrono;
};

/** Remember what a domain is called. */
void hvctl_name_write(uint32_t domid, const char *name);

/** Set hvctl_error()'s text. Returns @err. */
int hvctl_fail(int err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
