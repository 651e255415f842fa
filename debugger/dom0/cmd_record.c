/* SPDX-License-Identifier: MIT */
/*
 * chv record: the file side of a recording. A process of its own drains the
 * hypervisor's ring into the file; when it dies, the guest waits once the
 * ring is full, and "record attach" goes on where it stopped.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chv/trace.h>

#include "cmd.h"
#include "priv.h"

#define POLL_MS   50
/* A recorder that brings nothing for so long is dead. */
#define SETTLE_MS 2000

const struct option chv_options_record[] = {
	{"output", required_argument, NULL, 'o'},
	{"json", no_argument, NULL, 'j'},
	{NULL, 0, NULL, 0},
};

static void directory_of(const char *path, char dir[PATH_MAX])
{
	char *slash;

	snprintf(dir, PATH_MAX, "%s", path);
	slash = strrchr(dir, '/');
	if (slash == NULL) {
		strcpy(dir, ".");
	} else {
		slash[slash == dir] = '\0';
	}
}

/* The directory too, or the file may be gone with its name. */
static int sync_directory(const char *path)
{
	char dir[PATH_MAX];
	int fd, err = 0;

	directory_of(path, dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0) {
		err = -errno;
	}
	if (fd >= 0) {
		close(fd);
	}
	return err;
}

int dom0_record_check(const char *path)
{
	char dir[PATH_MAX];
	struct stat st;

	if (strcmp(path, HVCTL_WINDOW) == 0) {
		return CHV_OK;
	}
	if (lstat(path, &st) == 0) {
		return chv_error("--record %s: it exists: choose another name, "
		                 "or remove it",
		                 chv_clean(path));
	}
	directory_of(path, dir);
	if (access(dir, W_OK | X_OK) != 0) {
		int err = errno;

		chv_error("--record: directory %s: %s", chv_clean(dir),
		          strerror(err));
		return err == ENOENT ? CHV_NOT_FOUND : CHV_FAILED;
	}
	return CHV_OK;
}

/* The start of the trace has to be in the file, or with no @fd in the window,
 * before the guest runs. */
static int drain_start(struct hvctl *h, uint32_t domid, int fd)
{
	struct chv_progress progress;
	struct hvctl_status s = {.starting = true};
	int err = 0;

	chv_progress_begin(&progress, "writing the start of the trace", 0);
	while (err == 0 && s.starting && chv_interrupted == 0) {
		int64_t n = fd >= 0 ? hvctl_drain(h, domid, fd) : 0;

		err = n < 0 ? (int)n : hvctl_status(h, domid, &s);
		chv_progress_update(&progress, s.total_bytes);
	}
	chv_progress_end(&progress);
	if (err == 0 && s.session == HVCTL_SESSION_FAILED) {
		return hvctl_fail(-ENOSPC, "domain %u is not recorded: %s",
		                  domid, s.report);
	}
	return chv_interrupted != 0 ? hvctl_fail(-EINTR, "interrupted") : err;
}

/* Until the recording has ended and the ring is empty. */
static int drain_all(struct hvctl *h, uint32_t domid, int fd)
{
	struct hvctl_status s;

	for (;;) {
		/* Status first: what it says is over leaves nothing behind. */
		int err = hvctl_status(h, domid, &s);
		int64_t n = err == 0 ? hvctl_drain(h, domid, fd) : err;

		if (n < 0) {
			return (int)n;
		}
		if (n == 0 && s.session != HVCTL_SESSION_RUNNING) {
			return 0;
		}
		if (n == 0) {
			hvctl_wait(h, POLL_MS);
		}
	}
}

/* Which trace is a domain's: the hypervisor does not say. */
static void trace_id_path(uint32_t domid, char path[64])
{
	snprintf(path, 64, "/run/chv/%u.trace", domid);
}

static void remember_trace(uint32_t domid, int fd)
{
	struct tf_super super;
	char path[64];
	FILE *f;

	trace_id_path(domid, path);
	f = fopen(path, "we");
	if (f != NULL) {
		if (pread(fd, &super, sizeof(super), 0) == sizeof(super)) {
			fwrite(super.uuid, sizeof(super.uuid), 1, f);
		}
		fclose(f);
	}
}

/* True as well when nothing is known. */
static bool is_remembered(uint32_t domid, const struct tf_super *super)
{
	uint8_t uuid[sizeof(super->uuid)];
	bool same = true;
	char path[64];
	FILE *f;

	trace_id_path(domid, path);
	f = fopen(path, "re");
	if (f != NULL) {
		same = fread(uuid, sizeof(uuid), 1, f) != 1 ||
		       memcmp(uuid, super->uuid, sizeof(uuid)) == 0;
		fclose(f);
	}
	return same;
}

