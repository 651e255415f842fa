/* SPDX-License-Identifier: MIT */
/*
 * The emergency console (CONSOLEIO_* of xen.h): hypercall argument 1 is the
 * byte count, 2 the address.
 */
#include <hv/console.h>
#include <hv/hypercall.h>

#define WINDOW 128
/* Bytes that one call moves before it is cut (R11). */
#define BATCH  2048

long hc_console_write(struct vcpu *v, struct hc_frame *f)
{
	u32 left = (u32)f->args[1];
	u32 done = 0;
	char window[WINDOW];

	while (left > 0 && done < BATCH) {
		u32 n = MIN(left, (u32)WINDOW);

		if (hc_read(f, window, f->args[2], n) != 0) {
			return -XEN_EFAULT;
		}
		console_guest_write(v->domain, window, n);
		f->args[2] += n;
		left -= n;
		done += n;
	}
	f->args[1] = left;
	return left > 0 ? HC_RESTART : 0;
}

long hc_console_read(struct vcpu *v, struct hc_frame *f)
{
	char window[WINDOW];
	size_t n;

	n = console_guest_read(v->domain, window,
	                       MIN((u32)f->args[1], (u32)WINDOW));
	if (hc_write(f, f->args[2], window, n) != 0) {
		return -XEN_EFAULT;
	}
	return (long)n;
}
