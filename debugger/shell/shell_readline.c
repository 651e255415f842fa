/* SPDX-License-Identifier: MIT */
/*
 * Line editing by GNU readline: see <chv/readline.h>. The history is private
 * to its owner, in $XDG_STATE_HOME/chv/history.
 */
#include <chv/readline.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include <chv/cli.h>

#define HISTORY_LINES 10000

static char *(*completer)(const char *line, int start, const char *word, int n);
static int completion_start;
static char history_path[4096];

static char *generate(const char *word, int state)
{
	static int n;

	if (state == 0) {
		n = 0;
	}
	return completer(rl_line_buffer, completion_start, word, n++);
}

static char **attempt(const char *word, int start, int end)
{
	(void)end;
	completion_start = start;
	return rl_completion_matches(word, generate);
}

static bool make_directory(const char *path)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static bool find_history(void)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	char dir[3000];

	if (state != NULL && *state == '/') {
		snprintf(dir, sizeof(dir), "%.2900s", state);
	} else if (home != NULL && *home == '/') {
		snprintf(dir, sizeof(dir), "%.2900s/.local", home);
		make_directory(dir);
		strcat(dir, "/state");
	} else {
		return false;
	}
	if (!make_directory(dir)) {
		return false;
	}
	strcat(dir, "/chv");
	if (!make_directory(dir)) {
		return false;
	}
	snprintf(history_path, sizeof(history_path), "%s/history", dir);
	return true;
}

void chv_readline_begin(char *(*complete)(const char *line, int start,
                                          const char *word, int n))
{
	completer = complete;
	rl_readline_name = "chv";
	rl_attempted_completion_function = attempt;
	rl_completer_quote_characters = "'\"";
	rl_basic_word_break_characters = " \t\n;";
	stifle_history(HISTORY_LINES);
	if (find_history()) {
		int fd = open(history_path, O_WRONLY | O_CREAT | O_CLOEXEC,
		              0600);

		if (fd >= 0) {
			fchmod(fd, 0600);
			close(fd);
		}
		read_history(history_path);
	}
}

static int keep_waiting(void)
{
	/* An interrupted line is thrown away and begun anew. */
	if (chv_interrupted != 0) {
		chv_interrupted = 0;
		fputc('\n', stderr);
		rl_replace_line("", 0);
		rl_on_new_line();
		rl_redisplay();
	}
	return 0;
}

char *chv_readline(const char *prompt)
{
	rl_signal_event_hook = keep_waiting;
	return readline(prompt);
}

void chv_readline_remember(const char *line)
{
	const HIST_ENTRY *last =
		history_length > 0
			? history_get(history_base + history_length - 1)
			: NULL;

	if (last == NULL || strcmp(last->line, line) != 0) {
		add_history(line);
	}
}

void chv_readline_end(void)
{
	if (history_path[0] != '\0') {
		write_history(history_path);
	}
}
