/* SPDX-License-Identifier: MIT */
/*
 * "monitor" commands: a fixed table, none of which reaches outside the
 * target of the session. What moves in time leaves GDB's own caches stale,
 * so the text says how to refresh them; the "hv" commands of
 * debugger/gdb/chronovisor.py do it by themselves.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chv/text.h>
#include <chv/version.h>

#include "session.h"

#define MAX_WORDS 8
#define MAX_LINE  1024

struct command {
	const char *name;
	const char *synopsis;
	const char *help;
	bool needs_history;
	enum gdb_action (*run)(struct gdb_session *s, int argc, char **argv);
};

static enum gdb_action cmd_help(struct gdb_session *s, int argc, char **argv);

static enum gdb_action done(struct gdb_session *s)
{
	return gdb_reply(s, "OK");
}

static void say_position(struct gdb_session *s)
{
	const struct chv_target_ops *ops = s->target->ops;
	struct chv_position pos, first, last;
	char text[CHV_POSITION_TEXT];

	if (ops->position(s->target, &pos) != 0) {
		gdb_console(s, "The position is not known.\n");
		return;
	}
	chv_position_format(&pos, text, sizeof(text));
	if (ops->span(s->target, &first, &last) == 0) {
		unsigned int share = chv_position_share(&pos, &first, &last);

		gdb_console(s, "%s  %u.%02u%%\n", text, share / 100,
		            share % 100);
	} else {
		gdb_console(s, "%s\n", text);
	}
}

void gdb_monitor_arrived(struct gdb_session *s)
{
	if (s->stop.reason != CHV_STOP_MOVED) {
		gdb_explain_stop(s);
	}
	if (s->stop.reason == CHV_STOP_INTERRUPT) {
		gdb_console(s, "Interrupted.\n");
	}
	say_position(s);
}

static enum gdb_action cmd_when(struct gdb_session *s, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	say_position(s);
	return done(s);
}

static enum gdb_action go(struct gdb_session *s, const struct chv_moment *m)
{
	enum gdb_action action = gdb_start_seek(s, m, GDB_PENDING_MONITOR);

	if (action == GDB_WAIT) {
		return GDB_WAIT;
	}
	gdb_console(s, "That moment cannot be reached: the history goes from "
	               "'start' to 'end', see 'monitor info target'.\n");
	return done(s);
}

static enum gdb_action cmd_goto(struct gdb_session *s, int argc, char **argv)
{
	struct chv_moment m;
	int err;

	if (argc != 2) {
		gdb_console(s, "usage: monitor goto MOMENT\n");
		return done(s);
	}
	err = gdb_parse_moment(s, argv[1], &m);
	if (err == -ENOENT) {
		gdb_console(s, "There is no checkpoint '%s'.\n", argv[1]);
		return done(s);
	}
	if (err != 0) {
		gdb_console(s,
		            "'%s' is not a moment: give %s, or a checkpoint "
		            "as c1.\n",
		            argv[1], CHV_MOMENT_SYNTAX);
		return done(s);
	}
	gdb_trail_push(s);
	return go(s, &m);
}

static enum gdb_action along_trail(struct gdb_session *s, int direction)
{
	struct chv_moment m;

	if (!gdb_trail_move(s, direction, &m)) {
		gdb_console(s, "The trail ends here.\n");
		return done(s);
	}
	return go(s, &m);
}

static enum gdb_action cmd_back(struct gdb_session *s, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return along_trail(s, -1);
}

static enum gdb_action cmd_forward(struct gdb_session *s, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return along_trail(s, +1);
}

static void say_mark(struct gdb_session *s, const struct gdb_mark *mark)
{
	char text[CHV_POSITION_TEXT];

	chv_position_format(&mark->pos, text, sizeof(text));
	gdb_console(s, "c%u  %s  %s\n", mark->number, text, mark->note);
}

static enum gdb_action mark_here(struct gdb_session *s, int argc, char **argv)
{
	const struct gdb_mark *mark = gdb_mark_add(s, argc > 2 ? argv[2] : "");

	if (mark == NULL) {
		gdb_console(s,
		            "No more than %d checkpoints: delete some "
		            "first.\n",
		            GDB_MAX_MARKS);
	} else {
		say_mark(s, mark);
	}
	return done(s);
}

static enum gdb_action mark_delete(struct gdb_session *s, const char *name)
{
	char *end;
	unsigned long number;

	name += *name == 'c';
	number = strtoul(name, &end, 10);
	if (end == name || *end != '\0' || number > UINT32_MAX ||
	    !gdb_mark_delete(s, (unsigned int)number)) {
		gdb_console(s, "There is no checkpoint '%s'.\n", name);
	}
	return done(s);
}

static enum gdb_action cmd_checkpoint(struct gdb_session *s, int argc,
                                      char **argv)
{
	if (argc == 1 || strcmp(argv[1], "add") == 0) {
		return mark_here(s, argc, argv);
	}
	if (argc == 3 && strcmp(argv[1], "delete") == 0) {
		return mark_delete(s, argv[2]);
	}
	if (argc == 2 && strcmp(argv[1], "list") == 0) {
		for (unsigned int i = 0; i < s->nr_marks; i++) {
			say_mark(s, &s->marks[i]);
		}
		if (s->nr_marks == 0) {
			gdb_console(s, "No checkpoints.\n");
		}
		return done(s);
	}
	gdb_console(s,
	            "usage: monitor checkpoint [add [NOTE]|list|delete N]\n");
	return done(s);
}

static void say_vcpus(struct gdb_session *s)
{
	unsigned int nr = s->target->ops->nr_vcpus(s->target);

	for (unsigned int v = 0; v < nr; v++) {
		char text[256];
		char clean[4 * sizeof(text)];

		s->target->ops->describe(s->target, CHV_INFO_VCPU, v, text,
		                         sizeof(text));
		chv_text_escape(clean, sizeof(clean), text, strlen(text));
		gdb_console(s, "vcpu %u: %s\n", v, clean);
	}
}

static void say_breaks(struct gdb_session *s)
{
	static const char *const kinds[CHV_BREAK_KINDS] = {
		"break", "hbreak", "watch", "rwatch", "awatch"};

	gdb_console(s, "%zu inserted\n", s->breaks.nr);
	for (size_t i = 0; i < s->breaks.nr && i < 64; i++) {
		const struct gdb_break *gb = s->breaks.list[i];

		gdb_console(
			s, "%-6s %#" PRIx64 " len %" PRIu64 " conditions %zu\n",
			kinds[gb->b.kind], gb->b.addr, gb->b.len,
			gb->nr_conditions);
	}
}

static void say_target(struct gdb_session *s)
{
	char text[1024];
	char clean[2000];

	s->target->ops->describe(s->target, CHV_INFO_TARGET, 0, text,
	                         sizeof(text));
	chv_text_escape_lines(clean, sizeof(clean), text, strlen(text));
	gdb_console(s, "%s\n", clean);
}

static enum gdb_action cmd_info(struct gdb_session *s, int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (strcmp(what, "version") == 0) {
		/* Kernel scripts take any answer to mean numbered CPUs. */
		gdb_console(s, "Chronovisor " CHV_VERSION " (%s)\n",
		            s->target->ops->kind);
	} else if (strcmp(what, "target") == 0) {
		say_target(s);
	} else if (strcmp(what, "vcpus") == 0) {
		say_vcpus(s);
	} else if (strcmp(what, "breakpoints") == 0) {
		say_breaks(s);
	} else {
		gdb_console(s, "usage: monitor info "
		               "version|target|vcpus|breakpoints\n");
	}
	return done(s);
}

