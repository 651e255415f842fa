/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls. hypercall/hypercalls.def is the one table of them; this header
 * says what a row consists of and what a handler may rely on.
 *
 * A handler gets its argument copied in (once) and works on hv memory; the
 * dispatcher copies the result out. Arrays behind pointers are read and
 * written in bounded windows with hc_read() and hc_write(), which are taps.
 */
#ifndef HV_HYPERCALL_H
#define HV_HYPERCALL_H

#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/mm.h>
#include <rr/class.h>

/* Who may issue a row. */
enum hc_who {
	HC_ANY,  /* every guest kernel */
	HC_PRIV, /* the control domain; others get -EPERM */
};

/* Where a row's struct argument is. */
struct hc_arg {
	u8 index;    /* of the hypercall argument that points to it */
	u16 in;      /* bytes copied in before the handler runs */
	u16 out;     /* bytes copied back when it returns >= 0 */
	bool always; /* ... or fails */
};

#define HC_BUF_SIZE 256

struct hc_frame;
typedef long hc_handler(struct vcpu *v, struct hc_frame *f);

struct hc_row {
	const char *name;
	u16 nr;  /* __HYPERVISOR_* */
	u32 sub; /* sub-op, or HC_ALL */
	enum rr_class class;
	enum hc_who who;
	hc_handler *handler;
	struct hc_arg arg;
};
#define HC_ALL 0xffffffff

struct hc_frame {
	const struct hc_row *row; /* never NULL in a handler */
	u32 nr, sub;
	u64 args[6]; /* rewritten by a handler that returns -ERESTART */
	union {
		u8 buf[HC_BUF_SIZE];
		u64 align;
	};
	bool in_multicall;
};

/* A handler that has done a bounded part of its work and left the rest in
 * f->args returns this; the guest then issues the call again (R11). */
#define HC_RESTART (-XEN_ERESTART)

/** The argument struct of a row as type @t. */
#define hc_arg_as(f, t) ((t *)(void *)(f)->buf)

/** Bounded copies for arrays that an argument points to. 0 or -XEN_EFAULT. */
int hc_read(struct hc_frame *f, void *dst, u64 va, size_t size) __must_check;
int hc_write(struct hc_frame *f, u64 va, const void *src,
             size_t size) __must_check;

/** Prepares @f for a hypercall whose arguments the caller fills in. The buffer
 *  stays as it is: what of it a row uses is set when the row is known. */
static inline void hc_frame_init(struct hc_frame *f, u32 nr)
{
	f->row = NULL;
	f->nr = nr;
	f->sub = 0;
	f->in_multicall = false;
}

/** Runs the hypercall in the registers of @v. */
void hypercall_dispatch(struct vcpu *v);

/** The row that @nr and @sub select; rows of absent calls have no handler. */
const struct hc_row *hypercall_row(u32 nr, u32 sub);

/** Runs the one hypercall that @f->nr and @f->args describe: finds its row,
 *  copies its argument in, calls the handler, copies the argument out. The
 *  result, or HC_RESTART with f->args rewritten. */
long hypercall_run(struct vcpu *v, struct hc_frame *f);

/* The handlers, as the table names them. */
#define HC_CALL(nr, sub)
#define HC(nr, sub, class, who, handler, arg) hc_handler handler;
#include "../../hypercall/hypercalls.def"

#endif
