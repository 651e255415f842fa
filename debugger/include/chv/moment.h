/* SPDX-License-Identifier: MIT */
/*
 * Positions in a guest's history, and the text that people write for them.
 *
 * A position is "entry n of the vCPU, plus an offset of instructions"; the
 * event number (records of the trace) and the virtual time are given beside
 * it because people navigate by them. A moment is what somebody asked for:
 * one of these coordinates, absolute or relative.
 */
#ifndef CHV_MOMENT_H
#define CHV_MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chv_position {
	uint64_t event;   /* Records of the trace consumed so far. */
	uint64_t entry;   /* Entries of the vCPU into the hypervisor. */
	uint64_t offset;  /* Instructions since that entry. */
	uint64_t time_ns; /* The guest's virtual time. */
};

enum chv_moment_kind {
	CHV_MOMENT_EVENT,    /* e4711[+N]: record number, plus instructions. */
	CHV_MOMENT_POSITION, /* n90122[+N]: entry, plus instructions. */
	CHV_MOMENT_TIME,     /* t1.5s, +3ms: virtual time, in ns. */
	CHV_MOMENT_PERCENT,  /* 41.5%: of the entries; value in 1/1000 %. */
	CHV_MOMENT_START,
	CHV_MOMENT_END,
};

struct chv_moment {
	enum chv_moment_kind kind;
	uint64_t value;
	uint64_t offset; /* Instructions after it, for the first two kinds. */
	int relative;    /* 0: absolute; +1, -1: that far from here. */
};

#define CHV_POSITION_TEXT 96

/** What the parser accepts, one line for help texts and errors. */
#define CHV_MOMENT_SYNTAX                                                      \
	"EVENT, eEVENT[+INSNS], nENTRY[+INSNS], tSECONDS, 1.5s, 20ms, +N or "  \
	"-N events, 50%, start, end"

/**
 * Parse @text into @m. Commas between digits are ignored. Returns 0, or
 * -EINVAL for text that is not a moment and -ERANGE for too big a number.
 */
int chv_moment_parse(const char *text, struct chv_moment *m);

/** Write a moment that parses back to exactly @pos. */
void chv_moment_format(const struct chv_position *pos, char *buf, size_t size);

/** Write @pos for people: entry and offset, event, virtual time. */
void chv_position_format(const struct chv_position *pos, char *buf,
                         size_t size);

/** Order two positions of one vCPU: negative, 0 or positive. */
int chv_position_compare(const struct chv_position *a,
                         const struct chv_position *b);

/** @m as if counted from @here: the same moment with relative == 0. */
struct chv_moment chv_moment_resolve(const struct chv_moment *m,
                                     const struct chv_position *here);

/** Hundredths of a percent of the way from @first to @last, by entry. */
unsigned int chv_position_share(const struct chv_position *pos,
                                const struct chv_position *first,
                                const struct chv_position *last);

#endif
