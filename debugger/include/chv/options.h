/* SPDX-License-Identifier: MIT */
/*
 * Options of verbs: getopt_long() whose complaints look like all others, and
 * values that are refused in one line that names the option.
 */
#ifndef CHV_OPTIONS_H
#define CHV_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

/** getopt_long(); what it says begins with "chv: " and the verb. */
int chv_option_next(int argc, char **argv, const char *letters,
                    const struct option *options);

/** A number that is the value of @option ("--from"); complains otherwise. */
bool chv_option_number(const char *option, const char *text, uint64_t *value);

/** A size in bytes, the same way. */
bool chv_option_size(const char *option, const char *text, uint64_t *value);

#endif
