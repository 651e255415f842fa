/* SPDX-License-Identifier: MIT */
/*
 * Connections of the GDB server: one poll() loop over the listener, the one
 * client and the guest. A second client is turned away; a client that falls
 * silent inside a packet or does not read its answers is dropped.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <chv/gdbserver.h>
#include <chv/target.h>

#define SILENCE_MS 10000 /* Inside a packet. */
#define BLOCKED_MS 5000  /* Output that the client does not take. */
#define WATCH_MS   200   /* How often the limits above are looked at. */

struct server {
	const struct gdb_serve_options *opt;
	struct chv_target *target;
	struct gdb_session *session;
	int listener; /* -1: the one client came as a descriptor. */
	int client;   /* -1: nobody. */
	uint64_t last_input_ms;
	uint64_t last_output_ms;
	bool line_closed;
	size_t held; /* Input that waits for room in the output. */
	uint8_t input[4096];
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void logf_line(const struct server *sv, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void logf_line(const struct server *sv, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	if (sv->opt->log == NULL) {
		return;
	}
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	sv->opt->log(sv->opt->ctx, line);
}

static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static int listen_tcp(const struct gdb_serve_options *opt, char *address,
                      size_t size)
{
	struct sockaddr_in sin = {.sin_family = AF_INET,
	                          .sin_port = htons(opt->port)};
	socklen_t len = sizeof(sin);
	int one = 1;
	int fd;

	if (inet_pton(AF_INET, opt->host, &sin.sin_addr) != 1) {
		return -EINVAL;
	}
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return -errno;
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) != 0 ||
	    listen(fd, 4) != 0 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) != 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	snprintf(address, size, "%s:%u", opt->host, ntohs(sin.sin_port));
	return fd;
}

/* A socket that an earlier server left behind answers nobody. */
static void remove_stale(const struct sockaddr_un *sun)
{
	struct stat st;
	int fd;

	if (lstat(sun->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode)) {
		return;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return;
	}
	if (connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) != 0 &&
	    errno == ECONNREFUSED) {
		unlink(sun->sun_path);
	}
	close(fd);
}

static int listen_unix(const struct gdb_serve_options *opt, char *address,
                       size_t size)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	mode_t mask;
	int err = 0;
	int fd;

	if (strlen(opt->path) >= sizeof(sun.sun_path)) {
		return -ENAMETOOLONG;
	}
	strcpy(sun.sun_path, opt->path);
	remove_stale(&sun);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return -errno;
	}
	/* The protocol has no passwords: only the owner may connect. */
	mask = umask(0177);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) != 0 ||
	    listen(fd, 4) != 0) {
		err = -errno;
	}
	umask(mask);
	if (err != 0) {
		close(fd);
		return err;
	}
	snprintf(address, size, "%s", opt->path);
	return fd;
}