/* The recorder: has no terminal and writes its last words to a log. */
static void run_recorder(uint32_t domid, int fd)
{
	struct hvctl *h;
	char log[64];
	int out;

	setsid();
	snprintf(log, sizeof(log), "/run/chv/%u.log", domid);
	out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (out >= 0) {
		dup2(out, STDOUT_FILENO);
		dup2(out, STDERR_FILENO);
	}
	out = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (out >= 0) {
		dup2(out, STDIN_FILENO);
	}
	if (hvctl_open(&h) != 0 || drain_all(h, domid, fd) != 0) {
		dom0_failed();
		_exit(CHV_FAILED);
	}
	_exit(CHV_OK);
}

/* The lock tells other recorders to keep away, and ends with this one. */
static int leave_recorder(uint32_t domid, int fd)
{
	pid_t pid;

	if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
		return chv_error("the recorder of this file still runs: "
		                 "none is needed");
	}
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		return chv_error("no process for the recorder: %s",
		                 strerror(errno));
	}
	if (pid == 0) {
		/* Twice, so that nobody has to wait for it. */
		if (fork() == 0) {
			run_recorder(domid, fd);
		}
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return CHV_OK;
}

int dom0_record(struct hvctl *h, uint32_t domid, const char *name,
                const char *path)
{
	bool window = strcmp(path, HVCTL_WINDOW) == 0;
	int status = CHV_OK;
	int err, fd;

	if (window) {
		err = hvctl_record_start(h, domid, name, true);
		if (err == 0) {
			err = drain_start(h, domid, -1);
		}
		return err == -EBUSY ? dom0_window_busy()
		       : err != 0    ? dom0_status(err)
		                     : CHV_OK;
	}
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0) {
		return chv_error("%s: %s", chv_clean(path), strerror(errno));
	}
	err = hvctl_record_start(h, domid, name, false);
	if (err == 0) {
		err = drain_start(h, domid, fd);
	}
	if (err == 0) {
		err = sync_directory(path);
	}
	if (err == 0) {
		remember_trace(domid, fd);
	}
	if (err != 0) {
		unlink(path);
		status = dom0_status(err);
	} else {
		status = leave_recorder(domid, fd);
	}
	close(fd);
	return status;
}

static const char *session_name(enum hvctl_session session)
{
	switch (session) {
	case HVCTL_SESSION_NONE:
		return "none";
	case HVCTL_SESSION_RUNNING:
		return "running";
	case HVCTL_SESSION_WAITING:
		return "waiting";
	case HVCTL_SESSION_FINISHED:
		return "finished";
	case HVCTL_SESSION_CUT:
		return "cut";
	case HVCTL_SESSION_DIVERGED:
		return "diverged";
	case HVCTL_SESSION_FAILED:
		return "failed";
	}
	return "unknown";
}

static int show_status(struct hvctl *h, const struct hvctl_domain *d)
{
	struct hvctl_status s;
	int err = hvctl_status(h, d->domid, &s);

	if (err != 0) {
		return dom0_status(err);
	}
	if (s.session == HVCTL_SESSION_NONE) {
		printf("%s (d%u): neither recorded nor replayed\n",
		       chv_clean(d->name), d->domid);
		return CHV_OK;
	}
	printf("%s (d%u): %s, %s, n%" PRIu64 ", %" PRIu64 ".%03" PRIu64 " s\n",
	       chv_clean(d->name), d->domid,
	       s.recording ? "recording" : "replaying", session_name(s.session),
	       s.entry, s.time_ns / 1000000000, s.time_ns / 1000000 % 1000);
	if (s.recording && s.total_bytes == 0) {
		printf("  in the trace window: %" PRIu64 " of %" PRIu64
		       " bytes used\n",
		       dom0_window_used(h), hvctl_window_size(h));
	} else if (s.recording) {
		printf("  trace %" PRIu64 " bytes, %" PRIu64
		       " of them not in the file yet\n",
		       s.total_bytes, s.ring_bytes);
	}
	if (s.report[0] != '\0') {
		printf("  %s\n", chv_clean(s.report));
	}
	return CHV_OK;
}

int dom0_settle(struct hvctl *h, uint32_t domid, struct hvctl_status *s)
{
	unsigned int polls = SETTLE_MS / POLL_MS;
	uint64_t left = UINT64_MAX;
	int err = hvctl_status(h, domid, s);

	while (err == 0 && s->recording && s->ring_bytes != 0 && polls > 0) {
		polls = s->ring_bytes < left ? SETTLE_MS / POLL_MS : polls - 1;
		left = s->ring_bytes;
		usleep(POLL_MS * 1000);
		err = hvctl_status(h, domid, s);
		if (chv_interrupted != 0) {
			err = hvctl_fail(-EINTR, "interrupted");
		}
	}
	return err;
}

