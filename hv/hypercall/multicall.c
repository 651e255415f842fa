/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_multicall: entries run in order, each with its result written
 * before the next is read. Argument 0 is their address, 1 how many are left.
 */
#include <hv/hypercall.h>

/* Entries that one call runs before it is cut (R11). */
#define BATCH 64

static int write_back(struct hc_frame *f, u64 va, long result,
                      const struct hc_frame *sub)
{
	if (result == HC_RESTART) {
		return hc_write(f, va + offsetof(struct multicall_entry, args),
		                sub->args, sizeof(sub->args));
	}
	return hc_write(f, va + offsetof(struct multicall_entry, result),
	                &result, sizeof(result));
}

/* Runs the entry at @va. *left: it was an iret, so the guest is elsewhere,
 * perhaps in user mode, and nothing more may be done in its name. */
static long run_entry(struct vcpu *v, struct hc_frame *f, u64 va, bool *left)
{
	struct hc_frame sub;
	struct multicall_entry e;
	long result;

	if (hc_read(f, &e, va, sizeof(e)) != 0) {
		return -XEN_EFAULT;
	}
	hc_frame_init(&sub, (u32)e.op);
	sub.in_multicall = true;
	memcpy(sub.args, e.args, sizeof(sub.args));
	result = hypercall_run(v, &sub);
	*left = (sub.nr == __HYPERVISOR_iret && result == 0) ||
	        !v->s.kernel_mode;
	if (*left) {
		return (long)v->s.regs.rax;
	}
	if (write_back(f, va, result, &sub) != 0) {
		return -XEN_EFAULT;
	}
	return result == HC_RESTART ? HC_RESTART : 0;
}

long hc_multicall(struct vcpu *v, struct hc_frame *f)
{
	bool left = false;

	if (f->in_multicall) {
		return -XEN_EINVAL;
	}
	for (unsigned int i = 0; f->args[1] > 0; i++) {
		long err;

		if (i == BATCH) {
			return HC_RESTART;
		}
		err = run_entry(v, f, f->args[0], &left);
		if (err != 0 || left) {
			return err;
		}
		f->args[0] += sizeof(struct multicall_entry);
		f->args[1]--;
	}
	return 0;
}
