/* SPDX-License-Identifier: MIT */
/*
 * Starting the machine, following its console until its server is there, and
 * GDB: see served.h.
 */
#include "served.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chv/cli.h>

#include "console.h"
#include "process.h"

#define MAX_GDB_ARGS 64

static void follow(int fd, struct host_console *c)
{
	char text[4096];
	ssize_t n;

	while ((n = read(fd, text, sizeof(text))) > 0) {
		host_console_take(c, text, (size_t)n);
	}
}

/* Until the server is there, or nothing can be expected any more. */
static void wait_ready(const struct host_served *s, int pid, int fd,
                       struct host_console *c)
{
	const struct timespec tenth = {.tv_nsec = 100000000};
	struct chv_progress progress;
	bool runs = true;

	chv_progress_begin(&progress, "starting Chronovisor", 0);
	for (unsigned int i = 0; i < 10 * s->patience_s && runs && !c->served &&
	                         chv_interrupted == 0;
	     i++) {
		nanosleep(&tenth, NULL);
		runs = waitpid(pid, NULL, WNOHANG) == 0;
		follow(fd, c);
		if (s->show == NULL) {
			chv_progress_update(&progress, i);
		}
	}
	chv_progress_end(&progress);
	if (!runs) {
		host_console_end(c);
	}
}

/* Why there is no server, in one line. */
static int not_ready(const struct host_console *c, const char *log)
{
	if (chv_interrupted != 0) {
		return CHV_INTERRUPTED;
	}
	if (c->no_memory) {
		return chv_error("no GDB server came up: the machine's memory "
		                 "is too small for this trace: give it more "
		                 "with --memory (all of it: %s)",
		                 log);
	}
	chv_error("no GDB server came up: %s (all of it: %s)",
	          c->reason[0] != '\0' ? chv_clean(c->reason)
	          : c->spoke           ? "the machine did not get so far"
	                               : "the hypervisor said nothing",
	          log);
	return c->exec_ended && c->exec_status != 0 ? (int)c->exec_status
	                                            : CHV_FAILED;
}

/* A file of GDB's commands beside this program. */
static void find_script(const char *name, char *path, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	path[len > 0 ? len : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL) {
		snprintf(slash, size - (size_t)(slash - path), "/%s", name);
	}
	if (access(path, R_OK) != 0) {
		snprintf(path, size, "/usr/lib/chronovisor/%s", name);
	}
}

struct gdb_line {
	size_t nr;
	char *argv[MAX_GDB_ARGS + 32];
	char commands[PATH_MAX + 16];
	char script[PATH_MAX + 16];
	char connect[PATH_MAX + 32];
};

static void say(struct gdb_line *l, const char *a, const char *b)
{
	l->argv[l->nr++] = (char *)a;
	if (b != NULL) {
		l->argv[l->nr++] = (char *)b;
	}
}

static void write_line(const struct host_served *s, const char *socket,
                       struct gdb_line *l)
{
	snprintf(l->connect, sizeof(l->connect), "target extended-remote %s",
	         socket);
	strcpy(l->commands, "source ");
	find_script("chronovisor.py", l->commands + 7, PATH_MAX);
	say(l, "gdb", "-q");
	if (s->batch) {
		say(l, "-nx", "-batch");
	}
	say(l, "-iex", "set confirm off");
	say(l, "-iex", "set non-stop off");
	say(l, "-iex", "set remotetimeout 30");
	if (s->symbols != NULL) {
		say(l, s->symbols, NULL);
	}
	say(l, "-ex", l->commands);
	say(l, "-ex", l->connect);
	if (s->script != NULL) {
		strcpy(l->script, "source ");
		find_script(s->script, l->script + 7, PATH_MAX);
		say(l, "-ex", l->script);
	}
	if (!s->batch) {
		say(l, "-ex", "hv prompt on");
	}
	for (size_t i = 0;
	     s->gdb_args != NULL && i < MAX_GDB_ARGS && s->gdb_args[i] != NULL;
	     i++) {
		say(l, s->gdb_args[i], NULL);
	}
}

static int run_gdb(const struct host_served *s, const char *socket)
{
	static struct gdb_line line;
	const struct host_child how = {
		.in = -1, .out = -1, .err = -1, .death = SIGHUP};
	char end[24];
	int status, err, pid;

	if (s->m.trace_end > 0) {
		/* chronovisor.py tells it to those who look behind it. */
		snprintf(end, sizeof(end), "%llu",
		         (unsigned long long)s->m.trace_end);
		setenv("CHV_TRACE_END", end, 1);
	}
	line.nr = 0;
	write_line(s, socket, &line);
	line.argv[line.nr] = NULL;
	/* The keyboard's interrupt is GDB's while it runs. */
	signal(SIGINT, SIG_IGN);
	err = host_child_start(line.argv, &how, &pid);
	if (err != 0) {
		chv_catch_interrupts();
		return chv_error("gdb: %s: 'apt install gdb'", strerror(-err));
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
		if (chv_interrupted != 0) {
			kill(pid, SIGHUP);
		}
	}
	chv_catch_interrupts();
	return WIFEXITED(status) ? WEXITSTATUS(status) : CHV_FAILED;
}

static int debug(const struct host_served *s, int pid, const char *socket,
                 const char *log)
{
	struct host_console console = {.show = s->show};
	int fd = open(log, O_RDONLY | O_CLOEXEC);
	int status;

	if (fd < 0) {
		return chv_error("%s: %s", log, strerror(errno));
	}
	wait_ready(s, pid, fd, &console);
	close(fd);
	status = console.served ? run_gdb(s, socket) : not_ready(&console, log);
	if (console.served || status == CHV_INTERRUPTED) {
		unlink(log);
	}
	return status;
}

static int run_in(struct host_served *s, const char *dir)
{
	char socket[64], log[64];
	struct host_args args;
	int status, pid;

	snprintf(socket, sizeof(socket), "%s/gdb", dir);
	snprintf(log, sizeof(log), "%s/log", dir);
	s->m.com2 = socket;
	status = host_machine_args(&s->m, &args);
	if (status != CHV_OK) {
		return status;
	}
	if (s->dry_run) {
		host_args_print(&args);
		host_args_free(&args);
		return CHV_OK;
	}
	status = host_start(&args, log, &pid);
	host_args_free(&args);
	if (status != CHV_OK) {
		unlink(log);
		return status;
	}
	status = debug(s, pid, socket, log);
	host_stop(pid);
	unlink(socket);
	return status;
}

static void on_end(int number)
{
	(void)number;
	chv_interrupted = 1;
}

/* Being ended is like an interrupt: nothing is left behind. */
static void catch_ends(bool on)
{
	const struct sigaction sa = {.sa_handler = on ? on_end : SIG_DFL};

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

int host_serve(struct host_served *s)
{
	char dir[] = "/tmp/chv-XXXXXX";
	int status;

	if (mkdtemp(dir) == NULL) {
		return chv_error("%s: %s", dir, strerror(errno));
	}
	catch_ends(true);
	status = run_in(s, dir);
	catch_ends(false);
	rmdir(dir);
	return status;
}
