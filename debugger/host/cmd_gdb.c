/* SPDX-License-Identifier: MIT */
/*
 * chv gdb on a host: a machine that replays the trace, with the GDB server in
 * its dom0 on the second serial line, and GDB itself in front of the user.
 */
#include <stdio.h>

#include <chv/cli.h>
#include <chv/dom0.h>
#include <chv/hvctl.h>
#include <chv/options.h>

#include "served.h"

#define START_SECONDS 180

const struct option chv_options_gdb[] = {
	{"listen", required_argument, NULL, 'l'},
	{"serial", no_argument, NULL, 'S'},
	{"symbols", required_argument, NULL, 's'},
	{"memory", required_argument, NULL, 'm'},
	{"image-dir", required_argument, NULL, 'd'},
	{"qemu", required_argument, NULL, 'q'},
	{"dry-run", no_argument, NULL, 'n'},
	{NULL, 0, NULL, 0},
};

struct gdb_request {
	struct dom0_gdb dom0;
	struct host_served s;
};

static int on_host(struct gdb_request *r)
{
	const struct host_replay how = {.with_dom0 = true};
	int status = CHV_OK;

	if (r->dom0.listen != NULL || r->dom0.serial) {
		chv_error("gdb: --listen and --serial are for dom0; on a host "
		          "GDB is started too");
		return CHV_USAGE;
	}
	if (r->dom0.symbols != NULL) {
		status = host_check_file(r->dom0.symbols);
	}
	if (status == CHV_OK) {
		status = host_replay_machine(&r->s.m, r->dom0.what, &how);
	}
	if (status != CHV_OK) {
		return status;
	}
	r->s.m.exec = "chv gdb window --serial";
	r->s.symbols = r->dom0.symbols;
	r->s.patience_s = START_SECONDS;
	status = host_serve(&r->s);
	host_replay_done(&r->s.m);
	return status;
}

static int parse(struct gdb_request *r, int argc, char **argv)
{
	int c;

	while ((c = chv_option_next(argc, argv, "", chv_options_gdb)) != -1) {
		switch (c) {
		case 'l':
			r->dom0.listen = optarg;
			break;
		case 'S':
			r->dom0.serial = true;
			break;
		case 's':
			r->dom0.symbols = optarg;
			break;
		case 'd':
			r->s.m.image_dir = optarg;
			break;
		case 'q':
			r->s.m.qemu = optarg;
			break;
		case 'n':
			r->s.dry_run = true;
			break;
		case 'm':
			if (host_memory_parse(optarg, &r->s.m.memory_mib) !=
			    CHV_OK) {
				return CHV_USAGE;
			}
			break;
		default:
			return chv_usage("gdb");
		}
	}
	if (optind == argc) {
		return chv_usage("gdb");
	}
	r->dom0.what = argv[optind];
	r->s.gdb_args = argv + optind + 1;
	return CHV_OK;
}

int cmd_gdb(int argc, char **argv)
{
	struct gdb_request r = {0};
	int status = parse(&r, argc, argv);

	if (status != CHV_OK) {
		return status;
	}
	if (!hvctl_available()) {
		return on_host(&r);
	}
	if (r.dom0.listen == NULL && !r.dom0.serial) {
		r.dom0.listen = "1234";
	}
	return dom0_gdb(&r.dom0);
}
