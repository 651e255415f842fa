/* SPDX-License-Identifier: MIT */
/*
 * What every verb of chv shares: exit statuses, messages, progress, and the
 * table through which the command line and the shell find them.
 *
 * Data goes to standard output, everything said about it to standard error.
 * Bytes that came from a guest or a file are escaped before they are printed.
 */
#ifndef CHV_CLI_H
#define CHV_CLI_H

#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum chv_exit {
	CHV_OK = 0,
	CHV_FAILED = 1,
	CHV_USAGE = 2,
	CHV_NOT_FOUND = 3,
	CHV_DIVERGED = 4,
	CHV_TRACE_BAD = 5, /* Not a trace, or nothing in it can be used. */
	CHV_TRACE_CUT = 6, /* It ends early; what lies before is good. */
	CHV_INTERRUPTED = 130,
};

/** What the arguments of a verb are, for completion. */
enum chv_argument {
	CHV_ARG_NONE,
	CHV_ARG_FILE,
	CHV_ARG_DOMAIN,
	CHV_ARG_VERB,
};

/** Where a verb can work. */
enum chv_place {
	CHV_ANYWHERE, /* Offline too. */
	CHV_IN_DOM0,  /* Needs the hypervisor below. */
	CHV_ON_HOST,  /* Starts QEMU. */
	CHV_IN_SHELL, /* Makes sense in the shell only. */
};

struct chv_verb {
	const char *name;
	const char *synopsis;
	const char *summary; /* One line. */
	const char *help;    /* Lines on options and examples. */
	enum chv_place place;
	enum chv_argument argument;
	const struct option *options; /* Long ones, for completion. */
	const char *const *words;     /* Second words, NULL-terminated. */
	int (*run)(int argc, char **argv);
};

/** Find a verb by its name or a unique beginning of it; NULL when none. */
const struct chv_verb *chv_verb_find(const char *name);

/** Verb number @i in the table, NULL past its end. */
const struct chv_verb *chv_verb_at(size_t i);

/** Run a verb. Returns an enum chv_exit. */
int chv_verb_run(int argc, char **argv);

/** Print a usage line for @verb on standard error. Returns CHV_USAGE. */
int chv_usage(const char *verb);

/** "chv: ..." on standard error, one line. Returns CHV_FAILED. */
int chv_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** The text of a string of a guest or a file, escaped; one static buffer. */
const char *chv_clean(const char *text);

/** A decimal or hexadecimal number that is the whole of @text. */
bool chv_number(const char *text, uint64_t *value);

/** A size with an optional K, M, G or T behind it, in bytes. */
bool chv_size(const char *text, uint64_t *value);

/** Set by an interrupt from the keyboard; long work looks at it. */
extern volatile sig_atomic_t chv_interrupted;

/** Install the handler behind chv_interrupted, and clear it. */
void chv_catch_interrupts(void);

/**
 * Progress of something that may take long, on standard error, and only on
 * a terminal and after half a second.
 */
struct chv_progress {
	const char *label;
	uint64_t total;
	uint64_t started_ms;
	uint64_t shown_ms;
	bool shown;
};

void chv_progress_begin(struct chv_progress *p, const char *label,
                        uint64_t total);
void chv_progress_update(struct chv_progress *p, uint64_t done);
void chv_progress_end(struct chv_progress *p);

/** The interactive shell, or a script from @path ("-" is standard input). */
int chv_shell_interactive(void);
int chv_shell_script(const char *path);

/** Run one line of a script or the shell. @quit is set by "quit". */
int chv_shell_line(const char *line, bool *quit);

/* The verbs; each takes its arguments as main() does. */
int cmd_help(int argc, char **argv);
int cmd_quit(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_trace(int argc, char **argv);
int cmd_events(int argc, char **argv);
int cmd_hypercalls(int argc, char **argv);
int cmd_symbols(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_create(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_pause(int argc, char **argv);
int cmd_unpause(int argc, char **argv);
int cmd_destroy(int argc, char **argv);
int cmd_audit(int argc, char **argv);
int cmd_console(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_gdb(int argc, char **argv);
int cmd_run(int argc, char **argv);

extern const struct option chv_options_trace[];
extern const struct option chv_options_events[];
extern const struct option chv_options_hypercalls[];
extern const struct option chv_options_symbols[];
extern const struct option chv_options_create[];
extern const struct option chv_options_list[];
extern const struct option chv_options_destroy[];
extern const struct option chv_options_record[];
extern const struct option chv_options_replay[];
extern const struct option chv_options_gdb[];
extern const struct option chv_options_demo[];
extern const struct option chv_options_run[];

#endif
