/* SPDX-License-Identifier: MIT */
/*
 * The GDB server on a table target, as a program: tests connect GDB to it.
 *
 *	table_server [-2] [-p STEPS:REST_US] [-t PORT | -u PATH] PROGRAM
 *
 * It prints the address, serves until its standard input ends, and then
 * fails if a client has left a breakpoint behind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <chv/gdbserver.h>

#include "table_target.h"

static void ready(void *ctx, const char *address)
{
	(void)ctx;
	printf("listening on %s\n", address);
	fflush(stdout);
}

static void log_line(void *ctx, const char *line)
{
	(void)ctx;
	fprintf(stderr, "table_server: %s\n", line);
}

int main(int argc, char **argv)
{
	struct gdb_serve_options opt = {.transport = GDB_TCP,
	                                .host = "127.0.0.1",
	                                .stop_fd = STDIN_FILENO,
	                                .ready = ready,
	                                .log = log_line};
	unsigned long steps = 1000;
	unsigned int rest_us = 0;
	struct table_target *t;
	bool second = false;
	size_t left;
	int c;

	while ((c = getopt(argc, argv, "2p:t:u:")) != -1) {
		switch (c) {
		case '2':
			second = true;
			break;
		case 'p':
			if (sscanf(optarg, "%lu:%u", &steps, &rest_us) != 2) {
				return 2;
			}
			break;
		case 't':
			opt.port = (uint16_t)atoi(optarg);
			break;
		case 'u':
			opt.transport = GDB_UNIX;
			opt.path = optarg;
			break;
		default:
			return 2;
		}
	}
	t = optind < argc ? table_target_record(argv[optind]) : NULL;
	if (t == NULL) {
		return 2;
	}
	table_target_pace(t, steps, rest_us);
	if (second) {
		table_target_second_vcpu(t);
	}
	if (gdb_serve(table_target_ops(t), &opt) != 0) {
		perror("table_server");
		return 1;
	}
	left = table_target_breaks(t);
	table_target_free(t);
	return left == 0 ? 0 : 1;
}
