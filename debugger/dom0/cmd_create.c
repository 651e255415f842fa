/* SPDX-License-Identifier: MIT */
/*
 * chv create: a domain out of a kernel's file. Whatever can be refused is
 * refused before the machine's memory is touched, in one line.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"

#define MIB (1ULL << 20)

/* What a kernel needs beside its files, to come up at all. */
#define LEAST_ROOM (16 * MIB)

const struct option chv_options_create[] = {
	{"kernel", required_argument, NULL, 'k'},
	{"initrd", required_argument, NULL, 'i'},
	{"memory", required_argument, NULL, 'm'},
	{"cmdline", required_argument, NULL, 'c'},
	{"record", required_argument, NULL, 'r'},
	{"paused", no_argument, NULL, 'p'},
	{NULL, 0, NULL, 0},
};

struct create {
	struct hvctl_create c;
	const char *record; /* Path, or NULL. */
	bool paused;
};

static int take_memory(struct create *r, const char *text)
{
	uint64_t bytes;

	if (!chv_size(text, &bytes) || bytes < MIB) {
		chv_error("--memory %s: give a size such as 256M",
		          chv_clean(text));
		return CHV_USAGE;
	}
	r->c.memory_mib = bytes / MIB;
	return CHV_OK;
}

static int parse_options(struct create *r, int argc, char **argv)
{
	int status = CHV_OK;
	int opt;

	while (status == CHV_OK &&
	       (opt = getopt_long(argc, argv, "", chv_options_create, NULL)) !=
	               -1) {
		switch (opt) {
		case 'k':
			r->c.kernel = optarg;
			break;
		case 'i':
			r->c.initrd = optarg;
			break;
		case 'c':
			r->c.cmdline = optarg;
			break;
		case 'r':
			r->record = optarg;
			break;
		case 'p':
			r->paused = true;
			break;
		case 'm':
			status = take_memory(r, optarg);
			break;
		default:
			status = chv_usage("create");
			break;
		}
	}
	return status;
}

/* A name stands where a number or an option could, and in tables. */
static bool good_name(const char *name)
{
	uint64_t number;
	bool digits = true;

	for (const char *p = name; *p != '\0'; p++) {
		if (!isgraph((unsigned char)*p)) {
			return false;
		}
		digits = digits && isdigit((unsigned char)*p);
	}
	return !digits && *name != '-' && strlen(name) < HVCTL_NAME &&
	       !chv_number(name, &number) && strcmp(name, HVCTL_WINDOW) != 0 &&
	       strcmp(name, "dom0") != 0;
}

static int check_name(const char *name)
{
	if (good_name(name)) {
		return CHV_OK;
	}
	chv_error("'%.80s' cannot be a name: take up to %d letters, digits "
	          "and signs without spaces, no number, no '-' in front, not "
	          "'dom0' or '" HVCTL_WINDOW "'",
	          chv_clean(name), HVCTL_NAME - 1);
	return CHV_USAGE;
}

static int parse(struct create *r, int argc, char **argv)
{
	int status = parse_options(r, argc, argv);

	if (status != CHV_OK) {
		return status;
	}
	if (argc - optind != 1) {
		return chv_usage("create");
	}
	r->c.name = argv[optind];
	r->c.traced = r->record != NULL;
	if (r->c.kernel == NULL) {
		chv_error("--kernel is missing: which file to start, such as "
		          "/boot/vmlinuz-cloud");
		return CHV_USAGE;
	}
	return check_name(r->c.name);
}

/* An initial ramdisk is there twice for a while: packed and unpacked. */
static int check_size(const struct create *r, uint64_t kernel_end,
                      uint64_t initrd)
{
	uint64_t least = kernel_end + 2 * initrd + LEAST_ROOM;

	least = (least + MIB - 1) / MIB;
	if (r->c.memory_mib >= least) {
		return CHV_OK;
	}
	return chv_error("--memory %" PRIu64 "M: too little for this kernel, "
	                 "the least is %" PRIu64 "M",
	                 r->c.memory_mib, least);
}

static int check_files(const struct create *r)
{
	uint64_t kernel_end = 0;
	uint64_t initrd = 0;
	int status = dom0_kernel_check(r->c.kernel, &kernel_end);

	if (status == CHV_OK && r->c.initrd != NULL) {
		status = dom0_file_check(r->c.initrd, &initrd);
	}
	if (status == CHV_OK) {
		status = check_size(r, kernel_end, initrd);
	}
	if (status == CHV_OK && r->record != NULL) {
		status = dom0_record_check(r->record);
	}
	return status;
}

static int check_machine(struct hvctl *h, const struct create *r)
{
	int status = dom0_name_free(h, r->c.name);

	if (status == CHV_OK && r->record != NULL &&
	    strcmp(r->record, HVCTL_WINDOW) == 0) {
		status = dom0_window_check(h);
	}
	if (status == CHV_OK) {
		status = dom0_memory_check(h, r->c.memory_mib * 1024,
		                           r->c.traced);
	}
	return status;
}

static int create(struct hvctl *h, const struct create *r)
{
	uint32_t domid;
	int err = hvctl_create(h, &r->c, &domid);

	if (err == 0 && r->record != NULL) {
		int status = dom0_record(h, domid, r->c.name, r->record);

		if (status != CHV_OK) {
			hvctl_destroy(h, domid);
			return status;
		}
	}
	if (err == 0 && !r->paused) {
		err = hvctl_unpause(h, domid);
	}
	if (err != 0) {
		return dom0_status(err);
	}
	printf("domain %u\n", domid);
	return CHV_OK;
}

int cmd_create(int argc, char **argv)
{
	struct create r = {.c.memory_mib = 256};
	struct hvctl *h;
	int status = parse(&r, argc, argv);

	if (status == CHV_OK) {
		status = check_files(&r);
	}
	if (status != CHV_OK) {
		return status;
	}
	if (hvctl_open(&h) != 0) {
		return dom0_failed();
	}
	status = check_machine(h, &r);
	if (status == CHV_OK) {
		status = create(h, &r);
	}
	hvctl_close(h);
	return status;
}
