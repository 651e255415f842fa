/* SPDX-License-Identifier: MIT */
/*
 * The control hypercall's calls on consoles: those of domains, and the serial
 * line that the hypervisor relays.
 */
#include "ctl.h"

#include <hv/console.h>
#include <hv/evtchn.h>
#include <hv/lib.h>
#include <hv/mm.h>

#define TEXT_MAX 1024UL

long hc_chrono_console_setup(struct vcpu *v, struct hc_frame *f)
{
	struct chrono_console *c = &chrono_arg(f)->u.console;
	struct domain *d;
	long err = chrono_target(f, &d);

	(void)v;
	if (err != 0) {
		return err;
	}
	if (c->gmfn == CHRONO_NO_FRAME) {
		if (d->s.console_port != 0) {
			return -XEN_EEXIST;
		}
		c->port = evtchn_reserve_console(d);
		return c->port != 0 ? 0 : -XEN_ENOSPC;
	}
	if (domain_frame(d, c->gmfn) == NULL) {
		return -XEN_EINVAL;
	}
	d->s.console_gmfn = c->gmfn;
	c->port = d->s.console_port;
	return 0;
}

long hc_chrono_console_read(struct vcpu *v, struct hc_frame *f)
{
	struct chrono_bytes *b = &chrono_arg(f)->u.bytes;
	char text[TEXT_MAX];
	struct domain *d;
	long err = chrono_target(f, &d);

	(void)v;
	if (err != 0) {
		return err;
	}
	b->size = console_buffer_read(d, text, MIN(b->size, TEXT_MAX));
	return b->size == 0 ? 0 : hc_write(f, b->buffer, text, b->size);
}

long hc_chrono_console_write(struct vcpu *v, struct hc_frame *f)
{
	struct chrono_bytes *b = &chrono_arg(f)->u.bytes;
	char text[TEXT_MAX];
	struct domain *d;
	long err = chrono_target(f, &d);
	size_t n = MIN(b->size, TEXT_MAX);

	(void)v;
	if (err == 0) {
		err = hc_read(f, text, b->buffer, n);
	}
	if (err == 0) {
		b->size = console_ring_input(d, text, n);
	}
	return err;
}

static long version_check(struct hc_frame *f)
{
	return chrono_arg(f)->version == CHRONO_VERSION ? 0 : -XEN_EACCES;
}

long hc_chrono_serial_read(struct vcpu *v, struct hc_frame *f)
{
	struct chrono_bytes *b = &chrono_arg(f)->u.bytes;
	char text[TEXT_MAX];
	long err = version_check(f);

	(void)v;
	if (err != 0) {
		return err;
	}
	b->size = console_serial_read(text, MIN(b->size, TEXT_MAX));
	return b->size == 0 ? 0 : hc_write(f, b->buffer, text, b->size);
}

long hc_chrono_serial_write(struct vcpu *v, struct hc_frame *f)
{
	struct chrono_bytes *b = &chrono_arg(f)->u.bytes;
	char text[TEXT_MAX];
	long err = version_check(f);
	size_t n = MIN(b->size, TEXT_MAX);

	(void)v;
	if (err == 0) {
		err = hc_read(f, text, b->buffer, n);
	}
	if (err == 0) {
		b->size = console_serial_write(text, n);
	}
	return err;
}
