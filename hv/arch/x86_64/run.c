/* SPDX-License-Identifier: MIT */
/*
 * Loading a vCPU's CPU state into the hardware and saving it from there.
 *
 * What a guest changes without an exit (selectors, bases by selector load, the
 * FPU) lives in the hardware while its vCPU is loaded and is saved when another
 * one is. Loading is idempotent: being scheduled changes nothing (R8).
 */
#include <arch/cpu.h>
#include <arch/desc.h>
#include <arch/entry.h>
#include <arch/percpu.h>
#include <hv/lib.h>
#include <hv/mm.h>

#define DR6_RESET 0xffff0ff0UL

enum { SEG_DS, SEG_ES, SEG_FS, SEG_GS };

/* The GS base that is live in the present mode, and the other. */
static u64 *active_gs_base(struct vcpu *v)
{
	return v->s.kernel_mode ? &v->s.gs_base_kernel : &v->s.gs_base_user;
}

void arch_write_fs_base(u64 base)
{
	wrmsr(MSR_FS_BASE, base);
}

void arch_write_gs_base(u64 base)
{
	wrmsr(MSR_GS_BASE, base);
}

u64 arch_read_fs_base(void)
{
	return rdmsr(MSR_FS_BASE);
}

u64 arch_read_gs_base(void)
{
	return rdmsr(MSR_GS_BASE);
}

void arch_load_cr3(struct vcpu *v)
{
	write_cr3(vcpu_cr3(v));
	v->flush_tlb = false;
}

void arch_load_descriptors(struct vcpu *v)
{
	unsigned int slot = v->slot;

	if (v->domain->traced) {
		slot = SLOT_TRACED;
		hv_map_copy(desc_window(slot), desc_window(v->slot),
		            DESC_WINDOW_SIZE);
	}
	desc_load_window(slot);
	desc_load_ldt(slot, (unsigned int)v->s.ldt_entries);
}

/* A selector that no longer loads becomes null, and its base stays what was
 * saved: bases are written after selectors. */
static void load_segments(struct vcpu *v)
{
	u16 *sel[] = {&v->s.ds, &v->s.es, &v->s.fs, &v->s.gs};

	for (unsigned int i = SEG_DS; i <= SEG_GS; i++) {
		if (load_segment_safe(i, *sel[i]) != 0) {
			*sel[i] = 0;
		}
	}
	wrmsr(MSR_FS_BASE, v->s.fs_base);
	wrmsr(MSR_GS_BASE, *active_gs_base(v));
}

static void save_segments(struct vcpu *v)
{
	v->s.ds = read_segment(SEG_DS);
	v->s.es = read_segment(SEG_ES);
	v->s.fs = read_segment(SEG_FS);
	v->s.gs = read_segment(SEG_GS);
	v->s.fs_base = rdmsr(MSR_FS_BASE);
	*active_gs_base(v) = rdmsr(MSR_GS_BASE);
}

void arch_reload_segments(struct vcpu *v)
{
	save_segments(v);
	load_segments(v);
}

void arch_load_debugregs(struct vcpu *v)
{
	write_dr7(0x400);
	write_dr0(v->s.debugreg[0]);
	write_dr1(v->s.debugreg[1]);
	write_dr2(v->s.debugreg[2]);
	write_dr3(v->s.debugreg[3]);
	write_dr6(v->s.debugreg[6]);
	write_dr7(v->s.debugreg[7]);
}

void arch_code_break_add(unsigned int nr, u64 va)
{
	switch (nr) {
	case 0:
		write_dr0(va);
		break;
	case 1:
		write_dr1(va);
		break;
	case 2:
		write_dr2(va);
		break;
	default:
		write_dr3(va);
		break;
	}
	write_dr7((read_dr7() & ~(0xfUL << (16 + 4 * nr))) | 1UL << (2 * nr));
}

u64 arch_take_dr6(void)
{
	u64 dr6 = read_dr6();

	write_dr6(DR6_RESET);
	return dr6;
}

/* TSD is the traced guest's clock tap (D7); DE and the rest are as the guest
 * may set them. */
void arch_load_cr4(struct vcpu *v)
{
	u64 cr4 = read_cr4() & ~(CR4_TSD | CR4_DE);

	if (v->domain->traced || (v->s.cr4 & CR4_TSD)) {
		cr4 |= CR4_TSD;
	}
	write_cr4(cr4 | (v->s.cr4 & CR4_DE));
}

void arch_load_ts(struct vcpu *v)
{
	u64 cr0 = read_cr0() & ~CR0_TS;

	write_cr0(v->s.cr0_ts ? cr0 | CR0_TS : cr0);
}

void arch_load_vcpu(struct vcpu *v)
{
	struct cpu *c = this_cpu();

	arch_load_cr3(v);
	arch_load_descriptors(v);
	load_segments(v);
	arch_load_debugregs(v);
	arch_load_cr4(v);
	write_cr0(read_cr0() & ~CR0_TS);
	if (fxrstor_safe(v->s.fpu) != 0) {
		panic("FPU image of d%uv%u is not loadable", v->domain->id,
		      v->id);
	}
	arch_load_ts(v);
	c->regs_end = (u64)(&v->s.regs + 1);
	c->tss.rsp[0] = c->regs_end;
	c->running = v;
	c->loaded = v;
}

void arch_save_vcpu(struct vcpu *v)
{
	save_segments(v);
	write_cr0(read_cr0() & ~CR0_TS);
	fxsave(v->s.fpu);
	write_dr7(0x400);
}

void arch_load_idle(void)
{
	struct cpu *c = this_cpu();

	write_cr3(va_to_pa(hv_root));
	desc_load_window(0);
	desc_load_ldt(0, 0);
	for (unsigned int i = SEG_DS; i <= SEG_GS; i++) {
		BUG_ON(load_segment_safe(i, 0) != 0);
	}
	c->loaded = NULL;
}
