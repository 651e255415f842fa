/* SPDX-License-Identifier: MIT */
/*
 * chv symbols: a guest kernel's symbols as a file that GDB loads.
 */
#include <chv/cli.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include <chv/dom0.h>
#include <chv/options.h>
#include <chv/symbols.h>

#define DEFAULT_OUTPUT "symbols.elf"

const struct option chv_options_symbols[] = {
	{"image", required_argument, NULL, 'i'},
	{"output", required_argument, NULL, 'o'},
	{"force", no_argument, NULL, 'f'},
	{"json", no_argument, NULL, 'j'},
	{NULL, 0, NULL, 0},
};

static int write_out(const struct chv_symbols *s, const char *output, bool json)
{
	char error[512];

	if (chv_symbols_write_elf(s, output, error, sizeof(error)) != 0) {
		return chv_error("%s", chv_clean(error));
	}
	if (json) {
		json_t *o =
			json_pack("{sssssIsI}", "release", s->release, "output",
		                  output, "symbols", (json_int_t)s->nr,
		                  "modules", (json_int_t)s->nr_modules);

		json_dumpf(o, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(o);
		return CHV_OK;
	}
	printf("%s: %zu symbols of Linux %s", chv_clean(output), s->nr,
	       s->release[0] != '\0' ? s->release : "(release unknown)");
	printf(", %zu modules\n", s->nr_modules);
	for (size_t i = 0; i < s->nr_modules; i++) {
		printf("  %#" PRIx64 " %8" PRIu64 " %s\n", s->modules[i].base,
		       s->modules[i].size, chv_clean(s->modules[i].name));
	}
	return CHV_OK;
}

struct request {
	const char *what; /* A domain, or the path of an image. */
	const char *output;
	bool image;
	bool json;
	bool force;
};

static int from_memory(const struct chv_memory *mem, void *ctx)
{
	const struct request *r = ctx;
	char error[256];
	struct chv_symbols *s = chv_symbols_read(mem, error, sizeof(error));
	int status;

	if (s == NULL) {
		chv_error("%s: %s", chv_clean(r->what), error);
		return CHV_NOT_FOUND;
	}
	status = write_out(s, r->output, r->json);
	chv_symbols_free(s);
	return status;
}

static int from_image(struct request *r)
{
	char error[256];
	struct chv_image *image = chv_image_open(r->what, error, sizeof(error));
	struct chv_memory mem;
	int status;

	if (image == NULL) {
		chv_error("%s: %s", chv_clean(r->what), error);
		return access(r->what, F_OK) != 0 ? CHV_NOT_FOUND : CHV_FAILED;
	}
	mem = chv_image_memory(image);
	status = from_memory(&mem, r);
	chv_image_close(image);
	return status;
}

static int parse_option(struct request *r, int c)
{
	switch (c) {
	case 'i':
		r->image = true;
		r->what = optarg;
		return CHV_OK;
	case 'o':
		r->output = optarg;
		return CHV_OK;
	case 'f':
		r->force = true;
		return CHV_OK;
	case 'j':
		r->json = true;
		return CHV_OK;
	default:
		return chv_usage("symbols");
	}
}

/* A name that nobody has given is not overwritten. */
static int choose_output(struct request *r)
{
	if (r->output != NULL) {
		return CHV_OK;
	}
	r->output = DEFAULT_OUTPUT;
	if (!r->force && access(r->output, F_OK) == 0) {
		return chv_error(DEFAULT_OUTPUT
		                 " is there already: give "
		                 "--output FILE, or --force to overwrite it");
	}
	return CHV_OK;
}

int cmd_symbols(int argc, char **argv)
{
	struct request r = {0};
	int status = CHV_OK;
	int c;

	while (status == CHV_OK &&
	       (c = chv_option_next(argc, argv, "o:j", chv_options_symbols)) !=
	               -1) {
		status = parse_option(&r, c);
	}
	if (status != CHV_OK) {
		return status;
	}
	if (r.image == (optind < argc) || argc - optind > 1) {
		return chv_usage("symbols");
	}
	status = choose_output(&r);
	if (status != CHV_OK) {
		return status;
	}
	if (r.image) {
		return from_image(&r);
	}
	r.what = argv[optind];
	return dom0_symbols(r.what, from_memory, &r);
}
