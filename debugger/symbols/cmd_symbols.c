/* SPDX-License-Identifier: MIT */
/*
 * chv symbols: a guest kernel's symbols as a file that GDB loads.
 */
#include <chv/cli.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include <chv/dom0.h>
#include <chv/symbols.h>

const struct option chv_options_symbols[] = {
	{"image", required_argument, NULL, 'i'},
	{"output", required_argument, NULL, 'o'},
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
	bool json;
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
		return chv_error("%s: %s", chv_clean(r->what), error);
	}
	mem = chv_image_memory(image);
	status = from_memory(&mem, r);
	chv_image_close(image);
	return status;
}

int cmd_symbols(int argc, char **argv)
{
	struct request r = {.output = "symbols.elf"};
	bool image = false;
	int c;

	while ((c = getopt_long(argc, argv, "o:j", chv_options_symbols,
	                        NULL)) != -1) {
		if (c == 'i') {
			image = true;
			r.what = optarg;
		} else if (c == 'o') {
			r.output = optarg;
		} else if (c == 'j') {
			r.json = true;
		} else {
			return chv_usage("symbols");
		}
	}
	if (image == (optind < argc) || argc - optind > 1) {
		return chv_usage("symbols");
	}
	if (image) {
		return from_image(&r);
	}
	r.what = argv[optind];
	return dom0_symbols(r.what, from_memory, &r);
}
