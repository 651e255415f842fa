/* SPDX-License-Identifier: MIT */
/*
 * The log: one line a call, to the console and into a ring that readconsole
 * reads. In any second a guest causes GUEST_LINES_PER_S lines at most (H9,
 * INV-21), from the machine's first second on.
 */
#include <hv/console.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/timer.h>

#define LINE_MAX 512
#define NS_PER_S 1000000000UL

enum log_level log_level_max = LOG_INFO;

static void log_line(const char *prefix, const char *fmt, va_list ap)
{
	char buf[LINE_MAX];
	int n = snprintf(buf, sizeof(buf), "%s", prefix);

	vsnprintf(buf + n, sizeof(buf) - (size_t)n - 1, fmt, ap);
	n = (int)strlen(buf);
	buf[n++] = '\n';
	console_write(buf, (size_t)n);
}

void hv_log(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (level > log_level_max) {
		return;
	}
	va_start(ap, fmt);
	log_line(level == LOG_ERROR  ? "(hv) error: "
	         : level == LOG_WARN ? "(hv) warning: "
	                             : "(hv) ",
	         fmt, ap);
	va_end(ap);
}

/* A line is allowed once the tenth before it is a second old. */
static bool line_allowed(struct domain *d)
{
	u64 now = now_ns();
	u64 *slot = &d->log_ns[d->log_lines % GUEST_LINES_PER_S];

	if (d->log_lines >= GUEST_LINES_PER_S && now - *slot < NS_PER_S) {
		return false;
	}
	*slot = now;
	d->log_lines++;
	return true;
}

void guest_log(struct domain *d, const char *fmt, ...)
{
	char prefix[16];
	va_list ap;

	if (!line_allowed(d)) {
		return;
	}
	snprintf(prefix, sizeof(prefix), "(d%u) ", d->id);
	va_start(ap, fmt);
	log_line(prefix, fmt, ap);
	va_end(ap);
}
