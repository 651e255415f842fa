/* SPDX-License-Identifier: MIT */
/*
 * chv console: a domain's console on this terminal. The guest's bytes go to
 * the terminal as they are, because it is the guest's terminal for now.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cmd.h"

#define ESCAPE  0x1d /* Ctrl-] */
#define POLL_MS 20

static bool make_raw(struct termios *saved)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, saved) != 0) {
		return false;
	}
	raw = *saved;
	cfmakeraw(&raw);
	return tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

static int show(struct hvctl *h, uint32_t domid)
{
	char buf[1024];
	int64_t n;

	while ((n = hvctl_console_read(h, domid, buf, sizeof(buf))) > 0) {
		if (write(STDOUT_FILENO, buf, (size_t)n) < 0) {
			return -errno;
		}
	}
	return (int)n;
}

/* Returns 1 when the user leaves, 0 to go on, or a negative errno. */
static int type(struct hvctl *h, uint32_t domid)
{
	char buf[256];
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));
	const char *leave;
	int64_t done = 0;

	if (n <= 0) {
		return n == 0 || errno == EINTR ? 1 : -errno;
	}
	leave = memchr(buf, ESCAPE, (size_t)n);
	n = leave != NULL ? leave - buf : n;
	while (done < n) {
		int64_t took = hvctl_console_write(h, domid, buf + done,
		                                   (size_t)(n - done));

		if (took < 0) {
			return (int)took;
		}
		if (took == 0) {
			hvctl_wait(h, POLL_MS);
		}
		done += took;
	}
	return leave != NULL;
}

static int loop(struct hvctl *h, uint32_t domid)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	int err = 0;

	while (err == 0) {
		err = show(h, domid);
		if (err == 0 && poll(&p, 1, POLL_MS) == 1) {
			err = type(h, domid);
		}
	}
	return err < 0 ? err : 0;
}

int cmd_console(int argc, char **argv)
{
	struct hvctl_domain d;
	struct termios saved;
	struct hvctl *h;
	bool raw;
	int status;

	if (argc != 2) {
		return chv_usage("console");
	}
	if (hvctl_open(&h) != 0) {
		return dom0_failed();
	}
	status = dom0_find(h, argv[1], &d);
	if (status == CHV_OK) {
		int err;

		fprintf(stderr, "Ctrl-] leaves the console.\n");
		raw = make_raw(&saved);
		err = loop(h, d.domid);
		if (raw) {
			tcsetattr(STDIN_FILENO, TCSANOW, &saved);
		}
		fputc('\n', stderr);
		status = err == 0 ? CHV_OK : dom0_status(err);
	}
	hvctl_close(h);
	return status;
}
