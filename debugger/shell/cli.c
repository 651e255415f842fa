/* SPDX-License-Identifier: MIT */
/*
 * Messages, numbers, interrupts and progress for all verbs: see <chv/cli.h>.
 */
#include <chv/cli.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <chv/text.h>

volatile sig_atomic_t chv_interrupted;

int chv_error(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("chv: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return CHV_FAILED;
}

const char *chv_clean(const char *text)
{
	static char buf[1024];

	chv_text_escape(buf, sizeof(buf), text, strlen(text));
	return buf;
}

int chv_usage(const char *verb)
{
	const struct chv_verb *v = chv_verb_find(verb);

	fprintf(stderr, "usage: chv %s\n", v != NULL ? v->synopsis : "VERB");
	return CHV_USAGE;
}

bool chv_number(const char *text, uint64_t *value)
{
	char *end;

	if (*text == '-' || *text == '+' || *text == '\0') {
		return false;
	}
	errno = 0;
	*value = strtoull(text, &end, 0);
	return errno == 0 && *end == '\0';
}

bool chv_size(const char *text, uint64_t *value)
{
	static const char units[] = "KMGT";
	char digits[32];
	const char *unit;
	size_t len = strspn(text, "0123456789");

	if (len == 0 || len >= sizeof(digits)) {
		return false;
	}
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (!chv_number(digits, value)) {
		return false;
	}
	if (text[len] == '\0') {
		return true;
	}
	unit = strchr(units, text[len]);
	if (unit == NULL || text[len + 1] != '\0') {
		return false;
	}
	return !__builtin_mul_overflow(
		*value, (uint64_t)1 << 10 * (unit - units + 1), value);
}

static void on_interrupt(int number)
{
	(void)number;
	chv_interrupted = 1;
}

void chv_catch_interrupts(void)
{
	/* Without SA_RESTART, so that a blocking call notices. */
	struct sigaction sa = {.sa_handler = on_interrupt};

	chv_interrupted = 0;
	sigaction(SIGINT, &sa, NULL);
}

#define SHOW_AFTER_MS 500
#define SHOW_EVERY_MS 200

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void chv_progress_begin(struct chv_progress *p, const char *label,
                        uint64_t total)
{
	*p = (struct chv_progress){
		.label = label, .total = total, .started_ms = now_ms()};
}

void chv_progress_update(struct chv_progress *p, uint64_t done)
{
	uint64_t now = now_ms();

	if (now - p->started_ms < SHOW_AFTER_MS ||
	    now - p->shown_ms < SHOW_EVERY_MS || !isatty(STDERR_FILENO)) {
		return;
	}
	p->shown_ms = now;
	p->shown = true;
	if (p->total > 0) {
		fprintf(stderr, "\r%s %3u%%", p->label,
		        (unsigned int)(100.0 * (double)done /
		                       (double)p->total));
	} else {
		fprintf(stderr, "\r%s %llu s", p->label,
		        (unsigned long long)(now - p->started_ms) / 1000);
	}
}

void chv_progress_end(struct chv_progress *p)
{
	if (p->shown) {
		fprintf(stderr, "\r%*s\r", (int)strlen(p->label) + 16, "");
		p->shown = false;
	}
}
