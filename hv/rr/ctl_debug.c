/* SPDX-License-Identifier: MIT */
/*
 * The control hypercall's calls on a debugged domain. The mechanics are
 * debug/'s; here addresses and sizes of the caller are checked and copied.
 */
#include "ctl.h"

#include <hv/debug.h>
#include <hv/lib.h>
#include <hv/mm.h>

#define COPY_WINDOW PAGE_SIZE
/* Most that one call moves; the caller asks again for the rest. */
#define MEM_MAX     65536UL

static long vcpu_target(struct hc_frame *f, struct vcpu **v)
{
	struct domain *d;
	long err = chrono_target(f, &d);

	if (err == 0) {
		u16 id = chrono_arg(f)->vcpu;

		*v = id < MAX_VCPUS ? d->vcpu[id] : NULL;
		err = *v == NULL ? -XEN_ENOENT : 0;
	}
	return err;
}

long hc_chrono_debug_attach(struct vcpu *v, struct hc_frame *f)
{
	struct domain *d;
	long err = chrono_target(f, &d);

	if (err == 0 && d == v->domain) {
		err = -XEN_EINVAL;
	}
	return err != 0 ? err : debug_attach(d);
}

long hc_chrono_debug_detach(struct vcpu *v, struct hc_frame *f)
{
	struct domain *d;
	long err = chrono_target(f, &d);

	(void)v;
	if (err == 0) {
		debug_detach(d);
	}
	return err;
}

long hc_chrono_run(struct vcpu *v, struct hc_frame *f)
{
	struct vcpu *t;
	long err = vcpu_target(f, &t);

	(void)v;
	return err != 0 ? err : debug_run(t, &chrono_arg(f)->u.run);
}

long hc_chrono_interrupt(struct vcpu *v, struct hc_frame *f)
{
	struct domain *d;
	long err = chrono_target(f, &d);

	(void)v;
	return err != 0 ? err : debug_interrupt(d);
}

long hc_chrono_regs_get(struct vcpu *v, struct hc_frame *f)
{
	static struct chrono_regs r;
	struct vcpu *t;
	long err = vcpu_target(f, &t);

	(void)v;
	if (err != 0) {
		return err;
	}
	memset(&r, 0, sizeof(r));
	err = debug_regs_get(t, &r);
	return err != 0 ? err
	                : hc_write(f, chrono_arg(f)->u.regs.buffer, &r,
	                           sizeof(r));
}

long hc_chrono_regs_set(struct vcpu *v, struct hc_frame *f)
{
	static struct chrono_regs r;
	struct vcpu *t;
	long err = vcpu_target(f, &t);

	(void)v;
	if (err == 0) {
		err = hc_read(f, &r, chrono_arg(f)->u.regs.buffer, sizeof(r));
	}
	return err != 0 ? err : debug_regs_set(t, &r);
}

/* Moves memory window by window, up to the first byte that is not there. */
long hc_chrono_mem_read(struct vcpu *v, struct hc_frame *f)
{
	struct chrono_bytes *b = &chrono_arg(f)->u.bytes;
	static u8 window[COPY_WINDOW];
	struct vcpu *t;
	long err = vcpu_target(f, &t), got = COPY_WINDOW;
	u64 done = 0, size = MIN(b->size, MEM_MAX);

	(void)v;
	while (err == 0 && done < size && got == (long)COPY_WINDOW) {
		got = debug_mem_read(t, b->flags, b->offset + done, window,
		                     MIN(size - done, COPY_WINDOW));
		if (got <= 0) {
			err = done == 0 ? got : 0;
			break;
		}
		err = hc_write(f, b->buffer + done, window, (size_t)got);
		done += (u64)got;
	}
	b->size = done;
	return err;
}

long hc_chrono_mem_write(struct vcpu *v, struct hc_frame *f)
{
	struct chrono_bytes *b = &chrono_arg(f)->u.bytes;
	static u8 window[COPY_WINDOW];
	struct vcpu *t;
	long err = vcpu_target(f, &t), put = COPY_WINDOW;
	u64 done = 0, size = MIN(b->size, MEM_MAX);

	(void)v;
	while (err == 0 && done < size && put == (long)COPY_WINDOW) {
		u64 n = MIN(size - done, COPY_WINDOW);

		err = hc_read(f, window, b->buffer + done, n);
		if (err != 0) {
			break;
		}
		put = debug_mem_write(t, b->flags, b->offset + done, window, n);
		if (put <= 0) {
			err = done == 0 ? put : 0;
			break;
		}
		done += (u64)put;
	}
	b->size = done;
	return err;
}

long hc_chrono_break_set(struct vcpu *v, struct hc_frame *f)
{
	struct domain *d;
	long err = chrono_target(f, &d);

	(void)v;
	return err != 0 ? err : debug_break_set(d, &chrono_arg(f)->u.brk);
}

long hc_chrono_break_clear(struct vcpu *v, struct hc_frame *f)
{
	struct domain *d;
	long err = chrono_target(f, &d);

	(void)v;
	return err != 0 ? err : debug_break_clear(d, chrono_arg(f)->u.brk.id);
}

long hc_chrono_checkpoint(struct vcpu *v, struct hc_frame *f)
{
	struct chrono_checkpoint *c = &chrono_arg(f)->u.checkpoint;
	struct domain *d;
	long err = chrono_target(f, &d);

	(void)v;
	return err != 0 ? err : checkpoint_take(d, &c->id, &c->bytes);
}

long hc_chrono_restore(struct vcpu *v, struct hc_frame *f)
{
	struct domain *d;
	long err = chrono_target(f, &d);

	(void)v;
	return err != 0 ? err
	                : checkpoint_restore(d, chrono_arg(f)->u.checkpoint.id);
}

long hc_chrono_drop(struct vcpu *v, struct hc_frame *f)
{
	struct domain *d;
	long err = chrono_target(f, &d);

	(void)v;
	return err != 0 ? err
	                : checkpoint_drop(d, chrono_arg(f)->u.checkpoint.id);
}
