/* SPDX-License-Identifier: MIT */
/*
 * chv gdb and chv symbols in dom0: a domain or a trace behind the GDB server,
 * on a socket or on the serial line that the hypervisor relays.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chv/dom0.h>
#include <chv/gdbserver.h>
#include <chv/symbols.h>
#include <chv/trace.h>

#include "cmd.h"
#include "debug.h"

#define RELAY_MS 5

#define SERIAL_NAME "COM2, the machine's second serial port"

static void ready(void *ctx, const char *address)
{
	const struct dom0_gdb *request = ctx;

	printf("GDB server on %s; Ctrl-C ends it\n",
	       request->serial ? SERIAL_NAME : address);
	fflush(stdout);
}

/* A server outlives its clients, and has no prompt to show for it. */
static void log_line(void *ctx, const char *line)
{
	bool waits = strncmp(line, "GDB has left", 12) == 0 &&
	             strstr(line, "the server stops") == NULL;

	(void)ctx;
	fprintf(stderr, "chv: %s%s\n", line,
	        waits ? "; waiting for GDB again, Ctrl-C ends" : "");
}

/* ---- the relayed serial line --------------------------------------------- */

static int send_all(struct hvctl *h, const char *buf, size_t len)
{
	while (len > 0) {
		int64_t n = hvctl_serial_write(h, buf, len);

		if (n < 0) {
			return (int)n;
		}
		if (n == 0) {
			/* The line is slower than we are. */
			usleep(1000 * RELAY_MS);
		}
		buf += n;
		len -= (size_t)n;
	}
	return 0;
}

static void relay(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct hvctl *h;
	char buf[1024];
	int64_t n = 0;

	if (hvctl_open(&h) != 0) {
		return;
	}
	for (;;) {
		ssize_t got;

		n = hvctl_serial_read(h, buf, sizeof(buf));
		if (n < 0 || (n > 0 && write(fd, buf, (size_t)n) != n)) {
			return;
		}
		if (poll(&p, 1, n > 0 ? 0 : RELAY_MS) != 1) {
			continue;
		}
		got = read(fd, buf, sizeof(buf));
		if (got <= 0 || send_all(h, buf, (size_t)got) != 0) {
			return;
		}
	}
}

/* A process between the line and a socket. Returns our end, or -1. */
static int start_relay(pid_t *pid)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
		return -1;
	}
	fflush(NULL);
	*pid = fork();
	if (*pid == 0) {
		close(ends[0]);
		relay(ends[1]);
		_exit(0);
	}
	close(ends[1]);
	if (*pid < 0) {
		close(ends[0]);
		return -1;
	}
	return ends[0];
}

/* ---- serving ------------------------------------------------------------- */

/* A number is a port of this machine, anything else a path. */
static int parse_address(const char *text, struct gdb_serve_options *opt)
{
	uint64_t port;

	if (!chv_number(text, &port)) {
		opt->transport = GDB_UNIX;
		opt->path = text;
		return CHV_OK;
	}
	if (port > UINT16_MAX) {
		chv_error("--listen %s: not a port", chv_clean(text));
		return CHV_USAGE;
	}
	opt->transport = GDB_TCP;
	opt->host = "127.0.0.1";
	opt->port = (uint16_t)port;
	return CHV_OK;
}

