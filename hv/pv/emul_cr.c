/* SPDX-License-Identifier: MIT */
/*
 * Moves to and from control and debug registers by the guest kernel. What it
 * sees are the virtual registers; what it may change of them is TS, the roots
 * of its page tables, and the bits of CR4_GUEST.
 */
#include <arch/cpu.h>
#include <hv/evtchn.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <pv/cpu_state.h>
#include <pv/emul.h>

/* PG AM WP NE ET MP PE: the same for every guest. */
#define CR0_GUEST 0x80050033UL

static u64 guest_cr0(const struct vcpu *v)
{
	return v->s.cr0_ts ? CR0_GUEST | CR0_TS : CR0_GUEST;
}

enum emul emul_cr_read(struct vcpu *v, const struct insn *in)
{
	u64 *to = insn_register(&v->s.regs, in->rm);

	switch (in->reg) {
	case 0:
		*to = guest_cr0(v);
		return EMUL_DONE;
	case 2:
		*to = v->info->arch.cr2;
		return EMUL_DONE;
	case 3:
		*to = xen_pfn_to_cr3(v->s.kernel_root);
		return EMUL_DONE;
	case 4:
		*to = v->s.cr4;
		return EMUL_DONE;
	default:
		return EMUL_FAULT;
	}
}

static enum emul write_cr0_guest(struct vcpu *v, u64 value)
{
	if ((value ^ CR0_GUEST) & ~CR0_TS) {
		return EMUL_FAULT;
	}
	vcpu_set_ts(v, value & CR0_TS);
	return EMUL_DONE;
}

static enum emul write_cr3_guest(struct vcpu *v, u64 value)
{
	switch (vcpu_load_root(v, xen_cr3_to_pfn(value))) {
	case 0:
		return EMUL_DONE;
	case -XEN_ERESTART:
		return EMUL_AGAIN;
	default:
		return EMUL_FAULT;
	}
}

enum emul emul_cr_write(struct vcpu *v, const struct insn *in)
{
	u64 value = *insn_register(&v->s.regs, in->rm);

	switch (in->reg) {
	case 0:
		return write_cr0_guest(v, value);
	case 2:
		vcpu_info_written(v);
		v->info->arch.cr2 = value;
		return EMUL_DONE;
	case 3:
		return write_cr3_guest(v, value);
	case 4:
		vcpu_set_cr4(v, value);
		return EMUL_DONE;
	default:
		return EMUL_FAULT;
	}
}

enum emul emul_clts(struct vcpu *v, const struct insn *in)
{
	(void)in;
	vcpu_set_ts(v, false);
	return EMUL_DONE;
}

enum emul emul_dr_read(struct vcpu *v, const struct insn *in)
{
	int reg = debugreg_number(v, in->reg);

	if (reg < 0) {
		return EMUL_FAULT;
	}
	*insn_register(&v->s.regs, in->rm) = v->s.debugreg[reg];
	return EMUL_DONE;
}

enum emul emul_dr_write(struct vcpu *v, const struct insn *in)
{
	u64 value = *insn_register(&v->s.regs, in->rm);

	return debugreg_set(v, in->reg, value) == 0 ? EMUL_DONE : EMUL_FAULT;
}
