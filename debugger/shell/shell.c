/* SPDX-License-Identifier: MIT */
/*
 * The shell: the verbs of the command line, one per line or per ';', typed
 * at a prompt or read from a script. A script stops at its first failure.
 */
#include <chv/cli.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <chv/hvctl.h>
#include <chv/readline.h>
#include <chv/version.h>
#include <chv/words.h>

#define MAX_DOMAINS 256

static bool quitting;

int cmd_quit(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	quitting = true;
	return CHV_OK;
}

int chv_shell_line(const char *line, bool *quit)
{
	int status = CHV_OK;

	quitting = false;
	while (*line != '\0' && status == CHV_OK && !quitting) {
		struct chv_words w;
		const char *wrong = chv_words_take(&w, &line);

		if (wrong != NULL) {
			chv_error("%s", wrong);
			return CHV_USAGE;
		}
		if (w.argc > 0) {
			chv_catch_interrupts();
			status = chv_verb_run(w.argc, w.argv);
			fflush(stdout);
		}
	}
	*quit = quitting;
	return status;
}

/* ---- completion ---------------------------------------------------------- */

static char *match(const char *candidate, const char *word, int *n)
{
	if (strncmp(candidate, word, strlen(word)) != 0 || (*n)-- > 0) {
		return NULL;
	}
	return strdup(candidate);
}

static char *complete_verb(const char *word, int n)
{
	for (size_t i = 0; chv_verb_at(i) != NULL; i++) {
		char *found = match(chv_verb_at(i)->name, word, &n);

		if (found != NULL) {
			return found;
		}
	}
	return NULL;
}

static char *complete_option(const struct chv_verb *v, const char *word, int n)
{
	char text[64];

	for (const struct option *o = v->options; o != NULL && o->name != NULL;
	     o++) {
		char *found;

		snprintf(text, sizeof(text), "--%s", o->name);
		found = match(text, word, &n);
		if (found != NULL) {
			return found;
		}
	}
	return NULL;
}

static char *complete_word(const struct chv_verb *v, const char *word, int n)
{
	for (const char *const *w = v->words; w != NULL && *w != NULL; w++) {
		char *found = match(*w, word, &n);

		if (found != NULL) {
			return found;
		}
	}
	return NULL;
}

/* Where in a command a word is. */
struct place {
	const struct chv_verb *v; /* The first word, or NULL. */
	int before;               /* How many words; -1: not known. */
	bool value;               /* That of an option. */
};

static bool takes_value(const struct chv_verb *v, const char *word)
{
	const struct option *o = v != NULL ? v->options : NULL;

	for (; o != NULL && o->name != NULL; o++) {
		if (strncmp(word, "--", 2) == 0 &&
		    strcmp(word + 2, o->name) == 0) {
			return o->has_arg == required_argument;
		}
	}
	return false;
}

static struct place find_place(const char *line, int start)
{
	struct place place = {.before = -1};
	char text[CHV_LINE_MAX / 2];
	const char *p = text;
	struct chv_words w;
	const char *semicolon;

	if (start < 0 || (size_t)start >= sizeof(text)) {
		return place;
	}
	/* Without the quote that the word itself may begin with. */
	start -= start > 0 && strchr("'\"", line[start - 1]) != NULL;
	memcpy(text, line, (size_t)start);
	text[start] = '\0';
	semicolon = strrchr(text, ';');
	p = semicolon != NULL ? semicolon + 1 : text;
	if (chv_words_take(&w, &p) != NULL) {
		return place;
	}
	place.before = w.argc;
	if (w.argc > 0) {
		place.v = chv_verb_find(w.argv[0]);
		place.value = takes_value(place.v, w.argv[w.argc - 1]);
	}
	return place;
}

static char *complete_domain(const char *word, int n)
{
	static struct hvctl_domain list[MAX_DOMAINS];
	static int nr;

	/* Asked once for all completions of a word. */
	if (n == 0) {
		struct hvctl *h;

		nr = 0;
		if (hvctl_open(&h) == 0) {
			nr = hvctl_list(h, list, MAX_DOMAINS);
			hvctl_close(h);
		}
	}
	for (int i = 0; i < nr; i++) {
		char *found = list[i].name[0] != '\0'
		                      ? match(list[i].name, word, &n)
		                      : NULL;

		if (found != NULL) {
			return found;
		}
	}
	return NULL;
}

static bool is_domain(const struct place *p)
{
	return p->v->argument == CHV_ARG_DOMAIN && !p->value &&
	       p->before == (p->v->words != NULL ? 2 : 1);
}

static char *complete(const char *line, int start, const char *word, int n)
{
	struct place p = find_place(line, start);

	if (p.before == 0) {
		return complete_verb(word, n);
	}
	if (p.v == NULL || p.value) {
		return NULL;
	}
	if (p.v->argument == CHV_ARG_VERB) {
		return p.before == 1 ? complete_verb(word, n) : NULL;
	}
	if (*word == '-') {
		return complete_option(p.v, word, n);
	}
	if (is_domain(&p)) {
		return complete_domain(word, n);
	}
	return p.before == 1 ? complete_word(p.v, word, n) : NULL;
}

/* A file is an argument, or that of an option. */
static bool files_fit(const char *line, int start)
{
	struct place p = find_place(line, start);

	return p.v != NULL &&
	       (p.value || (p.v->argument == CHV_ARG_FILE &&
	                    (p.v->words == NULL || p.before > 1)));
}

/* ---- loops --------------------------------------------------------------- */

int chv_shell_interactive(void)
{
	int status = CHV_OK;
	bool quit = false;

	static const struct chv_completion completion = {.word = complete,
	                                                 .files = files_fit};

	chv_terminal_fit();
	printf("Chronovisor " CHV_VERSION ": 'help' lists what there is.\n");
	chv_readline_begin(&completion);
	while (!quit) {
		char *line;

		chv_catch_interrupts();
		line = chv_readline("chv> ");
		if (line == NULL) {
			putchar('\n');
			break;
		}
		if (*line != '\0') {
			chv_readline_remember(line);
		}
		status = chv_shell_line(line, &quit);
		free(line);
	}
	chv_readline_end();
	/* Whoever typed has seen each failure already. */
	return status == CHV_INTERRUPTED ? status : CHV_OK;
}

int chv_shell_script(const char *path)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *f = standard ? stdin : fopen(path, "re");
	char line[CHV_LINE_MAX];
	unsigned int number = 0;
	int status = CHV_OK;
	bool quit = false;

	if (f == NULL) {
		chv_error("%s: %s", chv_clean(path), strerror(errno));
		return errno == ENOENT ? CHV_NOT_FOUND : CHV_FAILED;
	}
	while (status == CHV_OK && !quit &&
	       fgets(line, sizeof(line), f) != NULL) {
		number++;
		line[strcspn(line, "\n")] = '\0';
		status = chv_shell_line(line, &quit);
	}
	if (status == CHV_OK && ferror(f)) {
		status = chv_error("%s: it cannot be read: %s", chv_clean(path),
		                   strerror(errno));
	} else if (status != CHV_OK) {
		chv_error("%s: stopped at line %u",
		          standard ? "standard input" : chv_clean(path),
		          number);
	}
	if (!standard) {
		fclose(f);
	}
	return status;
}
