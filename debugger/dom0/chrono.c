/* SPDX-License-Identifier: MIT */
/*
 * The control hypercall: see chrono.h.
 */
#include "chrono.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PRIVCMD "/dev/xen/privcmd"
#define EVTCHN  "/dev/xen/evtchn"

/* Linux, include/uapi/xen/privcmd.h and evtchn.h. */
struct privcmd_hypercall {
	uint64_t op;
	uint64_t arg[5];
};
#define IOCTL_PRIVCMD_HYPERCALL                                                \
	_IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))
#define IOCTL_EVTCHN_BIND_VIRQ _IOC(_IOC_NONE, 'E', 0, sizeof(uint32_t))

#define PAGE 4096

static int map_buffer(struct chrono *c)
{
	size_t len = PAGE + CHRONO_BUFFER;
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED) {
		return -errno;
	}
	/* Locked, and not shared with a child: it stays where it is. */
	if (mlock(p, len) != 0 || madvise(p, len, MADV_DONTFORK) != 0) {
		int err = -errno;

		munmap(p, len);
		return err;
	}
	c->op = p;
	c->buffer = (uint8_t *)p + PAGE;
	return 0;
}

/* Whoever comes second gets no events and looks now and then. */
static int bind_events(void)
{
	uint32_t virq = CHRONO_VIRQ;
	int fd = open(EVTCHN, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && ioctl(fd, IOCTL_EVTCHN_BIND_VIRQ, &virq) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

struct chrono_op *chrono_prepare(struct chrono *c, enum chrono_cmd cmd,
                                 uint32_t domid)
{
	memset(c->op, 0, sizeof(*c->op));
	c->op->cmd = cmd;
	c->op->version = CHRONO_VERSION;
	c->op->domid = (uint16_t)domid;
	return c->op;
}

int chrono_call(struct chrono *c)
{
	struct privcmd_hypercall call = {.op = CHRONO_HYPERCALL,
	                                 .arg = {(uintptr_t)c->op}};

	return ioctl(c->fd, IOCTL_PRIVCMD_HYPERCALL, &call) < 0 ? -errno : 0;
}

int chrono_simple(struct chrono *c, enum chrono_cmd cmd, uint32_t domid)
{
	chrono_prepare(c, cmd, domid);
	return chrono_call(c);
}

int64_t chrono_bytes(struct chrono *c, enum chrono_cmd cmd, uint32_t domid,
                     size_t size, uint64_t offset, uint32_t flags)
{
	struct chrono_bytes *b = &chrono_prepare(c, cmd, domid)->u.bytes;
	int err;

	b->buffer = (uintptr_t)c->buffer;
	b->size = size;
	b->offset = offset;
	b->flags = flags;
	err = chrono_call(c);
	if (err != 0) {
		return err;
	}
	return b->size <= CHRONO_BUFFER ? (int64_t)b->size : -EIO;
}

int chrono_open(struct chrono *c)
{
	int err;

	c->events = -1;
	c->fd = open(PRIVCMD, O_RDWR | O_CLOEXEC);
	if (c->fd < 0) {
		return -errno;
	}
	err = map_buffer(c);
	if (err == 0) {
		err = chrono_simple(c, CHRONO_INFO, 0);
		if (err == 0 && c->op->u.info.version != CHRONO_VERSION) {
			err = -EPROTO;
		}
		if (err != 0) {
			munmap(c->op, PAGE + CHRONO_BUFFER);
		}
	}
	if (err != 0) {
		close(c->fd);
		return err;
	}
	c->events = bind_events();
	return 0;
}

void chrono_close(struct chrono *c)
{
	munmap(c->op, PAGE + CHRONO_BUFFER);
	if (c->events >= 0) {
		close(c->events);
	}
	close(c->fd);
}

/* Reading takes the event, writing the port lets the next one come. */
static void take_event(int fd)
{
	uint32_t port;

	if (read(fd, &port, sizeof(port)) == sizeof(port) &&
	    write(fd, &port, sizeof(port)) != sizeof(port)) {
		/* Without it we look at intervals: slower, not wrong. */
		return;
	}
}

void chrono_wait(struct chrono *c, int ms)
{
	struct pollfd p = {.fd = c->events, .events = POLLIN};

	if (poll(&p, 1, ms) == 1) {
		take_event(c->events);
	}
}
