/* SPDX-License-Identifier: MIT */
/*
 * FS and GS bases. Bases that are in use live in the hardware while the vCPU
 * is loaded; the GS base of the mode that is not active lives in its state.
 * All bases are canonical from the moment they are set (C1).
 */
#include <arch/cpu.h>
#include <arch/entry.h>
#include <hv/hypercall.h>
#include <hv/traps.h>
#include <pv/cpu_state.h>

#define SEG_GS 3 /* of load_segment_safe() */

static bool gs_is_active(const struct vcpu *v, unsigned int which)
{
	return v->s.kernel_mode ? which == SEGBASE_GS_KERNEL
	                        : which == SEGBASE_GS_USER;
}

static u64 *base_of(struct vcpu *v, unsigned int which)
{
	switch (which) {
	case SEGBASE_FS:
		return &v->s.fs_base;
	case SEGBASE_GS_KERNEL:
		return &v->s.gs_base_kernel;
	default:
		return &v->s.gs_base_user;
	}
}

int segment_base_set(struct vcpu *v, unsigned int which, u64 base)
{
	if (!is_canonical(base)) {
		return -XEN_EINVAL;
	}
	*base_of(v, which) = base;
	if (v != current) {
		return 0;
	}
	if (which == SEGBASE_FS) {
		arch_write_fs_base(base);
	} else if (gs_is_active(v, which)) {
		arch_write_gs_base(base);
	}
	return 0;
}

u64 segment_base_get(struct vcpu *v, unsigned int which)
{
	if (v == current && which == SEGBASE_FS) {
		return arch_read_fs_base();
	}
	if (v == current && gs_is_active(v, which)) {
		return arch_read_gs_base();
	}
	return *base_of(v, which);
}

/* Loads %gs as the coming user mode wants it; the kernel's base stays. A
 * selector that cannot be loaded becomes null, and the call still succeeds:
 * kernels do not expect it to fail. */
static void load_user_gs(struct vcpu *v, u16 sel)
{
	u64 kernel_base = arch_read_gs_base();

	sel = guest_selector(sel);
	if (load_segment_safe(SEG_GS, sel) != 0) {
		sel = 0;
	}
	v->s.gs = sel;
	v->s.gs_base_user = (sel & ~3) ? arch_read_gs_base() : 0;
	arch_write_gs_base(kernel_base);
}

long hc_set_segment_base(struct vcpu *v, struct hc_frame *f)
{
	unsigned int which = (unsigned int)f->args[0];
	u64 base = f->args[1];

	switch (which) {
	case SEGBASE_FS:
	case SEGBASE_GS_USER:
	case SEGBASE_GS_KERNEL:
		return segment_base_set(v, which, base);
	case SEGBASE_GS_USER_SEL:
		load_user_gs(v, (u16)base);
		return 0;
	default:
		return -XEN_EINVAL;
	}
}
