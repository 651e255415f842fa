/* SPDX-License-Identifier: MIT */
/*
 * Formatted output: the subset of C99 that hv/lib.h names, with a precision
 * for strings ("%.*s") and the # flag for hexadecimal. Never writes beyond the
 * buffer, always terminates it, and returns the length that the whole output
 * would have had.
 */
#include <hv/lib.h>

struct out {
	char *buf;
	size_t size, len;
};

/* One conversion as parsed from the format. */
struct spec {
	bool left, zero, prefix, upper;
	unsigned int width;
	int precision;     /* -1: none */
	unsigned int size; /* of the integer argument, bytes */
};

static void out_char(struct out *o, char c)
{
	if (o->len + 1 < o->size) {
		o->buf[o->len] = c;
	}
	o->len++;
}

static void out_repeat(struct out *o, char c, unsigned int count)
{
	while (count--) {
		out_char(o, c);
	}
}

static void out_text(struct out *o, const struct spec *s, const char *text,
                     size_t len)
{
	unsigned int fill = len < s->width ? s->width - (unsigned int)len : 0;

	if (!s->left) {
		out_repeat(o, ' ', fill);
	}
	for (size_t i = 0; i < len; i++) {
		out_char(o, text[i]);
	}
	if (s->left) {
		out_repeat(o, ' ', fill);
	}
}

/* @prefix goes before the zeros that fill up to the width. */
static void out_number(struct out *o, const struct spec *s, u64 value,
                       unsigned int base, const char *prefix)
{
	const char *digits = s->upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[24];
	size_t at = sizeof(text), pre = strlen(prefix), want = 1;

	if (s->zero && !s->left && s->width > pre) {
		want = MIN(s->width - pre, sizeof(text) - pre);
	}
	do {
		text[--at] = digits[value % base];
		value /= base;
	} while (value || sizeof(text) - at < want);
	while (pre) {
		text[--at] = prefix[--pre];
	}
	out_text(o, s, text + at, sizeof(text) - at);
}

static u64 arg_unsigned(unsigned int size, va_list *ap)
{
	return size == 8 ? va_arg(*ap, u64) : va_arg(*ap, u32);
}

static s64 arg_signed(unsigned int size, va_list *ap)
{
	return size == 8 ? va_arg(*ap, s64) : va_arg(*ap, s32);
}

static unsigned int parse_number(const char **fmt)
{
	unsigned int n = 0;

	while (**fmt >= '0' && **fmt <= '9') {
		n = n * 10 + (unsigned int)(*(*fmt)++ - '0');
	}
	return n;
}

/* Everything between '%' and the conversion's letter. */
static struct spec parse_spec(const char **fmt, va_list *ap)
{
	struct spec s = {.precision = -1, .size = 4};

	for (;; (*fmt)++) {
		if (**fmt == '-') {
			s.left = true;
		} else if (**fmt == '0') {
			s.zero = true;
		} else if (**fmt == '#') {
			s.prefix = true;
		} else {
			break;
		}
	}
	s.width = parse_number(fmt);
	if (**fmt == '.') {
		(*fmt)++;
		if (**fmt == '*') {
			(*fmt)++;
			s.precision = va_arg(*ap, int);
		} else {
			s.precision = (int)parse_number(fmt);
		}
	}
	for (; **fmt == 'l' || **fmt == 'z' || **fmt == 'h'; (*fmt)++) {
		s.size = **fmt == 'h' ? 4 : 8;
	}
	return s;
}

static void out_string(struct out *o, const struct spec *s, const char *text)
{
	if (!text) {
		text = "(null)";
	}
	out_text(o, s, text,
	         s->precision < 0 ? strlen(text)
	                          : strnlen(text, (size_t)s->precision));
}

static void out_signed(struct out *o, const struct spec *s, s64 value)
{
	if (value < 0) {
		out_number(o, s, -(u64)value, 10, "-");
	} else {
		out_number(o, s, (u64)value, 10, "");
	}
}

static void out_hex(struct out *o, const struct spec *s, u64 value)
{
	out_number(o, s, value, 16, s->prefix && value != 0 ? "0x" : "");
}

static void convert(struct out *o, struct spec *s, char letter, va_list *ap)
{
	char c;

	switch (letter) {
	case 'c':
		c = (char)va_arg(*ap, int);
		out_text(o, s, &c, 1);
		break;
	case 's':
		out_string(o, s, va_arg(*ap, const char *));
		break;
	case 'd':
	case 'i':
		out_signed(o, s, arg_signed(s->size, ap));
		break;
	case 'u':
		out_number(o, s, arg_unsigned(s->size, ap), 10, "");
		break;
	case 'X':
	case 'x':
		s->upper = letter == 'X';
		out_hex(o, s, arg_unsigned(s->size, ap));
		break;
	case 'p':
		out_number(o, s, (u64)va_arg(*ap, void *), 16, "0x");
		break;
	default:
		out_char(o, '%');
		if (letter != '%') {
			out_char(o, letter);
		}
	}
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out o = {.buf = buf, .size = size};
	va_list ap;

	va_copy(ap, args);
	while (*fmt) {
		struct spec s;

		if (*fmt != '%') {
			out_char(&o, *fmt++);
			continue;
		}
		fmt++;
		s = parse_spec(&fmt, &ap);
		if (!*fmt) {
			break;
		}
		convert(&o, &s, *fmt++, &ap);
	}
	va_end(ap);
	if (size) {
		buf[MIN(o.len, size - 1)] = 0;
	}
	return (int)o.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
