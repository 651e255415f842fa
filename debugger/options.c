/* SPDX-License-Identifier: MIT */
/*
 * Options of verbs and their values: see <chv/options.h>.
 */
#include <chv/options.h>

#include <stdio.h>

#include <chv/cli.h>

int chv_option_next(int argc, char **argv, const char *letters,
                    const struct option *options)
{
	char *verb = argv[0];
	char name[64];
	int c;

	/* getopt_long() puts argv[0] in front of its messages. */
	snprintf(name, sizeof(name), "chv: %s", verb);
	argv[0] = name;
	c = getopt_long(argc, argv, letters, options, NULL);
	argv[0] = verb;
	return c;
}

bool chv_option_number(const char *option, const char *text, uint64_t *value)
{
	if (chv_number(text, value)) {
		return true;
	}
	chv_error("%s '%s': not a number, such as 4711 or 0x1267", option,
	          chv_clean(text));
	return false;
}

bool chv_option_size(const char *option, const char *text, uint64_t *value)
{
	if (chv_size(text, value)) {
		return true;
	}
	chv_error("%s '%s': give a size such as 512M: digits, and K, M, G or T "
	          "behind them",
	          option, chv_clean(text));
	return false;
}
