/* SPDX-License-Identifier: MIT */
/*
 * Exceptions taken in guest mode, by vector: a page fault goes to mm, a #GP
 * may be `int n` or a privileged instruction, a #UD the forced-emulation
 * prefix, a #NM the virtual CR0.TS. The rest is the guest's own.
 *
 * Each handler says whether the exit counts as an entry (D6): all that the
 * guest caused and can see does; what is resolved behind its back does not.
 */
#include <arch/entry.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/traps.h>
#include <pv/cpu_state.h>
#include <pv/emul.h>

typedef bool exception_handler(struct vcpu *v);

#define INT_LENGTH     2
#define ERROR_CODE_IDT 2
#define LEVEL_KERNEL   1 /* of the guest kernel, against a gate's DPL */
#define LEVEL_USER     3

static bool on_own_exception(struct vcpu *v)
{
	guest_trap(v, (u8)v->s.regs.vector, v->s.regs.error_code);
	return true;
}

static bool on_page_fault(struct vcpu *v)
{
	u32 error_code = v->s.regs.error_code;

	switch (guest_fault(v, v->exit_cr2, &error_code)) {
	case FAULT_RESOLVED:
		return false;
	case FAULT_EMULATED:
		guest_insn_done(v);
		return true;
	default:
		guest_page_fault(v, v->exit_cr2, error_code);
		return true;
	}
}

/* The gates that the CPU sees admit no `int n`, so each comes as a #GP. Only
 * the instruction's bytes say which: an error code is not to be trusted. */
static void on_software_interrupt(struct vcpu *v, u8 vector)
{
	const struct guest_trap *t = &v->s.traps[vector];
	u8 level = v->s.kernel_mode ? LEVEL_KERNEL : LEVEL_USER;

	if (t->address == 0 || t->dpl < level) {
		guest_trap(v, X86_GP, vector * 8u + ERROR_CODE_IDT);
		return;
	}
	v->s.regs.rip += INT_LENGTH;
	guest_software_trap(v, vector);
}

static bool on_general_protection(struct vcpu *v)
{
	u8 bytes[INSN_MAX];
	unsigned int size = fetch_insn(v, bytes, sizeof(bytes));
	int vector = insn_decode_int(bytes, size);

	if (vector >= 0) {
		on_software_interrupt(v, (u8)vector);
	} else if (!emulate_privileged(v, bytes, size)) {
		guest_trap(v, X86_GP, v->s.regs.error_code);
	}
	return true;
}

static bool on_invalid_opcode(struct vcpu *v)
{
	u8 bytes[INSN_MAX];
	unsigned int length = insn_decode_forced_cpuid(
		bytes, fetch_insn(v, bytes, sizeof(bytes)));

	if (length == 0) {
		return on_own_exception(v);
	}
	emulate_cpuid(v);
	v->s.regs.rip += length;
	guest_insn_done(v);
	return true;
}

/* The guest's #NM handler finds TS already clear, as the ABI has it. */
static bool on_device_not_available(struct vcpu *v)
{
	if (!v->s.cr0_ts) {
		arch_load_ts(v);
		return false;
	}
	vcpu_set_ts(v, false);
	return on_own_exception(v);
}

static bool on_debug(struct vcpu *v)
{
	debugreg_report(v, arch_take_dr6());
	return on_own_exception(v);
}

static exception_handler *const handlers[32] = {
	[X86_DB] = on_debug,
	[X86_UD] = on_invalid_opcode,
	[X86_NM] = on_device_not_available,
	[X86_GP] = on_general_protection,
	[X86_PF] = on_page_fault,
};

bool guest_exception(struct vcpu *v)
{
	u32 vector = v->s.regs.vector;

	if (vector == EXIT_IRET_FAULT) {
		guest_trap(v, X86_GP, 0);
		return true;
	}
	ASSERT(vector < ARRAY_SIZE(handlers));
	return handlers[vector] != NULL ? handlers[vector](v)
	                                : on_own_exception(v);
}
