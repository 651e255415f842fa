/* SPDX-License-Identifier: MIT */
/*
 * A domain as a machine: see debug.h.
 */
#include "debug.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <chv/history.h>
#include <chv/symbols.h>

#include "priv.h"

/* Where no event tells of a stop, this is how often one looks. */
#define LOOK_EVERY_NS 2000000

struct dom0_machine {
	struct machine machine;
	struct hvctl *h;
	struct chrono *c;
	uint32_t domid;
	struct chv_trace *trace;
	struct chv_history *history;
	const char *symbols;
	int timer;
	uint64_t rip;
	char report[256];
};

static struct dom0_machine *self(struct machine *m)
{
	return (struct dom0_machine *)m;
}

static enum machine_stop stop_of(const struct chrono_status *s)
{
	if (s->state == CHRONO_STATE_DIVERGED) {
		return MACHINE_DIVERGED;
	}
	switch (s->stop) {
	case CHRONO_STOP_NONE:
		return s->wants ? MACHINE_WAITING : MACHINE_RUNNING;
	case CHRONO_STOP_ATTACHED:
		return MACHINE_STANDING;
	case CHRONO_STOP_STEPPED:
		return MACHINE_STEPPED;
	case CHRONO_STOP_LIMIT:
		return MACHINE_LIMIT;
	case CHRONO_STOP_BREAK:
		return MACHINE_BREAK;
	case CHRONO_STOP_WATCH:
		return MACHINE_WATCH;
	case CHRONO_STOP_END:
		return MACHINE_END;
	case CHRONO_STOP_SHUTDOWN:
		return MACHINE_SHUTDOWN;
	case CHRONO_STOP_DIVERGED:
		return MACHINE_DIVERGED;
	case CHRONO_STOP_WAITING:
		return MACHINE_WAITING;
	default:
		return MACHINE_INTERRUPTED;
	}
}

static void drain_timer(const struct dom0_machine *m)
{
	uint64_t expired;

	if (m->timer >= 0 && read(m->timer, &expired, sizeof(expired)) < 0) {
		return;
	}
}

static int status(struct machine *machine, struct machine_status *st)
{
	struct dom0_machine *m = self(machine);
	const struct chrono_status *s = &m->c->op->u.status;
	int err;

	/* Whatever told of news is taken before the news are read. */
	drain_timer(m);
	chrono_wait(m->c, 0);
	err = chrono_simple(m->c, CHRONO_STATUS, m->domid);
	if (err != 0) {
		return err;
	}
	st->stop = stop_of(s);
	st->pos = (struct chv_position){.entry = s->position.entry,
	                                .offset = s->position.offset,
	                                .time_ns = s->time_ns};
	st->previous_offset = s->previous_offset;
	st->break_address = s->break_address;
	st->break_kind = s->break_kind < CHV_BREAK_KINDS
	                         ? (enum chv_break_kind)s->break_kind
	                         : CHV_BREAK_SW;
	m->rip = s->rip;
	snprintf(m->report, sizeof(m->report), "%.*s", (int)sizeof(s->report),
	         s->report);
	return 0;
}

static int run(struct machine *machine, uint64_t steps, bool past,
               const struct chv_position *limit)
{
	struct dom0_machine *m = self(machine);
	struct chrono_run *r =
		&chrono_prepare(m->c, CHRONO_RUN, m->domid)->u.run;

	r->kind = steps > 0 ? CHRONO_RUN_STEP : CHRONO_RUN_FREE;
	r->flags = past ? CHRONO_RUN_PAST : 0;
	r->count = steps;
	r->limit.entry = limit != NULL ? limit->entry : UINT64_MAX;
	r->limit.offset = limit != NULL ? limit->offset : UINT64_MAX;
	return chrono_call(m->c);
}

static void interrupt(struct machine *machine)
{
	chrono_simple(self(machine)->c, CHRONO_INTERRUPT, self(machine)->domid);
}

