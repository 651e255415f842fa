/* SPDX-License-Identifier: MIT */
/*
 * Recordings, replays and consoles through Chronovisor's own hypercall: see
 * <chv/hvctl.h>.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chv/trace.h>

#include "priv.h"

static enum hvctl_session session_of(uint8_t state)
{
	switch (state) {
	case CHRONO_STATE_RUNNING:
		return HVCTL_SESSION_RUNNING;
	case CHRONO_STATE_WAITING:
		return HVCTL_SESSION_WAITING;
	case CHRONO_STATE_FINISHED:
		return HVCTL_SESSION_FINISHED;
	case CHRONO_STATE_CUT:
		return HVCTL_SESSION_CUT;
	case CHRONO_STATE_DIVERGED:
		return HVCTL_SESSION_DIVERGED;
	case CHRONO_STATE_FAILED:
		return HVCTL_SESSION_FAILED;
	default:
		return HVCTL_SESSION_NONE;
	}
}

static void format_report(const struct chrono_status *s, char *buf, size_t size)
{
	char what[sizeof(s->report) + 1];

	memcpy(what, s->report, sizeof(s->report));
	what[sizeof(s->report)] = '\0';
	if (what[0] == '\0') {
		buf[0] = '\0';
		return;
	}
	if (s->report_expected == 0 && s->report_actual == 0) {
		snprintf(buf, size, "%s at n%" PRIu64 "+%" PRIu64, what,
		         s->report_position.entry, s->report_position.offset);
		return;
	}
	snprintf(buf, size,
	         "%s at n%" PRIu64 "+%" PRIu64 ": expected %#" PRIx64
	         ", found %#" PRIx64 ", right until n%" PRIu64,
	         what, s->report_position.entry, s->report_position.offset,
	         s->report_expected, s->report_actual, s->report_since);
}

static int fetch_status(struct hvctl *h, uint32_t domid)
{
	int err = chrono_simple(&h->chrono, CHRONO_STATUS, domid);

	return err == 0 ? 0
	                : hvctl_fail(err, "domain %u: no status: %s", domid,
	                             strerror(-err));
}

int hvctl_status(struct hvctl *h, uint32_t domid, struct hvctl_status *status)
{
	const struct chrono_status *s = &h->chrono.op->u.status;
	int err;

	if (!hvctl_has_chrono(h)) {
		return -ENOSYS;
	}
	err = fetch_status(h, domid);
	if (err != 0) {
		return err;
	}
	*status = (struct hvctl_status){.recording = s->mode == 1,
	                                .starting = s->starting != 0,
	                                .session = session_of(s->state),
	                                .entry = s->position.entry,
	                                .offset = s->position.offset,
	                                .time_ns = s->time_ns,
	                                .ring_bytes = s->trace_bytes,
	                                .total_bytes = s->trace_total};
	format_report(s, status->report, sizeof(status->report));
	return 0;
}

int hvctl_record_start(struct hvctl *h, uint32_t domid, const char *name,
                       bool window)
{
	struct chrono_record *r;
	int err;

	if (!hvctl_has_chrono(h)) {
		return -ENOSYS;
	}
	r = &chrono_prepare(&h->chrono, CHRONO_RECORD_START, domid)->u.record;
	r->store = window ? CHRONO_STORE_WINDOW : CHRONO_STORE_RING;
	snprintf(r->name, sizeof(r->name), "%s", name);
	/* Each recording differs: what perturbs it must come from outside. */
	if (getentropy(&r->seed, sizeof(r->seed)) != 0) {
		return hvctl_fail(-errno, "no random numbers: %s",
		                  strerror(errno));
	}
	err = chrono_call(&h->chrono);
	return err == 0 ? 0
	                : hvctl_fail(err, "domain %u cannot be recorded: %s",
	                             domid, strerror(-err));
}

int hvctl_record_stop(struct hvctl *h, uint32_t domid)
{
	int err;

	if (!hvctl_has_chrono(h)) {
		return -ENOSYS;
	}
	err = chrono_simple(&h->chrono, CHRONO_RECORD_STOP, domid);
	return err == 0 ? 0
	                : hvctl_fail(err, "domain %u is not being recorded: %s",
	                             domid, strerror(-err));
}

static int write_all(int fd, const uint8_t *data, size_t len, uint64_t at)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, data, len, (off_t)at);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return n < 0 ? -errno : -EIO;
		}
		data += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

int64_t hvctl_drain(struct hvctl *h, uint32_t domid, int fd)
{
	struct stat st;
	uint64_t at;
	int64_t len;
	int err;

	if (fstat(fd, &st) != 0) {
		return hvctl_fail(-errno, "the trace file: %s",
		                  strerror(errno));
	}
	at = (uint64_t)st.st_size;
	len = chrono_bytes(&h->chrono, CHRONO_TRACE_READ, domid, CHRONO_BUFFER,
	                   at, 0);
	if (len <= 0) {
		return len == 0 ? 0
		                : hvctl_fail((int)len,
		                             "domain %u gives no trace: %s",
		                             domid, strerror((int)-len));
	}
	err = write_all(fd, h->chrono.buffer, (size_t)len, at);
	/* An error of fdatasync() is final: nothing is known of the pages. */
	if (err == 0 && fdatasync(fd) != 0) {
		err = -errno;
	}
	if (err != 0) {
		return hvctl_fail(err, "the trace file: %s", strerror(-err));
	}
	err = (int)chrono_bytes(&h->chrono, CHRONO_TRACE_ACK, domid, 0,
	                        at + (uint64_t)len, 0);
	return err < 0 ? hvctl_fail(err, "domain %u: trace not taken: %s",
	                            domid, strerror(-err))
	               : len;
}

