/* SPDX-License-Identifier: MIT */
/*
 * How large the terminal is, asked of the terminal itself. A serial console
 * has no size of its own: the kernel says 0, readline takes that for 80
 * columns, and on any other terminal the lines that are longer come out
 * garbled. The question is the one of resize(1): go far beyond the corner, and
 * report where that is. Specification: ECMA-48, CUP and DSR.
 */
#include <chv/readline.h>

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define ANSWER_MS  200
#define STEP_MS    2
#define LEAST_SIZE 10

static const char question[] = "\0337\033[999;999H\033[6n\0338";

static bool can_ask(struct winsize *size)
{
	const char *term = getenv("TERM");

	return term != NULL && *term != '\0' && strcmp(term, "dumb") != 0 &&
	       isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) &&
	       ioctl(STDIN_FILENO, TIOCGWINSZ, size) == 0 &&
	       (size->ws_col == 0 || size->ws_row == 0);
}

/* In short steps: a hypervisor that is idle may look at its serial line when
 * something wakes it, and not before. */
static bool wait_byte(void)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};

	for (int i = 0; i < ANSWER_MS / STEP_MS; i++) {
		if (poll(&p, 1, STEP_MS) != 0) {
			return (p.revents & POLLIN) != 0;
		}
	}
	return false;
}

/* Up to the R that ends it. What was typed meanwhile is lost, as is what a
 * terminal says that gives no answer. */
static bool read_answer(char *buf, size_t size)
{
	size_t len = 0;

	while (len + 1 < size && wait_byte() &&
	       read(STDIN_FILENO, buf + len, 1) == 1) {
		if (buf[len++] == 'R') {
			buf[len] = '\0';
			return true;
		}
	}
	return false;
}

static bool ask(struct winsize *size)
{
	unsigned int rows, columns;
	const char *answer;
	char buf[32];

	if (write(STDOUT_FILENO, question, sizeof(question) - 1) !=
	            sizeof(question) - 1 ||
	    !read_answer(buf, sizeof(buf))) {
		return false;
	}
	answer = strstr(buf, "\033[");
	if (answer == NULL ||
	    sscanf(answer, "\033[%3u;%3uR", &rows, &columns) != 2 ||
	    rows < LEAST_SIZE || columns < LEAST_SIZE) {
		return false;
	}
	size->ws_row = (unsigned short)rows;
	size->ws_col = (unsigned short)columns;
	return true;
}

void chv_terminal_fit(void)
{
	struct termios saved, raw;
	struct winsize size;

	if (!can_ask(&size) || tcgetattr(STDIN_FILENO, &saved) != 0) {
		return;
	}
	fflush(stdout);
	raw = saved;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0) {
		return;
	}
	if (ask(&size)) {
		ioctl(STDIN_FILENO, TIOCSWINSZ, &size);
	}
	tcsetattr(STDIN_FILENO, TCSANOW, &saved);
}