static int feed(struct machine *machine)
{
	struct dom0_machine *m = self(machine);

	return m->trace != NULL ? hvctl_replay_feed(m->h, m->domid, m->trace)
	                        : 0;
}

static int event_fd(struct machine *machine)
{
	struct dom0_machine *m = self(machine);

	return m->c->events >= 0 ? m->c->events : m->timer;
}

static int break_set(struct machine *machine, const struct chv_break *b,
                     uint32_t *id)
{
	struct dom0_machine *m = self(machine);
	struct chrono_break *brk =
		&chrono_prepare(m->c, CHRONO_BREAK_SET, m->domid)->u.brk;
	int err;

	brk->kind = b->kind <= CHV_BREAK_HW ? CHRONO_BREAK_EXEC : b->kind;
	brk->address = b->addr;
	brk->length = b->kind <= CHV_BREAK_HW ? 1 : b->len;
	err = chrono_call(m->c);
	*id = m->c->op->u.brk.id;
	return err;
}

static void break_clear(struct machine *machine, uint32_t id)
{
	struct dom0_machine *m = self(machine);

	chrono_prepare(m->c, CHRONO_BREAK_CLEAR, m->domid)->u.brk.id = id;
	chrono_call(m->c);
}

static int checkpoint(struct machine *machine, uint32_t *id)
{
	struct dom0_machine *m = self(machine);
	int err = chrono_simple(m->c, CHRONO_CHECKPOINT, m->domid);

	*id = m->c->op->u.checkpoint.id;
	return err;
}

static int with_checkpoint(struct machine *machine, enum chrono_cmd cmd,
                           uint32_t id)
{
	struct dom0_machine *m = self(machine);

	chrono_prepare(m->c, cmd, m->domid)->u.checkpoint.id = id;
	return chrono_call(m->c);
}

static int restore(struct machine *machine, uint32_t id)
{
	return with_checkpoint(machine, CHRONO_RESTORE, id);
}

static void drop(struct machine *machine, uint32_t id)
{
	with_checkpoint(machine, CHRONO_DROP, id);
}

static int access_regs(struct dom0_machine *m, enum chrono_cmd cmd)
{
	chrono_prepare(m->c, cmd, m->domid)->u.regs.buffer =
		(uintptr_t)m->c->buffer;
	return chrono_call(m->c);
}

static int get_regs(struct machine *machine, struct chv_regs *regs)
{
	struct dom0_machine *m = self(machine);
	int err = access_regs(m, CHRONO_REGS_GET);

	if (err == 0) {
		memset(regs, 0, sizeof(*regs));
		dom0_regs_from(regs, (const struct chrono_regs *)m->c->buffer);
	}
	return err;
}

static int set_regs(struct machine *machine, const struct chv_regs *regs)
{
	struct dom0_machine *m = self(machine);
	int err = access_regs(m, CHRONO_REGS_GET);

	if (err != 0) {
		return err;
	}
	dom0_regs_to((struct chrono_regs *)m->c->buffer, regs);
	return access_regs(m, CHRONO_REGS_SET);
}

static ssize_t read_space(struct dom0_machine *m, uint64_t va, void *buf,
                          size_t len, uint32_t space)
{
	int64_t n =
		chrono_bytes(m->c, CHRONO_MEM_READ, m->domid, len, va, space);

	if (n <= 0) {
		return n == -EFAULT ? 0 : (ssize_t)n;
	}
	memcpy(buf, m->c->buffer, (size_t)n < len ? (size_t)n : len);
	return (ssize_t)n;
}

static ssize_t read_mem(struct machine *machine, uint64_t va, void *buf,
                        size_t len)
{
	struct dom0_machine *m = self(machine);
	ssize_t n;

	len = len < CHRONO_BUFFER ? len : CHRONO_BUFFER;
	n = read_space(m, va, buf, len, CHRONO_MEM_ACTIVE);
	/* In user mode the kernel is on the other root. */
	return n == 0 ? read_space(m, va, buf, len, CHRONO_MEM_KERNEL) : n;
}

