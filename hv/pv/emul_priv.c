/* SPDX-License-Identifier: MIT */
/*
 * Privileged instructions of the guest, after the CPU refused them with #GP.
 * The table says for each opcode who may execute it and what does; what is
 * not in it stays a #GP of the guest's own. The bytes are fetched once and all
 * checks are on what was fetched (C2).
 */
#include <arch/cpu.h>
#include <arch/regs.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/traps.h>
#include <pv/cpu_state.h>
#include <pv/emul.h>

enum who {
	WHO_KERNEL, /* guest kernel, 64-bit code */
	WHO_IOPL,   /* where virtual IOPL admits it, 64-bit code */
	WHO_TSC,    /* everyone unless virtual CR4.TSD forbids it */
	WHO_ALL,
};

struct insn_row {
	u32 opcode;
	u8 who;
	emul_handler *handler;
};

static enum emul emul_nothing(struct vcpu *v, const struct insn *in)
{
	(void)v;
	(void)in;
	return EMUL_DONE;
}

static void set_edx_eax(struct cpu_regs *r, u64 value)
{
	r->rax = (u32)value;
	r->rdx = value >> 32;
}

static enum emul emul_rdmsr(struct vcpu *v, const struct insn *in)
{
	u64 value;

	(void)in;
	if (!guest_rdmsr(v, (u32)v->s.regs.rcx, &value)) {
		return EMUL_FAULT;
	}
	set_edx_eax(&v->s.regs, value);
	return EMUL_DONE;
}

static enum emul emul_wrmsr(struct vcpu *v, const struct insn *in)
{
	const struct cpu_regs *r = &v->s.regs;
	u64 value = (u64)(u32)r->rdx << 32 | (u32)r->rax;

	(void)in;
	return guest_wrmsr(v, (u32)r->rcx, value) ? EMUL_DONE : EMUL_FAULT;
}

static enum emul emul_rdtsc(struct vcpu *v, const struct insn *in)
{
	(void)in;
	set_edx_eax(&v->s.regs, vcpu_read_tsc(v));
	return EMUL_DONE;
}

/* RDTSCP is hidden in CPUID but cannot be switched off: TSC_AUX is 0. */
static enum emul emul_rdtscp(struct vcpu *v, const struct insn *in)
{
	v->s.regs.rcx = 0;
	return emul_rdtsc(v, in);
}

void emulate_cpuid(struct vcpu *v)
{
	struct cpu_regs *r = &v->s.regs;
	struct cpuid_regs c = vcpu_cpuid(v, (u32)r->rax, (u32)r->rcx);

	r->rax = c.eax;
	r->rbx = c.ebx;
	r->rcx = c.ecx;
	r->rdx = c.edx;
}

static enum emul emul_cpuid(struct vcpu *v, const struct insn *in)
{
	(void)in;
	emulate_cpuid(v);
	return EMUL_DONE;
}

/* cli and sti do nothing: the event mask is in memory, and a guest that
 * re-enables with popf could not be caught. The two that come by the thousand
 * are found first. */
static const struct insn_row rows[] = {
	{0x0f31, WHO_TSC, emul_rdtsc},
	{0xfa, WHO_IOPL, emul_nothing}, /* cli */
	{0x6c, WHO_IOPL, emul_ins},
	{0x6d, WHO_IOPL, emul_ins},
	{0x6e, WHO_IOPL, emul_outs},
	{0x6f, WHO_IOPL, emul_outs},
	{0xe4, WHO_IOPL, emul_in},
	{0xe5, WHO_IOPL, emul_in},
	{0xe6, WHO_IOPL, emul_out},
	{0xe7, WHO_IOPL, emul_out},
	{0xec, WHO_IOPL, emul_in},
	{0xed, WHO_IOPL, emul_in},
	{0xee, WHO_IOPL, emul_out},
	{0xef, WHO_IOPL, emul_out},
	{0xfb, WHO_IOPL, emul_nothing}, /* sti */
	{0x0f06, WHO_KERNEL, emul_clts},
	{0x0f09, WHO_KERNEL, emul_nothing}, /* wbinvd */
	{0x0f20, WHO_KERNEL, emul_cr_read},
	{0x0f21, WHO_KERNEL, emul_dr_read},
	{0x0f22, WHO_KERNEL, emul_cr_write},
	{0x0f23, WHO_KERNEL, emul_dr_write},
	{0x0f30, WHO_KERNEL, emul_wrmsr},
	{0x0f32, WHO_KERNEL, emul_rdmsr},
	{0x0fa2, WHO_ALL, emul_cpuid},
	{0x0f01f9, WHO_TSC, emul_rdtscp},
};

static const struct insn_row *row_find(u32 opcode)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].opcode == opcode) {
			return &rows[i];
		}
	}
	return NULL;
}

static bool row_admits(const struct vcpu *v, const struct insn_row *row,
                       bool long_mode)
{
	switch (row->who) {
	case WHO_KERNEL:
		return v->s.kernel_mode && long_mode;
	case WHO_IOPL:
		return vcpu_iopl_ok(v) && long_mode;
	case WHO_TSC:
		return v->s.kernel_mode || !(v->s.cr4 & CR4_TSD);
	default:
		return true;
	}
}

unsigned int fetch_insn(struct vcpu *v, u8 *bytes, unsigned int size)
{
	const struct cpu_regs *r = &v->s.regs;
	u64 va = r->rip + selector_code_base(v, r->cs);
	unsigned int first = (unsigned int)(PAGE_SIZE - va % PAGE_SIZE);

	first = MIN(first, size);
	if (vcpu_copy_from(v, bytes, va, first) != 0) {
		return 0;
	}
	if (first < size &&
	    vcpu_copy_from(v, bytes + first, va + first, size - first) != 0) {
		return first;
	}
	return size;
}

u64 *insn_register(struct cpu_regs *r, unsigned int number)
{
	u64 *const registers[16] = {
		&r->rax, &r->rcx, &r->rdx, &r->rbx, &r->rsp, &r->rbp,
		&r->rsi, &r->rdi, &r->r8,  &r->r9,  &r->r10, &r->r11,
		&r->r12, &r->r13, &r->r14, &r->r15,
	};

	return registers[number & 15];
}

bool emulate_privileged(struct vcpu *v, const u8 *bytes, unsigned int size)
{
	bool long_mode = selector_is_long(v, v->s.regs.cs);
	const struct insn_row *row;
	struct insn in;
	enum emul result;

	if (!insn_decode(bytes, size, long_mode, &in)) {
		return false;
	}
	row = row_find(in.opcode);
	if (row == NULL || !row_admits(v, row, long_mode)) {
		return false;
	}
	result = row->handler(v, &in);
	if (result == EMUL_DONE) {
		v->s.regs.rip += in.length;
	}
	if (result == EMUL_DONE || result == EMUL_AGAIN) {
		guest_insn_done(v);
	}
	return result != EMUL_FAULT;
}
