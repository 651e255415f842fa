/* SPDX-License-Identifier: MIT */
/*
 * Numbers to names, all of them from the tables in the public headers, and the
 * one line that says where a trace ends.
 */
#include "priv.h"

const char *tf_strerror(int error)
{
	switch (error < 0 ? -(unsigned int)error : (unsigned int)error) {
	case 0:
		return "no error";
#define TF_X(nr, name, text)                                                   \
	case nr:                                                               \
		return text;
		TF_ERRORS(TF_X)
#undef TF_X
	}
	return "unknown error";
}

const char *tf_record_name(unsigned int id)
{
	switch (id) {
#define TF_EVENT(id, NAME, name, since, streams, fields)                       \
	case TF_##NAME:                                                        \
		return #NAME;
#include <tf/events.def>
	}
	return NULL;
}

unsigned int tf_record_streams(unsigned int id)
{
	switch (id) {
#define TF_EVENT(id, NAME, name, since, streams, fields)                       \
	case TF_##NAME:                                                        \
		return streams;
#include <tf/events.def>
	}
	return 0;
}

const char *tf_stream_name(unsigned int stream)
{
	switch (stream) {
	case TF_STREAM_REPLAY:
		return "replay";
	case TF_STREAM_HISTORY:
		return "history";
	case TF_STREAM_SNAPSHOT:
		return "snapshot";
	case TF_STREAM_CHECKPOINT:
		return "checkpoint";
	}
	return NULL;
}

const char *tf_end_reason_name(unsigned int reason)
{
	switch (reason) {
	case TF_END_SHUTDOWN:
		return "shutdown";
	case TF_END_STOP:
		return "stop";
	case TF_END_FULL:
		return "full";
	case TF_END_ERROR:
		return "error";
	case TF_END_UNSUPPORTED:
		return "unsupported";
	}
	return NULL;
}

/* ---- the line -------------------------------------------------------------
 */

struct line {
	char *p;
	char *last; /* where the NUL goes at the latest */
};

static void add_text(struct line *line, const char *text)
{
	while (*text && line->p < line->last) {
		*line->p++ = *text++;
	}
}

static void add_number(struct line *line, uint64_t value)
{
	char digits[21];
	char *p = digits + sizeof(digits) - 1;

	*p = 0;
	do {
		*--p = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	add_text(line, p);
}

char *tf_tail_line(const struct tf_tail *tail, char *buf, size_t cap)
{
	struct line line = {buf, buf + cap - 1};

	if (cap == 0) {
		return buf;
	}
	add_text(&line, "trace ends at record ");
	add_number(&line, tail->record);
	add_text(&line, " of chunk ");
	add_number(&line, tail->chunk);
	add_text(&line, ": ");
	add_text(&line, tf_strerror(tail->why));
	add_text(&line, " at byte ");
	add_number(&line, tail->offset);
	*line.p = 0;
	return buf;
}
