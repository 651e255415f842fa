/* SPDX-License-Identifier: MIT */
/*
 * What domains other than the first wrote to their consoles, kept for the
 * control domain to read. The oldest bytes go when nobody does.
 */
#include <hv/console.h>
#include <hv/lib.h>
#include <hv/mm.h>

#define BUFFER_SIZE 65536

struct console_buffer {
	u64 end;  /* bytes ever written */
	u64 read; /* ... and read, or lost */
	char text[BUFFER_SIZE];
};

void console_buffer_write(struct domain *d, const char *s, size_t len)
{
	struct console_buffer *b = d->console;

	if (b == NULL) {
		b = hv_pages_alloc(sizeof(*b));
		if (b == NULL) {
			return;
		}
		d->console = b;
	}
	for (size_t i = 0; i < len; i++) {
		b->text[b->end++ % BUFFER_SIZE] = s[i];
	}
	if (b->end - b->read > BUFFER_SIZE) {
		b->read = b->end - BUFFER_SIZE;
	}
}

size_t console_buffer_read(struct domain *d, char *buf, size_t size)
{
	struct console_buffer *b = d->console;
	size_t n = 0;

	while (b != NULL && n < size && b->read < b->end) {
		buf[n++] = b->text[b->read++ % BUFFER_SIZE];
	}
	return n;
}

void console_buffer_free(struct domain *d)
{
	hv_pages_free(d->console, sizeof(struct console_buffer));
	d->console = NULL;
}
