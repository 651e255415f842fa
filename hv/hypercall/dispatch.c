/* SPDX-License-Identifier: MIT */
/*
 * The path of every hypercall: find the row, check the caller, copy the
 * argument in once, run the handler, copy the result out. Handlers never see
 * a pointer into guest memory that was checked earlier (H1).
 */
#include <hypercall/dispatch.h>
#include <hypercall/table.h>

#include <hv/lib.h>
#include <hv/rr.h>

#define MEMOP_CMD_MASK 0x3f
#define SYSCALL_LENGTH 2

static const struct hc_row *find_row(struct hc_frame *f)
{
	switch (hypercall_sub_kind(f->nr)) {
	case HC_SUB_ABSENT:
		return NULL;
	case HC_SUB_NONE:
		f->sub = HC_ALL;
		break;
	case HC_SUB_ARG0:
		f->sub = (u32)f->args[0];
		break;
	case HC_SUB_MEMOP:
		f->sub = (u32)f->args[0] & MEMOP_CMD_MASK;
		break;
	case HC_SUB_FIELD:
		memcpy(&f->sub, f->buf, sizeof(f->sub));
		break;
	}
	return hypercall_row(f->nr, f->sub);
}

/* Structs that carry the sub-op themselves are read before the row is known;
 * all rows of such a hypercall have the same struct. */
static int read_field_struct(struct vcpu *v, struct hc_frame *f)
{
	const struct hc_row *any;

	if (hypercall_sub_kind(f->nr) != HC_SUB_FIELD) {
		return 0;
	}
	if (!v->domain->privileged) {
		return -XEN_EPERM;
	}
	any = hypercall_first_row(f->nr);
	return hc_read(f, f->buf, f->args[0], any->arg.in);
}

/* What a handler leaves of its argument is no older hypercall's. */
static void clear_rest(struct hc_frame *f)
{
	const struct hc_arg *a = &f->row->arg;

	if (a->out > a->in) {
		memset(f->buf + a->in, 0, a->out - a->in);
	}
}

static long prepare(struct vcpu *v, struct hc_frame *f)
{
	int err = read_field_struct(v, f);

	if (err != 0) {
		return err;
	}
	f->row = find_row(f);
	if (f->row == NULL ||
	    (f->row->class == RR_REFUSED && v->domain->traced)) {
		return -XEN_ENOSYS;
	}
	if (f->row->who == HC_PRIV && !v->domain->privileged) {
		return -XEN_EPERM;
	}
	clear_rest(f);
	if (f->row->arg.in != 0 && hypercall_sub_kind(f->nr) != HC_SUB_FIELD) {
		return hc_read(f, f->buf, f->args[f->row->arg.index],
		               f->row->arg.in);
	}
	return 0;
}

static long commit(struct hc_frame *f, long ret)
{
	const struct hc_arg *a = &f->row->arg;

	if (a->out == 0 || ret == HC_RESTART || (ret < 0 && !a->always)) {
		return ret;
	}
	if (hc_write(f, f->args[a->index], f->buf, a->out) != 0) {
		return -XEN_EFAULT;
	}
	return ret;
}

long hypercall_run(struct vcpu *v, struct hc_frame *f)
{
	long ret = prepare(v, f);

	v->domain->hypercalls++;
	if (ret != 0) {
		f->row = NULL; /* decided by the arguments alone */
	} else if (rr_tap_call_enter(v, f, &ret)) {
		ret = commit(f, f->row->handler(v, f));
	}
	rr_tap_call_exit(v, f, ret);
	return ret;
}

int hc_read(struct hc_frame *f, void *dst, u64 va, size_t size)
{
	(void)f;
	return copy_from_guest(dst, va, size) ? -XEN_EFAULT : 0;
}

int hc_write(struct hc_frame *f, u64 va, const void *src, size_t size)
{
	rr_tap_output(current, f, va, src, size);
	return copy_to_guest(va, src, size) ? -XEN_EFAULT : 0;
}

/* A cut call is issued again: arguments say where it stopped, rip is back at
 * the `syscall` (R11). */
static void restart(struct cpu_regs *r, const struct hc_frame *f)
{
	r->rdi = f->args[0];
	r->rsi = f->args[1];
	r->rdx = f->args[2];
	r->r10 = f->args[3];
	r->r8 = f->args[4];
	r->r9 = f->args[5];
	r->rip -= SYSCALL_LENGTH;
}

void hypercall_dispatch(struct vcpu *v)
{
	struct cpu_regs *r = &v->s.regs;
	struct hc_frame f;
	long ret;

	hc_frame_init(&f, (u32)r->rax);
	f.args[0] = r->rdi;
	f.args[1] = r->rsi;
	f.args[2] = r->rdx;
	f.args[3] = r->r10;
	f.args[4] = r->r8;
	f.args[5] = r->r9;
	ret = hypercall_run(v, &f);
	if (ret == HC_RESTART) {
		restart(r, &f);
		return;
	}
	/* iret has replaced all registers, rax among them. */
	if (f.nr != __HYPERVISOR_iret || ret != 0) {
		r->rax = (u64)ret;
	}
}