void hvctl_wait(struct hvctl *h, int ms)
{
	chrono_wait(&h->chrono, ms);
}

int hvctl_audit(struct hvctl *h)
{
	int err;

	if (!hvctl_has_chrono(h)) {
		return -ENOSYS;
	}
	err = chrono_simple(&h->chrono, CHRONO_AUDIT, 0);
	return err == 0 ? (int)h->chrono.op->u.audit.mismatches
	                : hvctl_fail(err, "no recount: %s", strerror(-err));
}

int hvctl_replay_create(struct hvctl *h, const struct chv_trace *t,
                        uint32_t *domid)
{
	uint32_t store = t == NULL ? CHRONO_STORE_WINDOW : CHRONO_STORE_RING;
	int64_t err;

	if (!hvctl_has_chrono(h)) {
		return -ENOSYS;
	}
	if (t != NULL) {
		memcpy(h->chrono.buffer, chv_trace_super(t), TF_SUPER_SIZE);
	}
	err = chrono_bytes(&h->chrono, CHRONO_REPLAY_CREATE, 0, TF_SUPER_SIZE,
	                   0, store);
	if (err < 0) {
		return hvctl_fail((int)err, "no domain for the replay: %s",
		                  strerror((int)-err));
	}
	*domid = h->chrono.op->domid;
	return 0;
}

int hvctl_replay_feed(struct hvctl *h, uint32_t domid, struct chv_trace *t)
{
	const struct chrono_status *s = &h->chrono.op->u.status;
	struct tf_chunk_header header;
	const uint8_t *raw;
	size_t size = 0;
	int64_t done;
	int err = fetch_status(h, domid);

	if (err != 0 || !s->wants) {
		return err;
	}
	err = chv_trace_load(t, (enum tf_stream)s->want_stream, s->want_index,
	                     &header, &raw);
	if (err == 0) {
		/* The payload goes raw whatever it was in the file. */
		memcpy(h->chrono.buffer, &header, sizeof(header));
		memcpy(h->chrono.buffer + sizeof(header), raw, header.raw_len);
		size = sizeof(header) + header.raw_len;
	}
	done = chrono_bytes(&h->chrono, CHRONO_TRACE_FEED, domid, size, 0, 0);
	return done < 0 ? hvctl_fail((int)done,
	                             "domain %u refuses the trace: %s", domid,
	                             strerror((int)-done))
	                : 1;
}

/* ---- consoles ------------------------------------------------------------ */

static int64_t text_in(struct hvctl *h, enum chrono_cmd cmd, uint32_t domid,
                       void *buf, size_t len)
{
	int64_t n;

	if (!hvctl_has_chrono(h)) {
		return -ENOSYS;
	}
	n = chrono_bytes(&h->chrono, cmd, domid, len, 0, 0);
	if (n < 0 || (size_t)n > len) {
		return hvctl_fail(n < 0 ? (int)n : -EIO, "no console: %s",
		                  strerror(n < 0 ? (int)-n : EIO));
	}
	memcpy(buf, h->chrono.buffer, (size_t)n);
	return n;
}

static int64_t text_out(struct hvctl *h, enum chrono_cmd cmd, uint32_t domid,
                        const void *buf, size_t len)
{
	int64_t n;

	if (!hvctl_has_chrono(h)) {
		return -ENOSYS;
	}
	len = len < CHRONO_BUFFER ? len : CHRONO_BUFFER;
	memcpy(h->chrono.buffer, buf, len);
	n = chrono_bytes(&h->chrono, cmd, domid, len, 0, 0);
	return n < 0 ? hvctl_fail((int)n, "no console: %s", strerror((int)-n))
	             : n;
}

int64_t hvctl_console_read(struct hvctl *h, uint32_t domid, void *buf,
                           size_t len)
{
	return text_in(h, CHRONO_CONSOLE_READ, domid, buf, len);
}

int64_t hvctl_console_write(struct hvctl *h, uint32_t domid, const void *buf,
                            size_t len)
{
	return text_out(h, CHRONO_CONSOLE_WRITE, domid, buf, len);
}

int64_t hvctl_serial_read(struct hvctl *h, void *buf, size_t len)
{
	return text_in(h, CHRONO_SERIAL_READ, 0, buf, len);
}

int64_t hvctl_serial_write(struct hvctl *h, const void *buf, size_t len)
{
	return text_out(h, CHRONO_SERIAL_WRITE, 0, buf, len);
}