static int interrupt_fd(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static void allow_interrupts(int fd)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	close(fd);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static int serve(struct chv_target *t, const struct dom0_gdb *request)
{
	struct gdb_serve_options opt = {.fd = -1,
	                                .ready = ready,
	                                .log = log_line,
	                                .ctx = (void *)request};
	pid_t pid = 0;
	int status = CHV_OK;
	int err;

	if (request->serial) {
		opt.transport = GDB_LINE;
		opt.fd = start_relay(&pid);
		if (opt.fd < 0) {
			return chv_error("no relay: %s", strerror(errno));
		}
	} else {
		status = parse_address(request->listen, &opt);
	}
	if (status != CHV_OK) {
		return status;
	}
	opt.stop_fd = interrupt_fd();
	err = gdb_serve(t, &opt);
	allow_interrupts(opt.stop_fd);
	if (opt.fd >= 0) {
		close(opt.fd);
		kill(pid, SIGTERM);
		waitpid(pid, NULL, 0);
	}
	return err == 0
	               ? CHV_OK
	               : chv_error("--listen %s: %s",
	                           request->serial ? SERIAL_NAME
	                                           : chv_clean(request->listen),
	                           strerror(-err));
}

static int debug(struct hvctl *h, uint32_t domid, struct chv_trace *t,
                 bool replay, const struct dom0_gdb *request)
{
	struct dom0_machine *m =
		dom0_machine_open(h, domid, t, replay, request->symbols);
	struct timeline *tl =
		m != NULL ? timeline_new(dom0_machine_ops(m)) : NULL;
	int status, err;

	if (m == NULL) {
		return dom0_failed();
	}
	if (tl == NULL) {
		dom0_machine_close(m);
		return chv_error("domain %u has no state to look at", domid);
	}
	/* From now on it runs when the timeline lets it, and only then. */
	err = replay ? hvctl_unpause(h, domid) : 0;
	status = err == 0 ? serve(timeline_target(tl), request)
	                  : dom0_status(err);
	timeline_free(tl);
	dom0_machine_close(m);
	return status;
}

/* The first moment has to be read before anybody can look at it. */
static int read_start(struct hvctl *h, uint32_t domid, struct chv_trace *t)
{
	struct hvctl_status s = {.starting = true};
	int err = 0;

	while (err == 0 && s.starting && chv_interrupted == 0) {
		int fed = hvctl_replay_feed(h, domid, t);

		err = fed < 0 ? fed : hvctl_status(h, domid, &s);
	}
	if (err == 0 && s.session == HVCTL_SESSION_FAILED) {
		return chv_error("the trace cannot be replayed: %s",
		                 chv_clean(s.report));
	}
	return err == 0 ? CHV_OK : dom0_status(err);
}

static int debug_trace(struct hvctl *h, const char *path,
                       const struct dom0_gdb *request)
{
	int status = CHV_OK;
	struct chv_trace *t = dom0_trace_open(h, path, &status);
	uint32_t domid;

	if (t == NULL) {
		return status;
	}
	status = dom0_replay_create(h, path, t, &domid);
	if (status == CHV_OK) {
		status = read_start(h, domid, t);
		if (status == CHV_OK) {
			status = debug(h, domid, t, true, request);
		}
		hvctl_destroy(h, domid);
	}
	chv_trace_close(t);
	return status;
}

int dom0_gdb(const struct dom0_gdb *request)
{
	struct hvctl_domain d;
	struct hvctl *h;
	int status;

	if (hvctl_open(&h) != 0) {
		return dom0_failed();
	}
	if (strcmp(request->what, HVCTL_WINDOW) == 0 ||
	    access(request->what, R_OK) == 0) {
		status = debug_trace(h, request->what, request);
	} else {
		status = dom0_find(h, request->what, &d);
		if (status == CHV_OK) {
			status = debug(h, d.domid, NULL, false, request);
		}
	}
	hvctl_close(h);
	return status;
}

/* ---- symbols ------------------------------------------------------------- */

int dom0_symbols(const char *name,
                 int (*use)(const struct chv_memory *mem, void *ctx), void *ctx)
{
	struct dom0_machine *m;
	struct hvctl_domain d;
	struct hvctl *h;
	int status;

	if (hvctl_open(&h) != 0) {
		return dom0_failed();
	}
	status = dom0_find(h, name, &d);
	if (status == CHV_OK) {
		m = dom0_machine_open(h, d.domid, NULL, false, NULL);
		status = m != NULL ? CHV_OK : dom0_failed();
		if (m != NULL) {
			const struct chv_memory mem = dom0_machine_memory(m);

			status = use(&mem, ctx);
			dom0_machine_close(m);
		}
	}
	hvctl_close(h);
	return status;
}
