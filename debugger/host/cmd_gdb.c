/* SPDX-License-Identifier: MIT */
/*
 * chv gdb on a host: a machine that replays the trace, with the GDB server in
 * its dom0 on the second serial line, and GDB itself in front of the user.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chv/cli.h>
#include <chv/dom0.h>
#include <chv/hvctl.h>

#include "machine.h"

/* What the server in dom0 prints when it is there. */
#define SERVER_READY  "GDB server on "
#define START_SECONDS 180
#define MAX_GDB_ARGS  64

extern char **environ;

const struct option chv_options_gdb[] = {
	{"listen", required_argument, NULL, 'l'},
	{"serial", no_argument, NULL, 'S'},
	{"symbols", required_argument, NULL, 's'},
	{"memory", required_argument, NULL, 'm'},
	{"image-dir", required_argument, NULL, 'd'},
	{"qemu", required_argument, NULL, 'q'},
	{"dry-run", no_argument, NULL, 'n'},
	{NULL, 0, NULL, 0},
};

struct gdb_request {
	struct dom0_gdb dom0;
	struct host_machine m;
	uint64_t memory;
	bool dry_run;
	char **gdb_args; /* Behind "--", NULL-terminated. */
};

static bool log_says_ready(const char *log)
{
	char text[65536];
	int fd = open(log, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text)) : -1;

	if (fd >= 0) {
		close(fd);
	}
	return n > 0 && memmem(text, (size_t)n, SERVER_READY,
	                       strlen(SERVER_READY)) != NULL;
}

static int wait_ready(int pid, const char *log)
{
	const struct timespec tenth = {.tv_nsec = 100000000};
	struct chv_progress progress;
	int status = CHV_FAILED;

	chv_progress_begin(&progress, "starting Chronovisor", 0);
	for (unsigned int i = 0; i < 10 * START_SECONDS; i++) {
		if (log_says_ready(log)) {
			status = CHV_OK;
			break;
		}
		if (chv_interrupted != 0 || waitpid(pid, NULL, WNOHANG) != 0) {
			break;
		}
		nanosleep(&tenth, NULL);
		chv_progress_update(&progress, i);
	}
	chv_progress_end(&progress);
	if (status != CHV_OK && chv_interrupted == 0) {
		chv_error("the machine did not get to its GDB server: see %s",
		          log);
	}
	return chv_interrupted != 0 ? CHV_INTERRUPTED : status;
}

static void find_helper(char *path, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	path[len > 0 ? len : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash == NULL ||
	    snprintf(slash, size - (size_t)(slash - path), "/chronovisor.py") <
	            0 ||
	    access(path, R_OK) != 0) {
		snprintf(path, size, "/usr/lib/chronovisor/chronovisor.py");
	}
}

static int run_gdb(const struct gdb_request *r, const char *socket)
{
	char connect[PATH_MAX + 32];
	char source[PATH_MAX + 16] = "source ";
	char *argv[MAX_GDB_ARGS + 24];
	size_t nr = 0;
	int status, err;
	pid_t pid;
	static const char *const fixed[] = {"gdb",  "-q",
	                                    "-iex", "set confirm off",
	                                    "-iex", "set non-stop off",
	                                    "-iex", "set remotetimeout 30"};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		argv[nr++] = (char *)fixed[i];
	}
	if (r->dom0.symbols != NULL) {
		argv[nr++] = (char *)r->dom0.symbols;
	}
	find_helper(source + 7, PATH_MAX);
	snprintf(connect, sizeof(connect), "target extended-remote %s", socket);
	argv[nr++] = (char *)"-ex";
	argv[nr++] = source;
	argv[nr++] = (char *)"-ex";
	argv[nr++] = connect;
	argv[nr++] = (char *)"-ex";
	argv[nr++] = (char *)"hv prompt on";
	for (size_t i = 0; i < MAX_GDB_ARGS && r->gdb_args[i] != NULL; i++) {
		argv[nr++] = r->gdb_args[i];
	}
	argv[nr] = NULL;
	/* The keyboard's interrupt is GDB's while it runs. */
	signal(SIGINT, SIG_IGN);
	err = posix_spawnp(&pid, "gdb", NULL, NULL, argv, environ);
	if (err != 0) {
		chv_catch_interrupts();
		return chv_error("gdb: %s: 'apt install gdb'", strerror(err));
	}
	waitpid(pid, &status, 0);
	chv_catch_interrupts();
	return WIFEXITED(status) ? WEXITSTATUS(status) : CHV_FAILED;
}

static int run_machine(struct gdb_request *r, const char *dir)
{
	char socket[64], log[64];
	struct host_args args;
	int status, pid;

	snprintf(socket, sizeof(socket), "%s/gdb", dir);
	snprintf(log, sizeof(log), "%s/log", dir);
	r->m.com2 = socket;
	status = host_machine_args(&r->m, &args);
	if (status != CHV_OK) {
		return status;
	}
	if (r->dry_run) {
		host_args_print(&args);
		host_args_free(&args);
		return CHV_OK;
	}
	pid = host_start(&args, log);
	host_args_free(&args);
	if (pid < 0) {
		return CHV_FAILED;
	}
	status = wait_ready(pid, log);
	if (status == CHV_OK) {
		status = run_gdb(r, socket);
	}
	host_stop(pid);
	if (status == CHV_OK) {
		unlink(log);
	}
	unlink(socket);
	return status;
}

static int on_host(struct gdb_request *r)
{
	char dir[] = "/tmp/chv-XXXXXX";
	int status;

	if (r->dom0.listen != NULL || r->dom0.serial) {
		return chv_error("--listen and --serial are for dom0; on a "
		                 "host GDB is started too");
	}
	status = host_replay_machine(&r->m, r->dom0.what, true);
	if (status != CHV_OK) {
		return status;
	}
	r->m.exec = "chv gdb window --serial";
	if (mkdtemp(dir) == NULL) {
		return chv_error("%s: %s", dir, strerror(errno));
	}
	status = run_machine(r, dir);
	rmdir(dir);
	return status;
}

static int parse(struct gdb_request *r, int argc, char **argv)
{
	uint64_t bytes;
	int c;

	while ((c = getopt_long(argc, argv, "", chv_options_gdb, NULL)) != -1) {
		switch (c) {
		case 'l':
			r->dom0.listen = optarg;
			break;
		case 'S':
			r->dom0.serial = true;
			break;
		case 's':
			r->dom0.symbols = optarg;
			break;
		case 'd':
			r->m.image_dir = optarg;
			break;
		case 'q':
			r->m.qemu = optarg;
			break;
		case 'n':
			r->dry_run = true;
			break;
		case 'm':
			if (!chv_size(optarg, &bytes) || bytes >> 20 == 0) {
				chv_error("--memory %s: give a size such as "
				          "1G",
				          chv_clean(optarg));
				return CHV_USAGE;
			}
			r->m.memory_mib = bytes >> 20;
			break;
		default:
			return chv_usage("gdb");
		}
	}
	if (optind == argc) {
		return chv_usage("gdb");
	}
	r->dom0.what = argv[optind];
	r->gdb_args = argv + optind + 1;
	return CHV_OK;
}

int cmd_gdb(int argc, char **argv)
{
	struct gdb_request r = {0};
	int status = parse(&r, argc, argv);

	if (status != CHV_OK) {
		return status;
	}
	if (!hvctl_available()) {
		return on_host(&r);
	}
	if (r.dom0.listen == NULL && !r.dom0.serial) {
		r.dom0.listen = "1234";
	}
	return dom0_gdb(&r.dom0);
}
