/* SPDX-License-Identifier: MIT */
/*
 * chv demo: a kernel with a race in a module is recorded until it crashes,
 * replayed, and searched backwards in GDB for the write that did it.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <chv/cli.h>
#include <chv/options.h>
#include <chv/symbols.h>

#include "served.h"
#include "window.h"

#define WINDOW_BYTES  ((uint64_t)256 << 20)
#define MEMORY_MIB    1536
#define START_SECONDS 1200
/* guest/linux/dom0/demo: its lines for the user begin so. */
#define IN_DOM0       "chrono-demo"
#define SAY           "demo: "

const struct option chv_options_demo[] = {
	{"interactive", no_argument, NULL, 'I'},
	{"trace", required_argument, NULL, 't'},
	{"force", no_argument, NULL, 'f'},
	{"image-dir", required_argument, NULL, 'd'},
	{"qemu", required_argument, NULL, 'q'},
	{"dry-run", no_argument, NULL, 'n'},
	{NULL, 0, NULL, 0},
};

struct demo {
	struct host_served s;
	struct host_window window;
	char dir[32];
	char symbols[64];
	char trace[64];
	char module[PATH_MAX]; /* With debug information. */
};

/* The guest's kernel carries its own symbols: what GDB could fetch from the
 * guest it gets from the image, which is quicker. */
static int write_symbols(struct demo *d, const char *images)
{
	char path[PATH_MAX], error[256];
	struct chv_image *image;
	struct chv_symbols *s;
	struct chv_memory mem;
	int err = -1;

	snprintf(path, sizeof(path), "%.4000s/linux/vmlinux-cloud", images);
	image = chv_image_open(path, error, sizeof(error));
	if (image == NULL) {
		return chv_error("%s: %s: 'make linux' builds it", path, error);
	}
	mem = chv_image_memory(image);
	s = chv_symbols_read(&mem, error, sizeof(error));
	if (s != NULL) {
		err = chv_symbols_write_elf(s, d->symbols, error,
		                            sizeof(error));
	}
	chv_symbols_free(s);
	chv_image_close(image);
	return err == 0 ? CHV_OK : chv_error("%s: %s", path, error);
}

static int find_files(struct demo *d)
{
	char images[PATH_MAX];
	int status = host_image_dir(&d->s.m, images, sizeof(images));

	if (status != CHV_OK) {
		return status;
	}
	snprintf(d->module, sizeof(d->module),
	         "%.4000s/linux/demo/racy-cloud.ko", images);
	if (access(d->module, R_OK) != 0) {
		return chv_error("%s: %s: 'make linux' builds it", d->module,
		                 strerror(errno));
	}
	return write_symbols(d, images);
}

static int run(struct demo *d)
{
	int status;

	d->window.path = d->s.m.trace;
	d->window.size = WINDOW_BYTES;
	status = host_window_check(&d->window);
	if (status == CHV_OK) {
		status = find_files(d);
	}
	if (status == CHV_OK) {
		status = host_window_make(&d->window);
	}
	if (status != CHV_OK) {
		return status;
	}
	d->s.m.trace_size = d->window.size;
	setenv("CHV_DEMO_MODULE", d->module, 1);
	d->s.symbols = d->symbols;
	printf("QEMU starts Chronovisor, and Chronovisor its dom0.\n");
	fflush(stdout);
	status = host_serve(&d->s);
	if (status != CHV_OK) {
		host_window_undo(&d->window);
	}
	return status;
}

static int parse(struct demo *d, int argc, char **argv)
{
	int c;

	while ((c = chv_option_next(argc, argv, "", chv_options_demo)) != -1) {
		switch (c) {
		case 'I':
			d->s.batch = false;
			break;
		case 't':
			d->s.m.trace = optarg;
			break;
		case 'f':
			d->window.force = true;
			break;
		case 'd':
			d->s.m.image_dir = optarg;
			break;
		case 'q':
			d->s.m.qemu = optarg;
			break;
		case 'n':
			d->s.dry_run = true;
			break;
		default:
			return chv_usage("demo");
		}
	}
	return optind == argc ? CHV_OK : chv_usage("demo");
}

int cmd_demo(int argc, char **argv)
{
	struct demo d = {.s = {.batch = true,
	                       .script = "demo.py",
	                       .show = SAY,
	                       .patience_s = START_SECONDS,
	                       .m = {.icount = true,
	                             .memory_mib = MEMORY_MIB,
	                             .exec = IN_DOM0}},
	                 .dir = "/tmp/chv-demo-XXXXXX"};
	int status = parse(&d, argc, argv);

	if (status != CHV_OK) {
		return status;
	}
	if (mkdtemp(d.dir) == NULL) {
		return chv_error("%s: %s", d.dir, strerror(errno));
	}
	snprintf(d.symbols, sizeof(d.symbols), "%s/kernel.elf", d.dir);
	snprintf(d.trace, sizeof(d.trace), "%s/trace", d.dir);
	if (d.s.m.trace == NULL) {
		d.s.m.trace = d.trace;
	}
	status = run(&d);
	unlink(d.symbols);
	unlink(d.trace);
	rmdir(d.dir);
	return status;
}