static ssize_t write_mem(struct machine *machine, uint64_t va, const void *buf,
                         size_t len)
{
	struct dom0_machine *m = self(machine);

	len = len < CHRONO_BUFFER ? len : CHRONO_BUFFER;
	memcpy(m->c->buffer, buf, len);
	return (ssize_t)chrono_bytes(m->c, CHRONO_MEM_WRITE, m->domid, len, va,
	                             CHRONO_MEM_ACTIVE);
}

static unsigned int domid(struct machine *machine)
{
	return self(machine)->domid;
}

/* ---- symbols ------------------------------------------------------------- */

static ssize_t read_guest(void *ctx, uint64_t va, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read_mem(ctx, va + done, (char *)buf + done,
		                     len - done);

		if (n <= 0) {
			break;
		}
		done += (size_t)n;
	}
	return (ssize_t)done;
}

struct chv_memory dom0_machine_memory(struct dom0_machine *m)
{
	return (struct chv_memory){read_guest, &m->machine};
}

/* What the guest's kernel says of itself now, in a file without a name. */
static int write_symbols(struct dom0_machine *m)
{
	char path[] = "/run/chv-symbols-XXXXXX";
	struct chv_memory mem = dom0_machine_memory(m);
	char error[256];
	struct chv_symbols *s = chv_symbols_read(&mem, error, sizeof(error));
	int fd, err;

	if (s == NULL) {
		return -ENOENT;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0) {
		chv_symbols_free(s);
		return -errno;
	}
	err = chv_symbols_write_elf(s, path, error, sizeof(error));
	chv_symbols_free(s);
	close(fd);
	fd = err == 0 ? open(path, O_RDONLY | O_CLOEXEC) : err;
	unlink(path);
	return fd;
}

