/* SPDX-License-Identifier: MIT */
/*
 * Processes of a machine: started with an array of arguments, waited for, and
 * never left behind: what is started here is told by the kernel when we end.
 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <chv/cli.h>

#include "console.h"

/* What the hypervisor writes to isa-debug-exit; QEMU ends with 2n + 1. */
enum machine_status {
	MACHINE_OK = 0,
	MACHINE_BOOT_FAILED = 2,
	MACHINE_GUEST_CRASHED = 3,
	MACHINE_MISCOUNT = 4,
	MACHINE_DIVERGED = 5,
	MACHINE_BAD_TRACE = 6,
	MACHINE_TRACE_CUT = 7,
	MACHINE_PANIC = 15,
};

static int bad_trace(const struct host_console *c)
{
	if (c->no_memory) {
		return chv_error("the machine's memory is too small for this "
		                 "trace: give it more with --memory");
	}
	chv_error("the trace cannot be replayed: see above");
	return CHV_TRACE_BAD;
}

static int explain_status(const struct host_console *c, int status)
{
	switch ((enum machine_status)(status >> 1)) {
	case MACHINE_OK:
		return CHV_OK;
	case MACHINE_BOOT_FAILED:
		return chv_error("the hypervisor could not start: see above");
	case MACHINE_GUEST_CRASHED:
		return chv_error("the first domain crashed: see above");
	case MACHINE_MISCOUNT:
		return chv_error("the hypervisor found its page counts wrong");
	case MACHINE_DIVERGED:
		chv_error("the replay diverged from its trace: see above");
		return CHV_DIVERGED;
	case MACHINE_BAD_TRACE:
		return bad_trace(c);
	case MACHINE_TRACE_CUT:
		chv_error("the trace was cut; it was replayed to its end");
		return CHV_TRACE_CUT;
	case MACHINE_PANIC:
		return chv_error("the hypervisor panicked: see above");
	}
	return chv_error("QEMU ended with status %d: see above", status);
}

/* QEMU ended by itself: a reset, or somebody's wish. */
static int explain_zero(const struct host_console *c, bool replay)
{
	if (chv_interrupted != 0) {
		return CHV_INTERRUPTED;
	}
	if (c->left && replay) {
		chv_error("QEMU was left before the replay came to its end");
		return CHV_INTERRUPTED;
	}
	if (c->left || (c->rebooted && !replay)) {
		return CHV_OK;
	}
	return chv_error(c->spoke ? "QEMU ended before its machine did: see "
	                            "above"
	                          : "QEMU ended before the hypervisor said "
	                            "anything: is --memory too small?");
}

static int verdict(const struct host_console *c, int ended, bool replay)
{
	int status;

	if (WIFSIGNALED(ended)) {
		return chv_error("QEMU was ended by signal %d",
		                 WTERMSIG(ended));
	}
	status = WEXITSTATUS(ended);
	if (status == 0) {
		return explain_zero(c, replay);
	}
	/* QEMU's own failures look like the good end of a machine. */
	if (status == 2 * MACHINE_OK + 1 && (!c->ended || c->end_status != 0)) {
		return chv_error(c->spoke ? "QEMU ended with status 1, and the "
		                            "hypervisor did not say that its "
		                            "machine ended well"
		                          : "QEMU ended with status 1 before "
		                            "the hypervisor said anything");
	}
	return explain_status(c, status);
}

/* ---- starting ------------------------------------------------------------ */

static void __attribute__((noreturn))
become(char *const *argv, const struct host_child *how, pid_t parent,
       int report)
{
	int err;

	/* Our end may have come before the kernel was asked to tell it. */
	if (prctl(PR_SET_PDEATHSIG, how->death) == 0 && getppid() != parent) {
		_exit(1);
	}
	if (how->background) {
		/* The keyboard's signals are for the one in front. */
		setpgid(0, 0);
	}
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	if ((how->in < 0 || dup2(how->in, STDIN_FILENO) >= 0) &&
	    (how->out < 0 || dup2(how->out, STDOUT_FILENO) >= 0) &&
	    (how->err < 0 || dup2(how->err, STDERR_FILENO) >= 0)) {
		execvp(argv[0], argv);
	}
	err = errno;
	while (write(report, &err, sizeof(err)) < 0 && errno == EINTR) {
	}
	_exit(1);
}

