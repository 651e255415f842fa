/* SPDX-License-Identifier: MIT */
/*
 * Runstates and the area in guest memory that shows them (vcpu.h).
 *
 * The area lies in the kernel's address space and is written through the
 * kernel's root whichever mode the vCPU is in: the walk is done in software.
 * An area that cannot be written is the guest's loss. A traced domain's shows
 * for ever what it was given at registration: running, and domain time.
 */
#include <hv/mm.h>
#include <hv/sched.h>
#include <hv/shared.h>
#include <xen/errno.h>
#include <xen/vcpu.h>

#define UPDATING XEN_RUNSTATE_UPDATE

static void fill(const struct vcpu *v, struct vcpu_runstate_info *r)
{
	memset(r, 0, sizeof(*r));
	r->state = (int)v->s.runstate;
	r->state_entry_time = v->s.runstate_entry_ns;
	for (unsigned int i = 0; i < 4; i++) {
		r->time[i] = v->s.runstate_ns[i];
	}
}

static int kernel_copy_to(struct vcpu *v, u64 va, const void *src, size_t size)
{
	u8 mode = v->s.kernel_mode;
	int err;

	v->s.kernel_mode = 1;
	err = vcpu_copy_to(v, va, src, size);
	v->s.kernel_mode = mode;
	return err;
}

/* With the assist a reader on another vCPU sees that the words change. */
static void write_area(struct vcpu *v)
{
	u64 va = v->s.runstate_va;
	u64 entry_va =
		va + offsetof(struct vcpu_runstate_info, state_entry_time);
	bool flagged =
		v->domain->s.vm_assist >> VMASST_TYPE_runstate_update_flag & 1;
	struct vcpu_runstate_info r;
	u64 entry_ns;

	if (va == 0) {
		return;
	}
	fill(v, &r);
	entry_ns = r.state_entry_time;
	if (flagged) {
		r.state_entry_time |= UPDATING;
		if (kernel_copy_to(v, entry_va, &r.state_entry_time, 8) != 0) {
			return;
		}
	}
	if (kernel_copy_to(v, va, &r, sizeof(r)) == 0 && flagged) {
		(void)!kernel_copy_to(v, entry_va, &entry_ns, 8);
	}
}

void runstate_change(struct vcpu *v, int state)
{
	u64 now = domain_now_ns(v->domain);

	if (v->domain->traced || v->s.runstate == (u32)state) {
		return;
	}
	v->s.runstate_ns[v->s.runstate] += now - v->s.runstate_entry_ns;
	v->s.runstate = (u32)state;
	v->s.runstate_entry_ns = now;
	write_area(v);
}

void runstate_get(struct vcpu *v, struct vcpu_runstate_info *out)
{
	u64 now = domain_now_ns(v->domain);

	fill(v, out);
	out->time[v->s.runstate] += now - v->s.runstate_entry_ns;
	out->state_entry_time = now;
}

/* Another vCPU may have no page tables yet, so the first write goes through
 * those of the caller. */
int runstate_register(struct vcpu *v, u64 va)
{
	struct vcpu_runstate_info r;

	if (!is_canonical(va) || is_hv_va(va)) {
		return -XEN_EFAULT;
	}
	if (v->domain->traced) {
		v->s.runstate_entry_ns = domain_now_ns(v->domain);
	}
	v->s.runstate_va = va;
	if (va != 0) {
		fill(v, &r);
		(void)!copy_to_guest(va, &r, sizeof(r));
	}
	return 0;
}
