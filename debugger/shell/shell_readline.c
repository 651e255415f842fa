/* SPDX-License-Identifier: MIT */
/*
 * Line editing by GNU readline: see <chv/readline.h>. The history is private
 * to its owner, in $XDG_STATE_HOME/chv/history.
 */
#include <chv/readline.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
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

static const struct chv_completion *completer;
static int completion_start;
static char history_path[4096];

static char *generate(const char *word, int state)
{
	static int n;

	if (state == 0) {
		n = 0;
	}
	return completer->word(rl_line_buffer, completion_start, word, n++);
}

static char **attempt(const char *word, int start, int end)
{
	(void)end;
	completion_start = start;
	/* Otherwise readline names files where there is nothing else. */
	rl_attempted_completion_over = !completer->files(rl_line_buffer, start);
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

void chv_readline_begin(const struct chv_completion *completion)
{
	completer = completion;
	rl_readline_name = "chv";
	rl_persistent_signal_handlers = 1;
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

static char *taken;
static bool is_taken;

static void take_line(char *line)
{
	rl_callback_handler_remove();
	taken = line;
	is_taken = true;
}

/* An interrupted line is thrown away and begun anew, and so is a search. */
static void begin_anew(const char *prompt)
{
	chv_interrupted = 0;
	rl_free_line_state();
	rl_callback_sigcleanup();
	rl_cleanup_after_signal();
	rl_callback_handler_remove();
	fputc('\n', stderr);
	rl_callback_handler_install(prompt, take_line);
}

/* Signals arrive in here and nowhere else, so none is lost on the way in. */
static bool wait_for_key(void)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	sigset_t all, before;
	int n;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	n = chv_interrupted == 0 ? ppoll(&p, 1, NULL, &before) : 0;
	sigprocmask(SIG_SETMASK, &before, NULL);
	/* Readline acts on those that are its own: a new size, the end. */
	rl_check_signals();
	return n == 1;
}

/* By callbacks: within readline() nothing can be done about a search when a
 * signal comes. */
char *chv_readline(const char *prompt)
{
	is_taken = false;
	rl_callback_handler_install(prompt, take_line);
	while (!is_taken) {
		bool key = wait_for_key();

		if (chv_interrupted != 0) {
			begin_anew(prompt);
		} else if (key) {
			rl_callback_read_char();
		}
	}
	return taken;
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