static enum gdb_action cmd_status(struct gdb_session *s, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	if (s->target->ops->reversible) {
		gdb_console(s, "Replay: the past is read-only, so writing to "
		               "registers or memory is refused (E01).\n");
	} else {
		gdb_console(s, "Live: there is no history to go back to. "
		               "Record the domain to get one.\n");
	}
	say_position(s);
	return done(s);
}

static const struct command commands[] = {
	{"help", "help [COMMAND]", "List the commands, or explain one.", false,
         cmd_help},
	{"when", "when", "Say where in its history the guest stands.", false,
         cmd_when},
	{"goto", "goto MOMENT",
         "Go to a moment: " CHV_MOMENT_SYNTAX ", or a checkpoint as c1.", true,
         cmd_goto},
	{"back", "back", "Return to where the last goto or continue began.",
         true, cmd_back},
	{"forward", "forward", "Undo one back.", true, cmd_forward},
	{"checkpoint", "checkpoint [add [NOTE]|list|delete N]",
         "Remember this moment as c1, c2...; list or delete such marks.", true,
         cmd_checkpoint},
	{"info", "info version|target|vcpus|breakpoints",
         "Describe the server, the domain, its vCPUs or what is inserted.",
         false, cmd_info},
	{"status", "status", "Say what this session can and cannot do.", false,
         cmd_status},
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *find_command(const char *name)
{
	const struct command *found = NULL;
	size_t len = strlen(name);

	for (size_t i = 0; i < NR_COMMANDS; i++) {
		if (strncmp(commands[i].name, name, len) != 0) {
			continue;
		}
		if (commands[i].name[len] == '\0') {
			return &commands[i];
		}
		if (found != NULL) {
			return NULL;
		}
		found = &commands[i];
	}
	return found;
}

static enum gdb_action cmd_help(struct gdb_session *s, int argc, char **argv)
{
	const struct command *c = argc > 1 ? find_command(argv[1]) : NULL;

	if (argc > 1 && c == NULL) {
		gdb_console(s, "There is no command '%s'.\n", argv[1]);
	}
	if (c != NULL) {
		gdb_console(s, "monitor %s\n%s\n", c->synopsis, c->help);
		return done(s);
	}
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		gdb_console(s, "monitor %-42s %s\n", commands[i].synopsis,
		            commands[i].help);
	}
	gdb_console(s, "After goto, back and forward GDB still shows what it "
	               "cached: use 'hv seek' from chronovisor.py, or\n"
	               "'maintenance flush register-cache' and "
	               "'maintenance flush dcache'.\n");
	return done(s);
}

