/* SPDX-License-Identifier: MIT */
/*
 * Verbs for people who have no spare machine: run, replay and gdb start
 * Chronovisor in QEMU on this host. In dom0 the last two act on domains.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chv/cli.h>
#include <chv/dom0.h>
#include <chv/hvctl.h>
#include <chv/trace.h>

#include "machine.h"

#define DEFAULT_WINDOW ((uint64_t)1 << 30)

const struct option chv_options_run[] = {
	{"memory", required_argument, NULL, 'm'},
	{"icount", no_argument, NULL, 'I'},
	{"trace", required_argument, NULL, 't'},
	{"trace-size", required_argument, NULL, 's'},
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
	bool dry_run;
	bool clock_given;
};

static int bad_size(const char *option, const char *text)
{
	chv_error("%s %s: give a size such as 512M or 1G", option,
	          chv_clean(text));
	return CHV_USAGE;
}

static int parse_memory(struct request *r, const char *text)
{
	uint64_t bytes;

	if (!chv_size(text, &bytes) || bytes >> 20 == 0) {
		return bad_size("--memory", text);
	}
	r->m.memory_mib = bytes >> 20;
	return CHV_OK;
}

static int parse_option(struct request *r, int c, const char *verb)
{
	switch (c) {
	case 'm':
		return parse_memory(r, optarg);
	case 'I':
	case 'N':
		r->m.icount = c == 'I';
		r->clock_given = true;
		return CHV_OK;
	case 't':
		r->m.trace = optarg;
		return CHV_OK;
	case 's':
		return chv_size(optarg, &r->m.trace_size)
		               ? CHV_OK
		               : bad_size("--trace-size", optarg);
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
	       (c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		status = parse_option(r, c, verb);
	}
	return status;
}

static int start(const struct request *r)
{
	struct host_args args;
	int status = host_machine_args(&r->m, &args);

	if (status != CHV_OK) {
		return status;
	}
	if (r->dry_run) {
		host_args_print(&args);
	} else {
		status = host_run(&args);
	}
	host_args_free(&args);
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

int cmd_run(int argc, char **argv)
{
	struct request r = {.m.trace_size = DEFAULT_WINDOW};
	int status = parse(&r, argc, argv, chv_options_run, "run");

	if (status == CHV_OK) {
		status = optind == argc ? check_words(&r) : chv_usage("run");
	}
	if (status == CHV_OK && r.m.trace != NULL) {
		status = host_window_prepare(r.m.trace, r.m.trace_size,
		                             &r.m.trace_size);
	}
	return status == CHV_OK ? start(&r) : status;
}

/* QEMU shows files of certain sizes only. The rest of the copy is a hole, and
 * behind the end of a trace nothing is looked at. */
static int make_copy(struct host_machine *m, const char *path)
{
	uint64_t size = 1 << 20;
	int from = open(path, O_RDONLY | O_CLOEXEC);
	int to;
	off_t left = (off_t)m->trace_size;
	ssize_t n = 1;

	while (size < m->trace_size) {
		size *= 2;
	}
	strcpy(m->trace_copy, "/tmp/chv-trace-XXXXXX");
	to = mkostemp(m->trace_copy, O_CLOEXEC);
	while (from >= 0 && to >= 0 && left > 0 && n > 0) {
		n = sendfile(to, from, NULL, (size_t)left);
		left -= n > 0 ? n : 0;
	}
	if (left > 0 || ftruncate(to, (off_t)size) != 0) {
		chv_error("%s: no copy of it in /tmp: %s", chv_clean(path),
		          strerror(errno));
		left = 1;
	}
	if (from >= 0) {
		close(from);
	}
	if (to >= 0) {
		close(to);
	}
	m->trace = m->trace_copy;
	m->trace_size = size;
	if (left > 0) {
		host_replay_done(m);
	}
	return left > 0 ? CHV_FAILED : CHV_OK;
}

void host_replay_done(struct host_machine *m)
{
	if (m->trace_copy[0] != '\0') {
		unlink(m->trace_copy);
		m->trace_copy[0] = '\0';
	}
}

int host_replay_machine(struct host_machine *m, const char *path,
                        bool clock_from_trace)
{
	struct chv_trace *t;
	int status;

	t = chv_trace_open(path, &status);
	if (t == NULL) {
		return status;
	}
	m->trace = path;
	m->trace_private = true;
	m->trace_size = chv_trace_size(t);
	if (clock_from_trace) {
		m->icount = strcmp(chv_trace_super(t)->clock, "icount") == 0;
	}
	if (m->memory_mib == 0) {
		/* dom0, the domain, and as much again for its twins. */
		m->memory_mib = 768 + (chv_trace_super(t)->nr_frames >> 8) * 2;
	}
	chv_trace_close(t);
	if (m->trace_size < 1 << 20 ||
	    (m->trace_size & (m->trace_size - 1)) != 0) {
		return make_copy(m, path);
	}
	return CHV_OK;
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
		status =
			host_replay_machine(&r.m, argv[optind], !r.clock_given);
	}
	if (status == CHV_OK) {
		status = start(&r);
		host_replay_done(&r.m);
	}
	return status;
}