/* Returns 0, or a negative errno when the session cannot be made. */
static int begin_client(struct server *sv, int fd)
{
	int one = 1;

	sv->session = gdb_session_new(sv->target);
	if (sv->session == NULL) {
		return -ENOMEM;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	set_nonblocking(fd);
	if (sv->opt->transport == GDB_LINE) {
		gdb_session_on_line(sv->session);
	}
	sv->client = fd;
	sv->held = 0;
	sv->last_input_ms = now_ms();
	sv->last_output_ms = sv->last_input_ms;
	return 0;
}

static void end_client(struct server *sv, const char *why)
{
	logf_line(sv, "GDB has left: %s", why);
	gdb_session_free(sv->session);
	sv->session = NULL;
	if (sv->opt->transport != GDB_FD && sv->opt->transport != GDB_LINE) {
		close(sv->client);
	}
	sv->client = -1;
}

static void turn_away(const struct server *sv, int fd)
{
	const struct linger reset = {.l_onoff = 1, .l_linger = 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
	logf_line(sv, "refused a second client: one at a time");
}

/* A peer that hung up is gone, whatever of its input is still unread. */
static bool client_hung_up(const struct server *sv)
{
	struct pollfd p = {.fd = sv->client, .events = POLLRDHUP};

	return sv->client >= 0 && poll(&p, 1, 0) == 1 &&
	       (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

static void accept_client(struct server *sv)
{
	int fd = accept4(sv->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0) {
		return;
	}
	if (client_hung_up(sv)) {
		end_client(sv, "the connection was closed");
	}
	if (sv->client >= 0) {
		turn_away(sv, fd);
	} else if (begin_client(sv, fd) != 0) {
		close(fd);
		logf_line(sv, "no memory for a client");
	} else {
		logf_line(sv, "GDB has connected");
	}
}

static void feed(struct server *sv)
{
	size_t used = gdb_session_input(sv->session, sv->input, sv->held);

	sv->held -= used;
	memmove(sv->input, sv->input + used, sv->held);
}

static void read_client(struct server *sv)
{
	ssize_t n = read(sv->client, sv->input, sizeof(sv->input));

	if (n > 0) {
		sv->held = (size_t)n;
		sv->last_input_ms = now_ms();
		feed(sv);
	} else if (n == 0) {
		sv->line_closed = true;
		end_client(sv, "the connection was closed");
	} else if (errno != EAGAIN && errno != EINTR) {
		end_client(sv, strerror(errno));
	}
}

static void write_client(struct server *sv)
{
	const uint8_t *data;
	size_t len = gdb_session_output(sv->session, &data);
	ssize_t n = write(sv->client, data, len);

	if (n > 0) {
		gdb_session_sent(sv->session, (size_t)n);
		sv->last_output_ms = now_ms();
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		end_client(sv, strerror(errno));
	}
}

static void check_limits(struct server *sv)
{
	const uint8_t *data;
	size_t out = gdb_session_output(sv->session, &data);
	uint64_t now = now_ms();

	if (out == 0) {
		sv->last_output_ms = now;
	}
	if (out == 0 && gdb_session_closing(sv->session)) {
		end_client(sv, "the session is over");
	} else if (now - sv->last_output_ms > BLOCKED_MS) {
		end_client(sv, "it does not read its answers");
	} else if (gdb_session_mid_packet(sv->session) && sv->held == 0 &&
	           now - sv->last_input_ms > SILENCE_MS) {
		end_client(sv, "silence in the middle of a packet");
	}
}

static int wait_ms(struct server *sv)
{
	if (sv->session == NULL) {
		return -1;
	}
	if (gdb_session_running(sv->session) &&
	    sv->target->ops->event_fd(sv->target) < 0) {
		/* poll_stop() itself is the engine: call it at once. */
		return 0;
	}
	return WATCH_MS;
}

enum { P_STOP, P_LISTENER, P_CLIENT, P_TARGET, NR_P };

static void prepare(struct server *sv, struct pollfd *p)
{
	const uint8_t *data;
	bool out;

	for (int i = 0; i < NR_P; i++) {
		p[i] = (struct pollfd){.fd = -1, .events = POLLIN};
	}
	p[P_STOP].fd = sv->opt->stop_fd;
	p[P_LISTENER].fd = sv->listener;
	if (sv->session == NULL) {
		return;
	}
	out = gdb_session_output(sv->session, &data) > 0;
	p[P_CLIENT].fd = sv->client;
	p[P_CLIENT].events =
		(short)((sv->held == 0 ? POLLIN : 0) | (out ? POLLOUT : 0));
	if (gdb_session_running(sv->session)) {
		p[P_TARGET].fd = sv->target->ops->event_fd(sv->target);
	}
}

static void serve_client(struct server *sv, const struct pollfd *p)
{
	if (sv->session != NULL) {
		gdb_session_poll(sv->session, now_ms());
	}
	if (sv->session != NULL && (p[P_CLIENT].revents & POLLOUT) != 0) {
		write_client(sv);
	}
	if (sv->session != NULL && sv->held > 0) {
		feed(sv);
	} else if (sv->session != NULL &&
	           (p[P_CLIENT].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
		read_client(sv);
	}
	if (sv->session != NULL) {
		check_limits(sv);
	}
}

static void loop(struct server *sv)
{
	struct pollfd p[NR_P];
	bool had_client = sv->client >= 0;

	for (;;) {
		prepare(sv, p);
		if (poll(p, NR_P, wait_ms(sv)) < 0 && errno != EINTR) {
			return;
		}
		if (p[P_STOP].revents != 0) {
			return;
		}
		if ((p[P_LISTENER].revents & POLLIN) != 0) {
			accept_client(sv);
		}
		serve_client(sv, p);
		had_client = had_client || sv->client >= 0;
		if (sv->client < 0 && sv->opt->transport == GDB_LINE &&
		    !sv->line_closed && begin_client(sv, sv->opt->fd) != 0) {
			return;
		}
		if (sv->client < 0 && had_client &&
		    (sv->opt->once || sv->listener < 0)) {
			return;
		}
	}
}

static int open_listener(struct server *sv, char *address, size_t size)
{
	const struct gdb_serve_options *opt = sv->opt;
	int err;

	switch (opt->transport) {
	case GDB_TCP:
		sv->listener = listen_tcp(opt, address, size);
		break;
	case GDB_UNIX:
		sv->listener = listen_unix(opt, address, size);
		break;
	case GDB_FD:
	case GDB_LINE:
		err = begin_client(sv, opt->fd);
		snprintf(address, size, "descriptor %d", opt->fd);
		return err;
	}
	return sv->listener < 0 ? sv->listener : 0;
}

int gdb_serve(struct chv_target *t, const struct gdb_serve_options *opt)
{
	struct server sv = {
		.opt = opt, .target = t, .listener = -1, .client = -1};
	char address[160];
	int err = open_listener(&sv, address, sizeof(address));

	if (err != 0) {
		return err;
	}
	/* A client that is gone is an error of write(), not of chv. */
	signal(SIGPIPE, SIG_IGN);
	if (opt->ready != NULL) {
		opt->ready(opt->ctx, address);
	}
	loop(&sv);
	if (sv.session != NULL) {
		end_client(&sv, "the server stops");
	}
	if (sv.listener >= 0) {
		close(sv.listener);
	}
	if (opt->transport == GDB_UNIX) {
		unlink(opt->path);
	}
	return 0;
}
