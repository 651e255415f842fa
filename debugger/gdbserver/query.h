/* SPDX-License-Identifier: MIT */
/*
 * Reading of "qXfer" objects: text that GDB fetches piece by piece.
 */
#ifndef CHV_GDBSERVER_QUERY_H
#define CHV_GDBSERVER_QUERY_H

#include "session.h"

/**
 * Answer "ANNEX:OFFSET,LENGTH" out of @text; @annex NULL accepts any. A
 * NULL @text answers an error.
 */
enum gdb_action gdb_xfer_text(struct gdb_session *s, struct rsp_args *a,
                              const char *annex, const char *text);

/** The description of all registers, to be freed; NULL without memory. */
char *gdb_features_xml(void);

#endif
