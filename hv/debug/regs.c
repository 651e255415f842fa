/* SPDX-License-Identifier: MIT */
/*
 * Registers as a debugger sees and sets them: the guest's own view of its CPU.
 */
#include "priv.h"

#include <arch/cpu.h>
#include <hv/mm.h>
#include <hv/sched.h>
#include <hv/traps.h>
#include <pv/cpu_state.h>

/* PG AM WP NE ET MP PE, and of EFER SCE LME LMA NXE: the same for all. */
#define CR0_GUEST  0x80050033UL
#define EFER_GUEST 0xd01UL

#define FPU_MXCSR  24
#define MXCSR_BITS 0xffbf

static void get_general(const struct cpu_regs *r, struct chrono_regs *o)
{
	o->rax = r->rax;
	o->rbx = r->rbx;
	o->rcx = r->rcx;
	o->rdx = r->rdx;
	o->rsi = r->rsi;
	o->rdi = r->rdi;
	o->rbp = r->rbp;
	o->rsp = r->rsp;
	o->r8 = r->r8;
	o->r9 = r->r9;
	o->r10 = r->r10;
	o->r11 = r->r11;
	o->r12 = r->r12;
	o->r13 = r->r13;
	o->r14 = r->r14;
	o->r15 = r->r15;
	o->rip = r->rip;
	o->rflags = r->rflags & ~RFLAGS_RF;
	o->cs = r->cs;
	o->ss = r->ss;
}

static u64 root_cr3(u64 gmfn)
{
	return gmfn == GMFN_NONE ? 0 : xen_pfn_to_cr3(gmfn);
}

static void get_system(const struct vcpu *v, struct chrono_regs *o)
{
	bool kernel = v->s.kernel_mode;

	o->kernel_mode = v->s.kernel_mode;
	o->upcall_mask = v->info->evtchn_upcall_mask;
	o->upcall_pending = v->info->evtchn_upcall_pending;
	o->ds = v->s.ds;
	o->es = v->s.es;
	o->fs = v->s.fs;
	o->gs = v->s.gs;
	o->fs_base = v->s.fs_base;
	o->gs_base = kernel ? v->s.gs_base_kernel : v->s.gs_base_user;
	o->gs_base_inactive = kernel ? v->s.gs_base_user : v->s.gs_base_kernel;
	o->cr0 = CR0_GUEST | (v->s.cr0_ts ? CR0_TS : 0);
	o->cr2 = v->info->arch.cr2;
	o->cr3 = root_cr3(v->s.kernel_root);
	o->cr3_user = root_cr3(v->s.user_root);
	o->cr4 = v->s.cr4;
	o->efer = EFER_GUEST;
}

int debug_regs_get(struct vcpu *v, struct chrono_regs *r)
{
	if (!v->domain->debug_standing) {
		return -XEN_EBUSY;
	}
	sched_sync(v);
	memset(r, 0, sizeof(*r));
	get_general(&v->s.regs, r);
	get_system(v, r);
	memcpy(r->dr, v->s.debugreg, sizeof(r->dr));
	memcpy(r->fpu, v->s.fpu, sizeof(r->fpu));
	return 0;
}

static void set_general(struct cpu_regs *r, const struct chrono_regs *i)
{
	r->rax = i->rax;
	r->rbx = i->rbx;
	r->rcx = i->rcx;
	r->rdx = i->rdx;
	r->rsi = i->rsi;
	r->rdi = i->rdi;
	r->rbp = i->rbp;
	r->rsp = i->rsp;
	r->r8 = i->r8;
	r->r9 = i->r9;
	r->r10 = i->r10;
	r->r11 = i->r11;
	r->r12 = i->r12;
	r->r13 = i->r13;
	r->r14 = i->r14;
	r->r15 = i->r15;
	r->rip = i->rip;
	r->rflags = guest_rflags(i->rflags);
	r->cs = guest_selector(i->cs);
	r->ss = guest_selector(i->ss);
}

/* MXCSR with a reserved bit cannot be loaded. */
static void set_fpu(struct vcpu *v, const struct chrono_regs *i)
{
	u32 mxcsr;

	memcpy(v->s.fpu, i->fpu, sizeof(v->s.fpu));
	memcpy(&mxcsr, v->s.fpu + FPU_MXCSR, sizeof(mxcsr));
	mxcsr &= MXCSR_BITS;
	memcpy(v->s.fpu + FPU_MXCSR, &mxcsr, sizeof(mxcsr));
}

int debug_regs_set(struct vcpu *v, const struct chrono_regs *r)
{
	bool kernel = v->s.kernel_mode;

	if (v->domain->rr != NULL) {
		return -XEN_EPERM;
	}
	if (!v->domain->debug_standing) {
		return -XEN_EBUSY;
	}
	if (!is_canonical(r->fs_base) || !is_canonical(r->gs_base) ||
	    !is_canonical(r->gs_base_inactive) || !is_canonical(r->rip)) {
		return -XEN_EINVAL;
	}
	sched_sync(v);
	set_general(&v->s.regs, r);
	set_fpu(v, r);
	v->s.fs_base = r->fs_base;
	*(kernel ? &v->s.gs_base_kernel : &v->s.gs_base_user) = r->gs_base;
	*(kernel ? &v->s.gs_base_user : &v->s.gs_base_kernel) =
		r->gs_base_inactive;
	return 0;
}
