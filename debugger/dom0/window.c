/* SPDX-License-Identifier: MIT */
/*
 * Traces in dom0: a file of dom0's own, or what the machine's trace window
 * holds. The hypervisor replays the window by itself; dom0 reads it to know
 * what happens where.
 */
#include <errno.h>
#include <string.h>

#include <chv/trace.h>

#include "cmd.h"
#include "priv.h"

#define FRAME_KIB 4

uint64_t hvctl_window_size(struct hvctl *h)
{
	if (!hvctl_has_chrono(h) ||
	    chrono_simple(&h->chrono, CHRONO_INFO, 0) != 0) {
		return 0;
	}
	return h->chrono.op->u.info.window_bytes;
}

int64_t hvctl_window_read(struct hvctl *h, uint64_t offset, void *buf,
                          size_t len)
{
	int64_t n;

	len = len < CHRONO_BUFFER ? len : CHRONO_BUFFER;
	n = chrono_bytes(&h->chrono, CHRONO_WINDOW_READ, 0, len, offset, 0);
	if (n < 0 || (size_t)n > len) {
		return hvctl_fail(n < 0 ? (int)n : -EIO, "the trace window: %s",
		                  strerror(n < 0 ? (int)-n : EIO));
	}
	memcpy(buf, h->chrono.buffer, (size_t)n);
	return n;
}

static int window_read(void *ctx, uint64_t offset, void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len > 0) {
		int64_t n = hvctl_window_read(ctx, offset, p, len);

		if (n <= 0) {
			return -1;
		}
		p += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

/* Prints that there is none. */
static int no_window(void)
{
	return chv_error("this machine has no trace window: start it with "
	                 "'chv run --trace FILE'");
}

/* A recording keeps the window until its domain is destroyed. Returns whether
 * one does, and prints whose it is. */
static bool is_recorded_into(struct hvctl *h)
{
	static struct hvctl_domain list[DOM0_MAX_DOMAINS];
	int nr = hvctl_list(h, list, DOM0_MAX_DOMAINS);
	struct hvctl_status s;

	for (int i = 0; i < nr; i++) {
		if (hvctl_status(h, list[i].domid, &s) == 0 &&
		    s.session != HVCTL_SESSION_NONE && s.recording &&
		    s.total_bytes == 0) {
			chv_error("the trace window belongs to '%s' (d%u), "
			          "which is recorded into it: destroy that "
			          "first",
			          chv_clean(list[i].name), list[i].domid);
			return true;
		}
	}
	return false;
}

int dom0_window_check(struct hvctl *h)
{
	if (hvctl_window_size(h) == 0) {
		return no_window();
	}
	return is_recorded_into(h) ? CHV_FAILED : CHV_OK;
}

struct chv_trace *dom0_trace_open(struct hvctl *h, const char *path,
                                  int *status)
{
	struct tf_source source = {.ctx = h, .read = window_read};

	if (strcmp(path, HVCTL_WINDOW) != 0) {
		return chv_trace_open(path, status);
	}
	source.size = hvctl_window_size(h);
	if (source.size == 0) {
		*status = no_window();
		return NULL;
	}
	return chv_trace_open_source(&source, "the trace window", status);
}

uint64_t dom0_window_used(struct hvctl *h)
{
	struct tf_source source = {
		.ctx = h, .read = window_read, .size = hvctl_window_size(h)};
	static struct tf_super super;
	struct tf_chunk chunk;
	struct tf_scan scan;

	if (tf_scan_open(&scan, &source, &super, NULL, 0) != 0) {
		return 0;
	}
	/* Each step goes on behind a chunk: the window is its bound. */
	while (tf_scan_next(&scan, &chunk) == 0) {
	}
	return scan.offset;
}

int dom0_window_busy(void)
{
	return chv_error("the trace window is in use by another replay: end "
	                 "that first");
}

int dom0_replay_create(struct hvctl *h, const char *path, struct chv_trace *t,
                       uint32_t *domid)
{
	bool window = strcmp(path, HVCTL_WINDOW) == 0;
	uint64_t frames = chv_trace_super(t)->nr_frames;
	int status = window ? dom0_window_check(h) : CHV_OK;
	int err;

	if (status == CHV_OK) {
		status = dom0_memory_check(h, frames * FRAME_KIB, true);
	}
	if (status != CHV_OK) {
		return status;
	}
	err = hvctl_replay_create(h, window ? NULL : t, domid);
	if (err == -EBUSY && window) {
		return dom0_window_busy();
	}
	return err == 0 ? CHV_OK : dom0_status(err);
}
