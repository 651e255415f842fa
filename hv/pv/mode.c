/* SPDX-License-Identifier: MIT */
/*
 * Guest kernel and guest user mode. Both run in ring 3; what differs is the
 * root of the page tables and the GS base. The base of the mode that is active
 * lives in the hardware while the vCPU is loaded, because the guest changes it
 * by loading a selector; so it is read back before it is replaced.
 */
#include <arch/entry.h>
#include <hv/traps.h>

static u64 *active_gs_base(struct vcpu *v)
{
	return v->s.kernel_mode ? &v->s.gs_base_kernel : &v->s.gs_base_user;
}

static void switch_mode(struct vcpu *v, bool kernel)
{
	bool loaded = v == current;

	if (v->s.kernel_mode == kernel) {
		return;
	}
	if (loaded) {
		*active_gs_base(v) = arch_read_gs_base();
	}
	v->s.kernel_mode = kernel;
	if (loaded) {
		arch_write_gs_base(*active_gs_base(v));
		arch_load_cr3(v);
	}
}

void vcpu_enter_kernel_mode(struct vcpu *v)
{
	switch_mode(v, true);
}

void vcpu_enter_user_mode(struct vcpu *v)
{
	switch_mode(v, false);
}