int host_child_start(char *const *argv, const struct host_child *how, int *pid)
{
	pid_t parent = getpid();
	int report[2];
	int err = 0;
	ssize_t n;

	if (pipe2(report, O_CLOEXEC) != 0) {
		return -errno;
	}
	fflush(NULL);
	*pid = fork();
	if (*pid == 0) {
		become(argv, how, parent, report[1]);
	}
	err = *pid < 0 ? errno : 0;
	close(report[1]);
	do {
		/* Nothing comes when the program runs. */
		n = *pid > 0 ? read(report[0], &err, sizeof(err)) : 0;
	} while (n < 0 && errno == EINTR);
	close(report[0]);
	if (*pid > 0 && n > 0) {
		waitpid(*pid, NULL, 0);
	}
	return -err;
}

static int start_qemu(const struct host_args *args,
                      const struct host_child *how, int *pid)
{
	int err = host_child_start(args->argv, how, pid);

	if (err == -ENOENT) {
		chv_error("%s is not installed: 'apt install qemu-system-x86'",
		          chv_clean(args->argv[0]));
		return CHV_NOT_FOUND;
	}
	if (err != 0) {
		return chv_error("%s: %s", chv_clean(args->argv[0]),
		                 strerror(-err));
	}
	return CHV_OK;
}

/* ---- in the foreground --------------------------------------------------- */

/* QEMU makes its terminal non-blocking, and so our standard output. */
static bool put(const char *text, size_t len)
{
	struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};

	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, text, len);

		if (n < 0 && errno == EAGAIN) {
			poll(&p, 1, -1);
		} else if (n < 0 && errno != EINTR) {
			return false;
		}
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* Pass on what the machine says until QEMU closes its end. */
static void pass_on(int fd, int pid, bool terminal, struct host_console *c)
{
	char text[4096];
	bool wanted = true;
	char last = '\n';

	for (;;) {
		ssize_t n = read(fd, text, sizeof(text));

		if (n < 0 && errno == EINTR) {
			/* With a terminal the guest gets the key. */
			if (chv_interrupted != 0 && !terminal) {
				kill(pid, SIGTERM);
			}
			continue;
		}
		if (n <= 0) {
			break;
		}
		host_console_take(c, text, (size_t)n);
		wanted = wanted && put(text, (size_t)n);
		for (ssize_t i = 0; i < n; i++) {
			last = text[i] != '\r' ? text[i] : last;
		}
	}
	host_console_end(c);
	if (wanted && last != '\n') {
		put("\n", 1);
	}
}

struct terminal {
	bool there;
	struct termios settings;
	int flags;
};

static void terminal_save(struct terminal *t)
{
	t->there = tcgetattr(STDIN_FILENO, &t->settings) == 0;
	t->flags = fcntl(STDIN_FILENO, F_GETFL);
}

static void terminal_restore(const struct terminal *t)
{
	if (t->there) {
		tcsetattr(STDIN_FILENO, TCSANOW, &t->settings);
		fcntl(STDIN_FILENO, F_SETFL, t->flags);
	}
}

int host_run(const struct host_args *args, struct host_console *c, bool replay)
{
	struct host_child how = {.in = -1, .err = -1, .death = SIGTERM};
	struct terminal t;
	int status, pid, ended = 0;
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC) != 0) {
		return chv_error("no pipe: %s", strerror(errno));
	}
	terminal_save(&t);
	how.out = pipes[1];
	status = start_qemu(args, &how, &pid);
	close(pipes[1]);
	if (status == CHV_OK) {
		pass_on(pipes[0], pid, t.there, c);
		while (waitpid(pid, &ended, 0) < 0 && errno == EINTR) {
		}
		terminal_restore(&t);
		if (t.there) {
			/* The keyboard's interrupt was the guest's. */
			chv_interrupted = 0;
		}
		status = verdict(c, ended, replay);
	}
	close(pipes[0]);
	return status;
}

/* ---- in the background --------------------------------------------------- */

int host_start(const struct host_args *args, const char *log, int *pid)
{
	struct host_child how = {.background = true, .death = SIGKILL};
	int status;

	how.in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	how.out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	how.err = how.out;
	status = how.in >= 0 && how.out >= 0
	                 ? start_qemu(args, &how, pid)
	                 : chv_error("%s: %s", log, strerror(errno));
	if (how.in >= 0) {
		close(how.in);
	}
	if (how.out >= 0) {
		close(how.out);
	}
	return status;
}

void host_stop(int pid)
{
	const struct timespec tenth = {.tv_nsec = 100000000};

	kill(pid, SIGTERM);
	for (unsigned int i = 0; i < 20; i++) {
		if (waitpid(pid, NULL, WNOHANG) != 0) {
			return;
		}
		nanosleep(&tenth, NULL);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
