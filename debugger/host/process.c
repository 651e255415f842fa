/* SPDX-License-Identifier: MIT */
/*
 * QEMU's process: started by posix_spawn() with an array of arguments, waited
 * for, and never left behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <chv/cli.h>

#include "machine.h"

extern char **environ;

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

static int explain_status(int status)
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
		chv_error("the trace cannot be replayed: see above");
		return CHV_TRACE_BAD;
	case MACHINE_TRACE_CUT:
		chv_error("the trace was cut; it was replayed to its end");
		return CHV_TRACE_CUT;
	case MACHINE_PANIC:
		return chv_error("the hypervisor panicked: see above");
	}
	return chv_error("the machine ended with status %d", status);
}

static int spawn(const struct host_args *args, const char *log, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	int err;

	posix_spawn_file_actions_init(&files);
	if (log != NULL) {
		posix_spawn_file_actions_addopen(&files, 0, "/dev/null",
		                                 O_RDONLY, 0);
		posix_spawn_file_actions_addopen(
			&files, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
		posix_spawn_file_actions_adddup2(&files, 1, 2);
	}
	err = posix_spawnp(pid, args->argv[0], &files, NULL, args->argv,
	                   environ);
	posix_spawn_file_actions_destroy(&files);
	if (err == ENOENT) {
		chv_error("%s is not installed: 'apt install qemu-system-x86'",
		          chv_clean(args->argv[0]));
		return CHV_NOT_FOUND;
	}
	if (err != 0) {
		return chv_error("%s: %s", chv_clean(args->argv[0]),
		                 strerror(err));
	}
	return CHV_OK;
}

int host_run(const struct host_args *args)
{
	struct termios saved;
	bool terminal = tcgetattr(STDIN_FILENO, &saved) == 0;
	pid_t pid;
	int status = spawn(args, NULL, &pid);
	int ended;

	if (status != CHV_OK) {
		return status;
	}
	/* The keyboard's interrupt belongs to the guest; QEMU sees to it. */
	while (waitpid(pid, &ended, 0) < 0 && errno == EINTR) {
		if (chv_interrupted != 0 && !terminal) {
			kill(pid, SIGTERM);
		}
	}
	chv_interrupted = 0;
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	}
	if (WIFSIGNALED(ended)) {
		return chv_error("QEMU was ended by signal %d",
		                 WTERMSIG(ended));
	}
	/* 0: the machine was powered off, or the user left QEMU. */
	return WEXITSTATUS(ended) == 0 ? CHV_OK
	                               : explain_status(WEXITSTATUS(ended));
}

int host_start(const struct host_args *args, const char *log)
{
	pid_t pid;

	return spawn(args, log, &pid) == CHV_OK ? pid : -1;
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
