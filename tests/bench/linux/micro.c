/* SPDX-License-Identifier: MIT */
/*
 * PID 1 of a Linux guest that does nothing but repeat basic operations. Each
 * stands between the lines "bench: <name> start <count>" and "bench: <name>
 * done" on the console, and whoever reads the console measures the time in
 * between: the guest looks at no clock of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE     4096UL
#define AREA     (16UL << 20)
#define PER_AREA (AREA / PAGE)

static void need(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		reboot(RB_POWER_OFF);
	}
}

static void null_syscall(unsigned long n)
{
	for (unsigned long i = 0; i < n; i++) {
		syscall(SYS_getppid);
	}
}

/* First touches of anonymous memory, mapped and unmapped 16 MiB at a time. */
static void page_fault(unsigned long n)
{
	for (unsigned long i = 0; i < n / PER_AREA; i++) {
		char *p = mmap(NULL, AREA, PROT_READ | PROT_WRITE,
		               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		need(p != MAP_FAILED, "mmap");
		madvise(p, AREA, MADV_NOHUGEPAGE);
		for (unsigned long at = 0; at < AREA; at += PAGE) {
			((volatile char *)p)[at] = 1;
		}
		munmap(p, AREA);
	}
}

static void fork_wait(unsigned long n)
{
	for (unsigned long i = 0; i < n; i++) {
		pid_t child = fork();

		if (child == 0) {
			_exit(0);
		}
		need(child > 0, "fork");
		waitpid(child, NULL, 0);
	}
}

static void echo(int from, int to)
{
	char byte;

	while (read(from, &byte, 1) == 1) {
		if (write(to, &byte, 1) != 1) {
			break;
		}
	}
	_exit(0);
}

/* A byte goes to another process and back: two switches a round. */
static void context_switch(unsigned long n)
{
	int there[2], back[2];
	char byte = 0;

	need(pipe(there) == 0 && pipe(back) == 0, "pipe");
	if (fork() == 0) {
		close(there[1]);
		echo(there[0], back[1]);
	}
	for (unsigned long i = 0; i < n / 2; i++) {
		need(write(there[1], &byte, 1) == 1, "write");
		need(read(back[0], &byte, 1) == 1, "read");
	}
	close(there[1]);
	wait(NULL);
}

static const struct {
	const char *name;
	void (*run)(unsigned long n);
	unsigned long count;
} parts[] = {
	{"null-syscall", null_syscall, 200000},
	{"page-fault", page_fault, 8 * PER_AREA},
	{"fork", fork_wait, 300},
	{"context-switch", context_switch, 10000},
};

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("\n");
	for (unsigned int i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		printf("bench: %s start %lu\n", parts[i].name, parts[i].count);
		parts[i].run(parts[i].count);
		printf("bench: %s done\n", parts[i].name);
	}
	reboot(RB_POWER_OFF);
	return 0;
}
