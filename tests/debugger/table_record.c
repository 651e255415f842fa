/* SPDX-License-Identifier: MIT */
/*
 * Recording of a program's states by ptrace: see table_record.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "table_record.h"

#define STACK_WINDOW 16384

static pid_t start_program(const char *path)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		char *const argv[] = {(char *)path, NULL};
		char *const envp[] = {NULL};

		personality(ADDR_NO_RANDOMIZE);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execve(path, argv, envp);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) {
		return -1;
	}
	return pid;
}

static void convert_regs(struct chv_regs *out, const struct user_regs_struct *r,
                         const struct user_fpregs_struct *f)
{
	const uint64_t gpr[16] = {
		r->rax, r->rbx, r->rcx, r->rdx, r->rsi, r->rdi, r->rbp, r->rsp,
		r->r8,  r->r9,  r->r10, r->r11, r->r12, r->r13, r->r14, r->r15};
	const uint32_t seg[6] = {(uint32_t)r->cs, (uint32_t)r->ss,
	                         (uint32_t)r->ds, (uint32_t)r->es,
	                         (uint32_t)r->fs, (uint32_t)r->gs};

	memset(out, 0, sizeof(*out));
	memcpy(out->gpr, gpr, sizeof(gpr));
	memcpy(out->seg, seg, sizeof(seg));
	out->rip = r->rip;
	out->eflags = (uint32_t)r->eflags & ~0x100u; /* The tracer's TF. */
	out->fs_base = r->fs_base;
	out->gs_base = r->gs_base;
	out->fpu[0] = f->cwd;
	out->fpu[1] = f->swd;
	out->fpu[2] = 0xffff; /* All empty: the program uses no x87. */
	for (size_t i = 0; i < 8; i++) {
		memcpy(out->st[i], &f->st_space[4 * i], 10);
	}
	memcpy(out->xmm, f->xmm_space, sizeof(out->xmm));
	out->mxcsr = f->mxcsr;
}

static int read_mem(pid_t pid, uint64_t addr, void *buf, size_t len)
{
	struct iovec local = {.iov_base = buf, .iov_len = len};
	struct iovec remote = {.iov_base = (void *)addr, .iov_len = len};

	return process_vm_readv(pid, &local, 1, &remote, 1, 0) == (ssize_t)len
	               ? 0
	               : -1;
}

static int add_region(struct table *t, pid_t pid, uint64_t start, size_t len,
                      int writable)
{
	struct table_region *r = &t->regions[t->nr_regions];

	if (t->nr_regions == TABLE_MAX_REGIONS) {
		return -1;
	}
	r->start = start;
	r->len = len;
	r->writable = writable;
	r->bytes = malloc(len);
	if (r->bytes == NULL || read_mem(pid, start, r->bytes, len) != 0) {
		free(r->bytes);
		return -1;
	}
	t->nr_regions++;
	return 0;
}

static int add_line(struct table *t, pid_t pid, const char *line, uint64_t rsp)
{
	unsigned long start, end;
	char perms[5];

	if (sscanf(line, "%lx-%lx %4s", &start, &end, perms) != 3 ||
	    strstr(line, "[v") != NULL) {
		return 0; /* vdso and its data are not the program's. */
	}
	if (rsp >= start && rsp < end) {
		uint64_t low = (rsp - STACK_WINDOW) & ~7ULL;

		start = low > start ? low : start;
	}
	return add_region(t, pid, start, end - start, perms[1] == 'w');
}

static int map_regions(struct table *t, pid_t pid, uint64_t rsp)
{
	char path[64];
	char line[512];
	int err = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	f = fopen(path, "re");
	if (f == NULL) {
		return -1;
	}
	while (err == 0 && fgets(line, sizeof(line), f) != NULL) {
		err = add_line(t, pid, line, rsp);
	}
	fclose(f);
	return err;
}

