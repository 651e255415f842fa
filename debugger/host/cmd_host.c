/* SPDX-License-Identifier: MIT */
/*
 * Verbs for people who have no spare machine: run, replay and gdb start
 * Chronovisor in QEMU on this host. In dom0 the last two act on domains.
 */
#include <string.h>

#include <chv/cli.h>
#include <chv/dom0.h>
#include <chv/hvctl.h>
#include <chv/options.h>

#include "console.h"
#include "machine.h"
#include "process.h"
#include "window.h"

#define DEFAULT_WINDOW ((uint64_t)1 << 30)

const struct option chv_options_run[] = {
	{"memory", required_argument, NULL, 'm'},
	{"icount", no_argument, NULL, 'I'},
	{"trace", required_argument, NULL, 't'},
	{"trace-size", required_argument, NULL, 's'},
	{"force", no_argument, NULL, 'f'},
	{"image-dir", required_argument, NULL, 'd'},
	{"qemu", required_argument, NULL, 'q'},
	{"kernel", required_argument, NULL, 'k'},
	{"initrd", required_argument, NULL, 'i'},
	{"cmdline", required_argument, NULL, 'c'},
	{"hv-options", required_argument, NULL, 'o'},
	{"exec", required_argument, NULL, 'e'},
	{"dry-run", no_argument, NULL, 'n'},
	{NULL, 0, NULL, 0},
};

const struct option chv_options_replay[] = {
	{"memory", required_argument, NULL, 'm'},
	{"icount", no_argument, NULL, 'I'},
	{"no-icount", no_argument, NULL, 'N'},
	{"image-dir", required_argument, NULL, 'd'},
	{"qemu", required_argument, NULL, 'q'},
	{"hv-options", required_argument, NULL, 'o'},
	{"dry-run", no_argument, NULL, 'n'},
	{NULL, 0, NULL, 0},
};

struct request {
	struct host_machine m;
	struct host_window window;
	bool dry_run;
	bool clock_given;
};

static int parse_option(struct request *r, int c, const char *verb)
{
	switch (c) {
	case 'm':
		return host_memory_parse(optarg, &r->m.memory_mib);
	case 'I':
	case 'N':
		r->m.icount = c == 'I';
		r->clock_given = true;
		return CHV_OK;
	case 't':
		r->m.trace = optarg;
		return CHV_OK;
	case 's':
		return chv_option_size("--trace-size", optarg, &r->window.size)
		               ? CHV_OK
		               : CHV_USAGE;
	case 'f':
		r->window.force = true;
		return CHV_OK;
	case 'd':
		r->m.image_dir = optarg;
		return CHV_OK;
	case 'q':
		r->m.qemu = optarg;
		return CHV_OK;
	case 'k':
		r->m.kernel = optarg;
		return CHV_OK;
	case 'i':
		r->m.initrd = optarg;
		return CHV_OK;
	case 'c':
		r->m.cmdline = optarg;
		return CHV_OK;
	case 'o':
		r->m.hv_options = optarg;
		return CHV_OK;
	case 'e':
		r->m.exec = optarg;
		return CHV_OK;
	case 'n':
		r->dry_run = true;
		return CHV_OK;
	default:
		return chv_usage(verb);
	}
}

static int parse(struct request *r, int argc, char **argv,
                 const struct option *options, const char *verb)
{
	int status = CHV_OK;
	int c;

	while (status == CHV_OK &&
	       (c = chv_option_next(argc, argv, "", options)) != -1) {
		status = parse_option(r, c, verb);
	}
	return status;
}

/* What dom0's one command ended with is what is wanted to know. */
static int exec_status(const struct host_console *c, int status)
{
	if (status != CHV_OK || chv_interrupted != 0 || c->left) {
		return status;
	}
	if (!c->exec_ended) {
		return chv_error("the machine ended before the command of "
		                 "--exec did: see above");
	}
	if (c->exec_status != 0) {
		chv_error("the command of --exec ended with status %u",
		          c->exec_status);
	}
	return (int)c->exec_status;
}

static int run_machine(struct request *r, const struct host_args *args)
{
	struct host_console console = {0};
	int status = CHV_OK;

	if (r->window.path != NULL) {
		status = host_window_make(&r->window);
	}
	if (status != CHV_OK) {
		return status;
	}
	if (r->dry_run) {
		host_args_print(args);
		return CHV_OK;
	}
	status = host_run(args, &console, r->m.trace_private);
	if (status != CHV_OK && r->window.path != NULL) {
		host_window_undo(&r->window);
	}
	return r->m.exec != NULL ? exec_status(&console, status) : status;
}

/* Nothing is changed on this host before all that can be checked has been. */
static int start(struct request *r)
{
	struct host_args args;
	int status = host_machine_args(&r->m, &args);

	if (status == CHV_OK) {
		status = run_machine(r, &args);
		host_args_free(&args);
	}
	return status;
}

static int check_words(const struct request *r)
{
	if (r->m.exec != NULL && strpbrk(r->m.exec, "\"\n") != NULL) {
		chv_error("--exec: no quotes or newlines in it, please");
		return CHV_USAGE;
	}
	if (r->m.exec != NULL && r->m.kernel != NULL) {
		chv_error("--exec is for dom0, --kernel starts another guest");
		return CHV_USAGE;
	}
	if (r->m.kernel == NULL && r->m.initrd != NULL) {
		chv_error("--initrd needs --kernel");
		return CHV_USAGE;
	}
	return CHV_OK;
}

static int check_window(struct request *r)
{
	int status;

	if (r->m.trace == NULL) {
		return CHV_OK;
	}
	r->window.path = r->m.trace;
	status = host_window_check(&r->window);
	r->m.trace_size = r->window.size;
	return status;
}

int cmd_run(int argc, char **argv)
{
	struct request r = {.window.size = DEFAULT_WINDOW};
	int status = parse(&r, argc, argv, chv_options_run, "run");

	if (status == CHV_OK) {
		status = optind == argc ? check_words(&r) : chv_usage("run");
	}
	if (status == CHV_OK) {
		status = check_window(&r);
	}
	return status == CHV_OK ? start(&r) : status;
}

int cmd_replay(int argc, char **argv)
{
	struct request r = {0};
	int status = parse(&r, argc, argv, chv_options_replay, "replay");

	if (status == CHV_OK && argc - optind != 1) {
		status = chv_usage("replay");
	}
	if (status == CHV_OK && hvctl_available()) {
		return dom0_replay(argv[optind]);
	}
	if (status == CHV_OK) {
		const struct host_replay how = {.clock_given = r.clock_given};

		status = host_replay_machine(&r.m, argv[optind], &how);
	}
	if (status == CHV_OK) {
		status = start(&r);
		host_replay_done(&r.m);
	}
	return status;
}
