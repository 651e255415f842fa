/* SPDX-License-Identifier: MIT */
/*
 * The guest's debug registers. What is stored may be loaded as it is: no
 * address of the hypervisor, no reserved bits, no general detect, no I/O
 * breakpoints, and execution breakpoints of length 1 only (SDM 3B 17.2).
 */
#include <arch/cpu.h>
#include <arch/entry.h>
#include <arch/layout.h>
#include <hv/hypercall.h>
#include <pv/cpu_state.h>

#define DR6_WRITABLE 0xe00fUL /* BT BS BD B3..B0 */
#define DR7_RESERVED 0xdc00UL /* cleared, but for bit 10 */
#define DR7_GD       0x2000UL
#define DR7_FIELDS   16 /* first bit of the R/W and LEN pairs */
#define BREAKPOINTS  4

enum { RW_EXECUTE = 0, RW_IO = 2 };

static bool address_ok(u64 value)
{
	return is_canonical(value) && !is_hv_va(value);
}

static bool dr7_ok(u32 value)
{
	if (value & DR7_GD) {
		return false;
	}
	for (unsigned int i = 0; i < BREAKPOINTS; i++) {
		unsigned int field = value >> (DR7_FIELDS + 4 * i) & 0xf;
		unsigned int rw = field & 3, len = field >> 2;

		if (rw == RW_IO || (rw == RW_EXECUTE && len != 0)) {
			return false;
		}
	}
	return true;
}

int debugreg_number(const struct vcpu *v, u64 reg)
{
	if (reg > 7) {
		return -1;
	}
	if (reg == 4 || reg == 5) {
		return v->s.cr4 & CR4_DE ? -1 : (int)reg + 2;
	}
	return (int)reg;
}

static int store(struct vcpu *v, int reg, u64 value)
{
	switch (reg) {
	case 0 ... 3:
		if (!address_ok(value)) {
			return -XEN_EPERM;
		}
		break;
	case 6:
		if (value >> 32) {
			return -XEN_EINVAL;
		}
		value = (value & DR6_WRITABLE) | DR6_INIT;
		break;
	case 7:
		if (value >> 32) {
			return -XEN_EINVAL;
		}
		if (!dr7_ok((u32)value)) {
			return -XEN_EPERM;
		}
		value = (value & ~DR7_RESERVED) | DR7_INIT;
		break;
	default:
		return -XEN_ENODEV;
	}
	v->s.debugreg[reg] = value;
	return 0;
}

int debugreg_set(struct vcpu *v, u64 reg, u64 value)
{
	int err = store(v, debugreg_number(v, reg), value);

	if (err == 0 && v == current) {
		arch_load_debugregs(v);
	}
	return err;
}

void debugreg_report(struct vcpu *v, u64 dr6)
{
	u64 seen = dr6 & DR6_WRITABLE & ~0xfUL;

	for (unsigned int i = 0; i < BREAKPOINTS; i++) {
		if (v->s.debugreg[7] >> (2 * i) & 3) {
			seen |= dr6 & 1UL << i;
		}
	}
	v->s.debugreg[6] |= seen;
}

long hc_set_debugreg(struct vcpu *v, struct hc_frame *f)
{
	return debugreg_set(v, (u32)f->args[0], f->args[1]);
}

long hc_get_debugreg(struct vcpu *v, struct hc_frame *f)
{
	int reg = debugreg_number(v, (u32)f->args[0]);

	return reg < 0 ? -XEN_ENODEV : (long)v->s.debugreg[reg];
}