static int add_delta(struct table *t, const struct table_delta *d)
{
	if (t->nr_deltas == t->room_deltas) {
		size_t room = t->room_deltas > 0 ? 2 * t->room_deltas : 1024;
		struct table_delta *more =
			reallocarray(t->deltas, room, sizeof(*more));

		if (more == NULL) {
			return -1;
		}
		t->deltas = more;
		t->room_deltas = room;
	}
	t->deltas[t->nr_deltas++] = *d;
	return 0;
}

static int compare_region(struct table *t, pid_t pid, struct table_region *r)
{
	static uint8_t now[1 << 20];

	if (r->len > sizeof(now) || read_mem(pid, r->start, now, r->len) != 0) {
		return -1;
	}
	for (size_t at = 0; at + 8 <= r->len; at += 8) {
		struct table_delta d = {.addr = r->start + at};

		memcpy(&d.before, r->bytes + at, 8);
		memcpy(&d.after, now + at, 8);
		if (d.before != d.after && add_delta(t, &d) != 0) {
			return -1;
		}
	}
	memcpy(r->bytes, now, r->len);
	return 0;
}

static int note_state(struct table *t, pid_t pid,
                      const struct user_regs_struct *regs)
{
	struct table_state *s = &t->states[t->nr_states];
	struct user_fpregs_struct fpregs;

	if (ptrace(PTRACE_GETFPREGS, pid, NULL, &fpregs) != 0) {
		return -1;
	}
	convert_regs(&s->regs, regs, &fpregs);
	s->first_delta = t->nr_deltas;
	for (size_t i = 0; t->nr_states > 0 && i < t->nr_regions; i++) {
		if (t->regions[i].writable &&
		    compare_region(t, pid, &t->regions[i]) != 0) {
			return -1;
		}
	}
	s->nr_deltas = t->nr_deltas - s->first_delta;
	t->nr_states++;
	return 0;
}

static int at_syscall(pid_t pid, uint64_t rip)
{
	uint8_t code[2];

	return read_mem(pid, rip, code, 2) == 0 && code[0] == 0x0f &&
	       code[1] == 0x05;
}

/* Returns 1 after a step, 0 when the program is about to end, -1 on error. */
static int record_step(struct table *t, pid_t pid)
{
	struct table_state *s = &t->states[t->nr_states];
	struct user_regs_struct regs;
	int entered;
	int status;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) != 0) {
		return -1;
	}
	if (t->nr_states == 0 && map_regions(t, pid, regs.rsp) != 0) {
		return -1;
	}
	entered = t->nr_states > 0 && at_syscall(pid, s[-1].regs.rip);
	s->entry = t->nr_states == 0 ? 0 : s[-1].entry + (uint64_t)entered;
	s->offset = t->nr_states == 0 || entered ? 0 : s[-1].offset + 1;
	if (note_state(t, pid, &regs) != 0) {
		return -1;
	}
	if (t->nr_states == TABLE_MAX_STEPS ||
	    (at_syscall(pid, regs.rip) && regs.rax == 60)) {
		return 0;
	}
	if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) != 0 ||
	    waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) {
		return -1;
	}
	return 1;
}

int table_record(struct table *t, const char *path)
{
	pid_t pid;
	int more;

	memset(t, 0, sizeof(*t));
	t->states = calloc(TABLE_MAX_STEPS, sizeof(*t->states));
	pid = t->states != NULL ? start_program(path) : -1;
	if (pid < 0) {
		fprintf(stderr, "table: cannot trace %s\n", path);
		table_free(t);
		return -1;
	}
	do {
		more = record_step(t, pid);
	} while (more > 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (more < 0) {
		fprintf(stderr, "table: tracing %s failed\n", path);
		table_free(t);
	}
	return more;
}

void table_free(struct table *t)
{
	for (size_t i = 0; i < t->nr_regions; i++) {
		free(t->regions[i].bytes);
	}
	free(t->states);
	free(t->deltas);
	memset(t, 0, sizeof(*t));
}
