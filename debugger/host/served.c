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
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chv/cli.h>

/* What the server in dom0 prints when it is there. */
#define SERVER_READY "GDB server on "
#define MAX_GDB_ARGS 64
#define MAX_LINE     512

extern char **environ;

/* The machine's console, as far as it has been read. */
struct follower {
	int fd;
	const char *show;
	bool ready;
	bool at_start; /* Behind a carriage return. */
	size_t len;
	char line[MAX_LINE];
};

static void take_line(struct follower *f)
{
	f->line[f->len] = '\0';
	f->len = 0;
	if (f->show != NULL &&
	    strncmp(f->line, f->show, strlen(f->show)) == 0) {
		printf("%s\n", chv_clean(f->line + strlen(f->show)));
		fflush(stdout);
	}
	f->ready = f->ready ||
	           strncmp(f->line, SERVER_READY, strlen(SERVER_READY)) == 0;
}

/* A progress line is overwritten by the next one: what counts is the last. */
static void take_byte(struct follower *f, char c)
{
	if (c == '\n') {
		take_line(f);
	} else if (c != '\r') {
		f->len = f->at_start ? 0 : f->len;
		if (f->len < MAX_LINE - 1) {
			f->line[f->len++] = c;
		}
	}
	f->at_start = c == '\r';
}

static void follow(struct follower *f)
{
	char text[4096];
	ssize_t n;

	while ((n = read(f->fd, text, sizeof(text))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			take_byte(f, text[i]);
		}
	}
}

static int wait_ready(const struct host_served *s, int pid, const char *log)
{
	const struct timespec tenth = {.tv_nsec = 100000000};
	struct follower f = {.fd = open(log, O_RDONLY | O_CLOEXEC),
	                     .show = s->show};
	struct chv_progress progress;

	chv_progress_begin(&progress, "starting Chronovisor", 0);
	for (unsigned int i = 0; i < 10 * s->patience_s && !f.ready; i++) {
		if (chv_interrupted != 0 || waitpid(pid, NULL, WNOHANG) != 0) {
			break;
		}
		nanosleep(&tenth, NULL);
		follow(&f);
		if (s->show == NULL) {
			chv_progress_update(&progress, i);
		}
	}
	chv_progress_end(&progress);
	close(f.fd);
	if (chv_interrupted != 0) {
		return CHV_INTERRUPTED;
	}
	return f.ready ? CHV_OK
	               : chv_error("the machine did not get to its GDB "
	                           "server: see %s",
	                           log);
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
	int status, err;
	pid_t pid;

	line.nr = 0;
	write_line(s, socket, &line);
	line.argv[line.nr] = NULL;
	/* The keyboard's interrupt is GDB's while it runs. */
	signal(SIGINT, SIG_IGN);
	err = posix_spawnp(&pid, "gdb", NULL, NULL, line.argv, environ);
	if (err != 0) {
		chv_catch_interrupts();
		return chv_error("gdb: %s: 'apt install gdb'", strerror(err));
	}
	waitpid(pid, &status, 0);
	chv_catch_interrupts();
	return WIFEXITED(status) ? WEXITSTATUS(status) : CHV_FAILED;
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
	pid = host_start(&args, log);
	host_args_free(&args);
	if (pid < 0) {
		return CHV_FAILED;
	}
	status = wait_ready(s, pid, log);
	if (status == CHV_OK) {
		status = run_gdb(s, socket);
	}
	host_stop(pid);
	if (status == CHV_OK) {
		unlink(log);
	}
	unlink(socket);
	return status;
}

int host_serve(struct host_served *s)
{
	char dir[] = "/tmp/chv-XXXXXX";
	int status;

	if (mkdtemp(dir) == NULL) {
		return chv_error("%s: %s", dir, strerror(errno));
	}
	status = run_in(s, dir);
	rmdir(dir);
	return status;
}