static int symbol_file(struct machine *machine)
{
	struct dom0_machine *m = self(machine);
	int fd;

	if (m->symbols == NULL) {
		return write_symbols(m);
	}
	fd = open(m->symbols, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd : -errno;
}

static void print_module(FILE *f, const struct chv_symbols *s, size_t nr)
{
	for (size_t i = 0; i < s->nr; i++) {
		if (s->list[i].module == nr + 1) {
			fprintf(f, "%#" PRIx64 " %s\n", s->list[i].address,
			        s->list[i].name);
		}
	}
}

static char *module_text(struct machine *machine, const char *name)
{
	struct chv_memory mem = dom0_machine_memory(self(machine));
	char error[256];
	struct chv_symbols *s = chv_symbols_read(&mem, error, sizeof(error));
	char *text = NULL;
	size_t len = 0;
	FILE *f = s != NULL ? open_memstream(&text, &len) : NULL;

	for (size_t i = 0; f != NULL && i < s->nr_modules; i++) {
		const struct chv_module *m = &s->modules[i];

		if (name[0] == '\0') {
			fprintf(f, "%#" PRIx64 " %" PRIu64 " %s\n", m->base,
			        m->size, m->name);
		} else if (strcmp(m->name, name) == 0) {
			print_module(f, s, i);
		}
	}
	if (f != NULL && fclose(f) != 0) {
		free(text);
		text = NULL;
	}
	chv_symbols_free(s);
	return text;
}

/* A name in any case; whether there are symbols is found out when GDB opens
 * it, since the guest's kernel may not be there yet. */
static const char *symbol_name(const struct dom0_machine *m)
{
	return m->symbols != NULL ? m->symbols : "/guest/kernel";
}

static void describe(struct machine *machine, enum chv_info what, char *buf,
                     size_t size)
{
	struct dom0_machine *m = self(machine);

	switch (what) {
	case CHV_INFO_NAME:
		snprintf(buf, size, "d%u", m->domid);
		break;
	case CHV_INFO_KERNEL_FILE:
		snprintf(buf, size, "%s", symbol_name(m));
		break;
	case CHV_INFO_VCPU:
		snprintf(buf, size, "rip=%#" PRIx64, m->rip);
		break;
	case CHV_INFO_TARGET:
		snprintf(buf, size, "domain %u, %s\n%s", m->domid,
		         machine->ops->replay ? "in replay" : "live",
		         m->report);
		break;
	}
}

static int span(struct machine *machine, struct chv_position *first,
                struct chv_position *last)
{
	struct dom0_machine *m = self(machine);

	if (m->history == NULL) {
		return -ENOTSUP;
	}
	chv_history_span(m->history, first, last);
	return 0;
}

static int find(struct machine *machine, const struct chv_moment *moment,
                struct chv_position *pos)
{
	struct dom0_machine *m = self(machine);

	return m->history != NULL ? chv_history_find(m->history, moment, pos)
	                          : -ENOTSUP;
}

static uint64_t event_at(struct machine *machine,
                         const struct chv_position *pos)
{
	struct dom0_machine *m = self(machine);

	return m->history != NULL ? chv_history_event_at(m->history, pos) : 0;
}

static void detach(struct machine *machine)
{
	struct dom0_machine *m = self(machine);

	/* A replay waits for the next debugger where it is. */
	if (!machine->ops->replay) {
		chrono_simple(m->c, CHRONO_DEBUG_DETACH, m->domid);
	}
}

#define COMMON                                                                 \
	.status = status, .run = run, .interrupt = interrupt, .feed = feed,    \
	.event_fd = event_fd, .break_set = break_set,                          \
	.break_clear = break_clear, .checkpoint = checkpoint,                  \
	.restore = restore, .drop = drop, .get_regs = get_regs,                \
	.set_regs = set_regs, .read_mem = read_mem, .write_mem = write_mem,    \
	.domid = domid, .describe = describe, .span = span, .find = find,      \
	.event_at = event_at, .symbol_file = symbol_file,                      \
	.module_text = module_text, .detach = detach

static const struct machine_ops live_ops = {COMMON};
static const struct machine_ops replay_ops = {.replay = true, COMMON};

static int make_timer(void)
{
	const struct itimerspec every = {
		.it_interval = {.tv_nsec = LOOK_EVERY_NS},
		.it_value = {.tv_nsec = LOOK_EVERY_NS}};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

	if (fd >= 0) {
		timerfd_settime(fd, 0, &every, NULL);
	}
	return fd;
}

struct dom0_machine *dom0_machine_open(struct hvctl *h, uint32_t domid_of,
                                       struct chv_trace *t, bool replay,
                                       const char *symbols)
{
	struct dom0_machine *m;
	int err;

	if (!hvctl_has_chrono(h)) {
		return NULL;
	}
	err = chrono_simple(&h->chrono, CHRONO_DEBUG_ATTACH, domid_of);
	m = err == 0 ? calloc(1, sizeof(*m)) : NULL;
	if (m == NULL) {
		hvctl_fail(err, "domain %u cannot be debugged: %s", domid_of,
		           strerror(err != 0 ? -err : ENOMEM));
		return NULL;
	}
	m->machine.ops = replay ? &replay_ops : &live_ops;
	m->h = h;
	m->c = &h->chrono;
	m->domid = domid_of;
	m->trace = t;
	m->history = t != NULL ? chv_history_read(t) : NULL;
	m->symbols = symbols;
	m->timer = h->chrono.events < 0 ? make_timer() : -1;
	return m;
}

void dom0_machine_close(struct dom0_machine *m)
{
	chrono_simple(m->c, CHRONO_DEBUG_DETACH, m->domid);
	if (m->timer >= 0) {
		close(m->timer);
	}
	chv_history_free(m->history);
	free(m);
}

struct machine *dom0_machine_ops(struct dom0_machine *m)
{
	return &m->machine;
}
