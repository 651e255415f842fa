/* SPDX-License-Identifier: MIT */
/*
 * The small program whose every step is recorded and replayed to GDB by the
 * table target. It has what a debugger is asked about: nested calls, a loop,
 * a recursion, a global that changes now and then, and a few system calls,
 * which the table counts as entries. Freestanding, so that its steps are few.
 */

struct node {
	long key;
	struct node *next;
};

long total;
volatile int phase;
struct node nodes[8];
char text[64];

static long system_call(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall"
	                 : "=a"(ret)
	                 : "a"(nr), "D"(a), "S"(b), "d"(c)
	                 : "rcx", "r11", "memory");
	return ret;
}

__attribute__((noinline)) long leaf(long x)
{
	long y = x * 3;

	total += y;
	return y + 1;
}

__attribute__((noinline)) long middle(long x)
{
	long sum = 0;

	for (long i = 0; i < x; i++) {
		sum += leaf(i);
	}
	return sum;
}

__attribute__((noinline)) long fib(long n)
{
	if (n < 2) {
		return n;
	}
	return fib(n - 1) + fib(n - 2);
}

__attribute__((noinline)) void link_nodes(void)
{
	for (int i = 0; i < 8; i++) {
		nodes[i].key = i * 10;
		nodes[i].next = i < 7 ? &nodes[i + 1] : 0;
	}
}

__attribute__((noinline)) void finish(long status)
{
	system_call(110, 0, 0, 0); /* getppid */
	system_call(60, status, 0, 0);
}

void _start(void)
{
	phase = 1;
	system_call(110, 0, 0, 0);
	middle(9);
	phase = 2;
	link_nodes();
	system_call(110, 0, 0, 0);
	total += fib(6);
	phase = 3;
	text[0] = 'e';
	text[1] = 'n';
	text[2] = 'd';
	middle(4);
	phase = 4;
	finish(total & 0x7f);
}
