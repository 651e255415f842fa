/* SPDX-License-Identifier: MIT */
#include <guest/console.h>
#include <guest/string.h>

struct sink {
	char *buf;
	size_t size, len;
};

static void put(struct sink *sink, char c)
{
	if (sink->len + 1 < sink->size) {
		sink->buf[sink->len++] = c;
	}
}

struct spec {
	bool zero, is_long;
	unsigned int width;
};

static void put_number(struct sink *sink, struct spec spec, uint64_t value,
                       unsigned int base, bool negative)
{
	char digits[24];
	unsigned int n = 0, len;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);

	len = n + negative;
	for (; !spec.zero && len < spec.width; len++) {
		put(sink, ' ');
	}
	if (negative) {
		put(sink, '-');
	}
	for (; len < spec.width; len++) {
		put(sink, '0');
	}
	while (n) {
		put(sink, digits[--n]);
	}
}

static void put_string(struct sink *sink, const char *s)
{
	for (s = s ? s : "(null)"; *s; s++) {
		put(sink, *s);
	}
}

static const char *parse_spec(const char *fmt, struct spec *spec)
{
	if (*fmt == '0') {
		spec->zero = true;
		fmt++;
	}
	while (*fmt >= '0' && *fmt <= '9') {
		spec->width = spec->width * 10 + (unsigned int)(*fmt++ - '0');
	}
	while (*fmt == 'l') {
		spec->is_long = true;
		fmt++;
	}
	return fmt;
}

/* Renders one conversion; @args moves on by one value. */
static void convert(struct sink *sink, char type, struct spec spec,
                    va_list *args)
{
	uint64_t u;
	int64_t d;

	switch (type) {
	case 'd':
		d = spec.is_long ? va_arg(*args, long) : va_arg(*args, int);
		u = d < 0 ? 0 - (uint64_t)d : (uint64_t)d;
		put_number(sink, spec, u, 10, d < 0);
		break;
	case 'u':
	case 'x':
		u = spec.is_long ? va_arg(*args, unsigned long)
		                 : va_arg(*args, unsigned int);
		put_number(sink, spec, u, type == 'u' ? 10 : 16, false);
		break;
	case 'p':
		put_number(sink, spec, (uint64_t)va_arg(*args, void *), 16,
		           false);
		break;
	case 's':
		put_string(sink, va_arg(*args, const char *));
		break;
	case 'c':
		put(sink, (char)va_arg(*args, int));
		break;
	default:
		put(sink, type);
		break;
	}
}

int vformat(char *buf, size_t size, const char *fmt, va_list args)
{
	struct sink sink = {buf, size, 0};
	va_list ap;

	va_copy(ap, args);
	for (; *fmt; fmt++) {
		struct spec spec = {0};

		if (*fmt != '%') {
			put(&sink, *fmt);
			continue;
		}
		fmt = parse_spec(fmt + 1, &spec);
		if (!*fmt) {
			break;
		}
		convert(&sink, *fmt, spec, &ap);
	}
	va_end(ap);
	buf[sink.len] = '\0';
	return (int)sink.len;
}

int format(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vformat(buf, size, fmt, args);
	va_end(args);
	return len;
}

void print(const char *fmt, ...)
{
	char buf[256];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vformat(buf, sizeof(buf), fmt, args);
	va_end(args);
	console_write(buf, (size_t)len);
}
