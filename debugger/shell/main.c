/* SPDX-License-Identifier: MIT */
/*
 * chv: the one program of Chronovisor's debugger. A verb as its arguments, a
 * shell when there is none and somebody to type, a script otherwise.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <chv/cli.h>

static int run_commands(int argc, char **argv)
{
	int status = CHV_OK;
	bool quit = false;

	for (int i = 1; i < argc && status == CHV_OK && !quit; i += 2) {
		if (i + 1 == argc) {
			chv_error("%s needs an argument", argv[i]);
			return CHV_USAGE;
		}
		if (strcmp(argv[i], "-c") == 0) {
			status = chv_shell_line(argv[i + 1], &quit);
		} else if (strcmp(argv[i], "-x") == 0) {
			status = chv_shell_script(argv[i + 1]);
		} else {
			chv_error("'%s' among -c and -x: see 'chv help'",
			          chv_clean(argv[i]));
			return CHV_USAGE;
		}
	}
	return status;
}

int main(int argc, char **argv)
{
	const char *first = argc > 1 ? argv[1] : "";

	/* Somebody who stops reading ends us by an error of write(). */
	signal(SIGPIPE, SIG_IGN);
	chv_catch_interrupts();
	if (argc == 1) {
		return isatty(STDIN_FILENO) ? chv_shell_interactive()
		                            : chv_shell_script("-");
	}
	if (strcmp(first, "-c") == 0 || strcmp(first, "-x") == 0) {
		return run_commands(argc, argv);
	}
	if (strcmp(first, "-") == 0) {
		return chv_shell_script("-");
	}
	if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0) {
		return cmd_help(1, argv);
	}
	if (strcmp(first, "--version") == 0) {
		return cmd_version(1, argv);
	}
	return chv_verb_run(argc - 1, argv + 1);
}
