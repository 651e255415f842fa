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

/* Before the first of them runs. */
static int check_commands(int argc, char **argv)
{
	for (int i = 1; i < argc; i += 2) {
		bool command = strcmp(argv[i], "-c") == 0;

		if (!command && strcmp(argv[i], "-x") != 0) {
			chv_error("'%s' behind %s: it takes one word, so a "
			          "command with arguments needs quotes, as in "
			          "-c 'help list'",
			          chv_clean(argv[i]), argv[i - 2]);
			return CHV_USAGE;
		}
		if (i + 1 == argc) {
			chv_error("%s needs an argument: %s", argv[i],
			          command ? "a command in quotes"
			                  : "a script's file");
			return CHV_USAGE;
		}
	}
	return CHV_OK;
}

static int run_commands(int argc, char **argv)
{
	int status = check_commands(argc, argv);
	bool quit = false;

	for (int i = 1; i < argc && status == CHV_OK && !quit; i += 2) {
		status = strcmp(argv[i], "-c") == 0
		                 ? chv_shell_line(argv[i + 1], &quit)
		                 : chv_shell_script(argv[i + 1]);
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
		return cmd_help(argc - 1, argv + 1);
	}
	if (strcmp(first, "--version") == 0) {
		return cmd_version(argc - 1, argv + 1);
	}
	return chv_verb_run(argc - 1, argv + 1);
}