static int wait_end(struct hvctl *h, const struct hvctl_domain *d)
{
	struct hvctl_status s = {.session = HVCTL_SESSION_RUNNING};
	struct chv_progress progress;
	int err = 0;

	chv_progress_begin(&progress, "recording", 0);
	while (err == 0 && s.session == HVCTL_SESSION_RUNNING &&
	       chv_interrupted == 0) {
		hvctl_wait(h, POLL_MS);
		err = hvctl_status(h, d->domid, &s);
		chv_progress_update(&progress, s.entry);
	}
	chv_progress_end(&progress);
	if (err == 0) {
		err = dom0_settle(h, d->domid, &s);
	}
	if (err == 0 && chv_interrupted != 0) {
		err = hvctl_fail(-EINTR, "interrupted");
	}
	return err == 0 ? show_status(h, d) : dom0_status(err);
}

/* Prints what speaks against a recorder for the domain. */
static int check_session(const struct hvctl_domain *d,
                         const struct hvctl_status *s)
{
	if (s->session == HVCTL_SESSION_NONE || !s->recording) {
		return chv_error("d%u is not recorded", d->domid);
	}
	if (s->total_bytes == 0) {
		return chv_error("d%u is recorded into the trace window, which "
		                 "needs no recorder",
		                 d->domid);
	}
	if (s->session != HVCTL_SESSION_RUNNING && s->ring_bytes == 0) {
		return chv_error("the recording of d%u has ended, and all of "
		                 "it is in its file",
		                 d->domid);
	}
	return CHV_OK;
}

/* A file of this recording ends where the ring begins, or within it. */
static int check_trace(const struct hvctl_domain *d,
                       const struct hvctl_status *s, const char *path, int fd)
{
	struct tf_super super;
	struct stat st;
	uint64_t size;

	if (pread(fd, &super, sizeof(super), 0) != sizeof(super) ||
	    tf_super_check(&super) != 0 || fstat(fd, &st) != 0) {
		chv_error("%s: not a trace", chv_clean(path));
		return CHV_TRACE_BAD;
	}
	if (!is_remembered(d->domid, &super)) {
		return chv_error("%s: belongs to another recording",
		                 chv_clean(path));
	}
	size = (uint64_t)st.st_size;
	if (size < s->total_bytes - s->ring_bytes || size > s->total_bytes) {
		return chv_error("%s: %" PRIu64 " bytes, the recorder before "
		                 "has written %" PRIu64,
		                 chv_clean(path), size,
		                 s->total_bytes - s->ring_bytes);
	}
	return CHV_OK;
}

static int attach(struct hvctl *h, const struct hvctl_domain *d,
                  const char *path)
{
	struct hvctl_status s;
	int fd, status, err;

	if (path == NULL) {
		return chv_usage("record");
	}
	err = hvctl_status(h, d->domid, &s);
	status = err == 0 ? check_session(d, &s) : dom0_status(err);
	if (status != CHV_OK) {
		return status;
	}
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		err = errno;
		chv_error("%s: %s", chv_clean(path), strerror(err));
		return err == ENOENT ? CHV_NOT_FOUND : CHV_FAILED;
	}
	status = check_trace(d, &s, path, fd);
	if (status == CHV_OK) {
		status = leave_recorder(d->domid, fd);
	}
	close(fd);
	return status;
}

static int on_domain(struct hvctl *h, const char *what, const char *name,
                     const char *path)
{
	struct hvctl_domain d;
	int status = dom0_find(h, name, &d);

	if (status != CHV_OK) {
		return status;
	}
	if (strcmp(what, "status") == 0) {
		return show_status(h, &d);
	}
	if (strcmp(what, "stop") == 0) {
		int err = hvctl_record_stop(h, d.domid);

		return err == 0 ? CHV_OK : dom0_status(err);
	}
	if (strcmp(what, "wait") == 0) {
		return wait_end(h, &d);
	}
	if (strcmp(what, "attach") == 0) {
		return attach(h, &d, path);
	}
	return chv_usage("record");
}

int cmd_record(int argc, char **argv)
{
	const char *path = NULL;
	struct hvctl *h;
	int status;
	int c;

	while ((c = getopt_long(argc, argv, "o:", chv_options_record, NULL)) !=
	       -1) {
		if (c != 'o') {
			return chv_usage("record");
		}
		path = optarg;
	}
	if (argc - optind != 2) {
		return chv_usage("record");
	}
	if (hvctl_open(&h) != 0) {
		return dom0_failed();
	}
	status = on_domain(h, argv[optind], argv[optind + 1], path);
	hvctl_close(h);
	return status;
}