static int split(char *line, char **words)
{
	int nr = 0;
	char *save = NULL;

	for (char *w = strtok_r(line, " \t\n", &save);
	     w != NULL && nr < MAX_WORDS; w = strtok_r(NULL, " \t\n", &save)) {
		words[nr++] = w;
	}
	return nr;
}

/* What the client typed may hold anything: it comes back in messages. */
static bool take_line(struct rsp_args *a, char *line)
{
	size_t len = rsp_args_left(a) / 2;

	if (len >= MAX_LINE || rsp_args_left(a) % 2 != 0) {
		return false;
	}
	rsp_take_bytes(a, line, len);
	line[len] = '\0';
	for (size_t i = 0; i < len; i++) {
		if (line[i] < 0x20 || line[i] > 0x7e) {
			line[i] = ' ';
		}
	}
	return !a->bad;
}

enum gdb_action gdb_q_rcmd(struct gdb_session *s, struct rsp_args *a)
{
	char line[MAX_LINE];
	char *words[MAX_WORDS];
	const struct command *c;
	int nr;

	if (!take_line(a, line)) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	nr = split(line, words);
	if (nr == 0) {
		strcpy(line, "help");
		words[nr++] = line;
	}
	c = find_command(words[0]);
	if (c == NULL) {
		gdb_console(s,
		            "There is no command '%s': see 'monitor help'.\n",
		            words[0]);
		return done(s);
	}
	if (c->needs_history && !s->target->ops->reversible) {
		gdb_console(s, "'%s' needs a replay: this domain runs live.\n",
		            c->name);
		return done(s);
	}
	return c->run(s, nr, words);
}
