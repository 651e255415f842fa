/* SPDX-License-Identifier: MIT */
/*
 * Small parts of the virtual CPU: its kernel stack, CR0.TS and CR4, IOPL, the
 * assists of its domain, CPUID.
 */
#include <arch/cpu.h>
#include <arch/entry.h>
#include <hv/hypercall.h>
#include <hv/traps.h>
#include <pv/cpu_state.h>

void vcpu_set_ts(struct vcpu *v, bool ts)
{
	v->s.cr0_ts = ts;
	if (v == current) {
		arch_load_ts(v);
	}
}

void vcpu_set_cr4(struct vcpu *v, u64 value)
{
	v->s.cr4 = CR4_INIT | (value & CR4_GUEST);
	if (v == current) {
		arch_load_cr4(v);
	}
}

bool vm_assist_on(const struct domain *d, unsigned int type)
{
	return d->s.vm_assist >> type & 1;
}

/* The guest kernel counts as ring 1, or ring 0 with the assist. */
bool vcpu_iopl_ok(const struct vcpu *v)
{
	bool architectural =
		vm_assist_on(v->domain, VMASST_TYPE_architectural_iopl);
	u8 level = v->s.kernel_mode ? !architectural : 3;

	return level <= v->s.iopl;
}

struct cpuid_regs vcpu_cpuid(struct vcpu *v, u32 leaf, u32 subleaf)
{
	return cpuid_policy_get(cpuid_policy_of(v->domain), leaf, subleaf);
}

long hc_stack_switch(struct vcpu *v, struct hc_frame *f)
{
	if (!is_canonical(f->args[1])) {
		return -XEN_EINVAL;
	}
	v->s.kernel_ss = guest_selector((u16)f->args[0]);
	v->s.kernel_sp = f->args[1];
	return 0;
}

long hc_fpu_taskswitch(struct vcpu *v, struct hc_frame *f)
{
	vcpu_set_ts(v, (u32)f->args[0] != 0);
	return 0;
}

long hc_vm_assist(struct vcpu *v, struct hc_frame *f)
{
	u32 cmd = (u32)f->args[0], type = (u32)f->args[1];

	if (type >= 64 || !(VM_ASSISTS_OFFERED >> type & 1)) {
		return -XEN_EINVAL;
	}
	switch (cmd) {
	case VMASST_CMD_enable:
		v->domain->s.vm_assist |= 1UL << type;
		return 0;
	case VMASST_CMD_disable:
		v->domain->s.vm_assist &= ~(1UL << type);
		return 0;
	default:
		return -XEN_ENOSYS;
	}
}
