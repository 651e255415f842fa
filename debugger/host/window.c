/* SPDX-License-Identifier: MIT */
/*
 * Checking, making and removing the file of a trace window: see window.h.
 */
#include "window.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chv/cli.h>
#include <tf/tf.h>

/* QEMU shows powers of two only, the hypervisor maps no more than that. */
#define SIZE_LEAST ((uint64_t)1 << 20)
#define SIZE_MOST  ((uint64_t)16 << 30)
#define SIZE_RULES "a power of two from 1M to 16G"

enum content { BLANK, TRACE, OTHER };

static enum content content_of(int fd)
{
	struct tf_super sb = {0};
	const char *bytes = (const char *)&sb;
	ssize_t n = pread(fd, &sb, sizeof(sb), 0);

	if (n >= (ssize_t)offsetof(struct tf_super, major) &&
	    memcmp(sb.magic, TF_SUPER_MAGIC, sizeof(sb.magic)) == 0) {
		return TRACE;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (bytes[i] != 0) {
			return OTHER;
		}
	}
	return BLANK;
}

static bool good_size(uint64_t size)
{
	return size >= SIZE_LEAST && size <= SIZE_MOST &&
	       (size & (size - 1)) == 0;
}

/* An empty file is made as large as wanted; one of zeroes stays as it is. */
static int check_file(struct host_window *w, int fd)
{
	enum content content;
	struct stat st;

	if (fstat(fd, &st) != 0) {
		return chv_error("%s: %s", chv_clean(w->path), strerror(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		return chv_error("%s: not a regular file", chv_clean(w->path));
	}
	content = content_of(fd);
	if (content != BLANK && !w->force) {
		return chv_error("%s: holds %s: give another file, or --force "
		                 "to overwrite it",
		                 chv_clean(w->path),
		                 content == TRACE ? "a recording"
		                                  : "something");
	}
	if (content == BLANK && st.st_size > 0) {
		w->size = (uint64_t)st.st_size;
	}
	if (!good_size(w->size)) {
		return chv_error("%s: %llu bytes; a trace that is written by "
		                 "the machine needs " SIZE_RULES,
		                 chv_clean(w->path),
		                 (unsigned long long)w->size);
	}
	return CHV_OK;
}

int host_window_check(struct host_window *w)
{
	/* O_NONBLOCK: a FIFO must not hang us before we can refuse it. */
	int fd = open(w->path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	int err = errno;
	int status;

	if (!good_size(w->size)) {
		chv_error("--trace-size: give " SIZE_RULES);
		status = CHV_USAGE;
	} else if (fd < 0) {
		status = err == ENOENT ? CHV_OK
		                       : chv_error("%s: %s", chv_clean(w->path),
		                                   strerror(err));
	} else {
		status = check_file(w, fd);
	}
	if (fd >= 0) {
		close(fd);
	}
	return status;
}

int host_window_make(struct host_window *w)
{
	bool absent = access(w->path, F_OK) != 0;
	int fd = open(w->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	int status = CHV_OK;

	if (fd < 0) {
		return chv_error("%s: %s", chv_clean(w->path), strerror(errno));
	}
	w->created = absent;
	/* To 0 first, so that nothing of an old recording stays. */
	if ((content_of(fd) != BLANK && ftruncate(fd, 0) != 0) ||
	    ftruncate(fd, (off_t)w->size) != 0) {
		status = chv_error("%s: %s", chv_clean(w->path),
		                   strerror(errno));
	}
	close(fd);
	if (status != CHV_OK) {
		host_window_undo(w);
	}
	return status;
}

void host_window_undo(const struct host_window *w)
{
	int fd = w->created ? open(w->path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0) {
		return;
	}
	if (content_of(fd) == BLANK) {
		unlink(w->path);
	}
	close(fd);
}
