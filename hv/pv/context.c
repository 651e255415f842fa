/* SPDX-License-Identifier: MIT */
/*
 * struct vcpu_guest_context (arch-x86/xen.h), both ways: VCPUOP_initialise,
 * XEN_DOMCTL_setvcpucontext and getvcpucontext.
 *
 * Everything is checked before anything is changed. Switching roots may be cut
 * (-XEN_ERESTART): calling again with the same context continues.
 */
#include <arch/cpu.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/traps.h>
#include <pv/cpu_state.h>
#include <xen/callback.h>

#define FPU_FCW_OFFSET   0
#define FPU_MXCSR_OFFSET 24
#define FPU_FCW_INIT     0x37f
#define FPU_MXCSR_INIT   0x1f80
#define FPU_MXCSR_VALID  0xffffu

#define IOPL_SHIFT 12
#define GDT_MAX    (GDT_MAX_PAGES * 512UL)
#define LDT_MAX    8192UL
#define TI_DPL     3
#define TI_MASK    4
#define CR_USER    1 /* ctrlreg[]: the user root */
#define CR_KERNEL  3
#define CR0_TS_BIT CR0_TS

static void fpu_init(u8 *fpu)
{
	const u16 fcw = FPU_FCW_INIT;
	const u32 mxcsr = FPU_MXCSR_INIT;

	memset(fpu, 0, 512);
	memcpy(fpu + FPU_FCW_OFFSET, &fcw, sizeof(fcw));
	memcpy(fpu + FPU_MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
}

/* An image whose MXCSR has reserved bits would not load. */
static void fpu_load(u8 *fpu, const void *image)
{
	u32 mxcsr;

	memcpy(fpu, image, 512);
	memcpy(&mxcsr, fpu + FPU_MXCSR_OFFSET, sizeof(mxcsr));
	mxcsr &= FPU_MXCSR_VALID;
	memcpy(fpu + FPU_MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
}

void vcpu_state_init(struct vcpu *v)
{
	struct vcpu_state *s = &v->s;

	memset(&s->regs, 0, sizeof(s->regs));
	s->regs.cs = FLAT_KERNEL_CS;
	s->regs.ss = FLAT_KERNEL_SS;
	s->regs.rflags = guest_rflags(0);
	fpu_init(s->fpu);
	memset(s->debugreg, 0, sizeof(s->debugreg));
	s->debugreg[6] = DR6_INIT;
	s->debugreg[7] = DR7_INIT;
	s->cr4 = CR4_INIT;
	s->kernel_mode = true;
	s->kernel_root = GMFN_NONE;
	s->user_root = GMFN_NONE;
	s->vcpu_info_gmfn = GMFN_NONE;
	for (unsigned int i = 0; i < GDT_MAX_PAGES; i++) {
		s->gdt_frames[i] = GMFN_NONE;
	}
	descriptor_window_init(v);
}

/* ---- checking --------------------------------------------------------------
 */

static bool addresses_ok(const struct vcpu_guest_context *c)
{
	const u64 addresses[] = {
		c->user_regs.rip,
		c->event_callback_eip,
		c->failsafe_callback_eip,
		c->syscall_callback_eip,
		c->kernel_sp,
		c->fs_base,
		c->gs_base_kernel,
		c->gs_base_user,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(addresses); i++) {
		if (!is_canonical(addresses[i])) {
			return false;
		}
	}
	for (unsigned int i = 0; i < NR_TRAPS; i++) {
		if (!is_canonical(c->trap_ctxt[i].address)) {
			return false;
		}
	}
	return true;
}

static u64 user_root_of(const struct vcpu_guest_context *c)
{
	return c->ctrlreg[CR_USER] ? xen_cr3_to_pfn(c->ctrlreg[CR_USER])
	                           : GMFN_NONE;
}

/* Tables of a vCPU that has run can only be changed by itself. */
static bool same_tables(const struct vcpu *v,
                        const struct vcpu_guest_context *c)
{
	for (unsigned int i = 0; i * 512 < v->s.gdt_entries; i++) {
		if (c->gdt_frames[i] != v->s.gdt_frames[i]) {
			return false;
		}
	}
	return c->gdt_ents == v->s.gdt_entries &&
	       c->ldt_ents == v->s.ldt_entries &&
	       c->ldt_base == v->s.ldt_base &&
	       xen_cr3_to_pfn(c->ctrlreg[CR_KERNEL]) == v->s.kernel_root &&
	       user_root_of(c) == v->s.user_root;
}

static int context_check(const struct vcpu *v,
                         const struct vcpu_guest_context *c)
{
	bool to_user = !(c->flags & VGCF_in_kernel);

	if (!addresses_ok(c) || c->gdt_ents > GDT_MAX ||
	    c->ldt_ents > LDT_MAX ||
	    (to_user && user_root_of(c) == GMFN_NONE)) {
		return -XEN_EINVAL;
	}
	if (v->s.initialised && !same_tables(v, c)) {
		return -XEN_EOPNOTSUPP;
	}
	return 0;
}

/* ---- setting ---------------------------------------------------------------
 */

static int set_tables(struct vcpu *v, const struct vcpu_guest_context *c)
{
	u64 gmfns[GDT_MAX_PAGES];
	int err;

	for (unsigned int i = 0; i < GDT_MAX_PAGES; i++) {
		gmfns[i] = c->gdt_frames[i];
	}
	err = vcpu_set_kernel_root(v, xen_cr3_to_pfn(c->ctrlreg[CR_KERNEL]));
	if (err == 0) {
		err = vcpu_set_user_root(v, user_root_of(c));
	}
	if (err == 0) {
		err = vcpu_set_gdt(v, gmfns, (unsigned int)c->gdt_ents);
	}
	if (err == 0) {
		v->s.kernel_mode = true; /* whose tables map the LDT */
		err = vcpu_set_ldt(v, c->ldt_base, (unsigned int)c->ldt_ents);
	}
	return err;
}

static void set_regs(struct vcpu *v, const struct cpu_user_regs *u)
{
	struct cpu_regs *r = &v->s.regs;

	*r = (struct cpu_regs){
		.r15 = u->r15,
		.r14 = u->r14,
		.r13 = u->r13,
		.r12 = u->r12,
		.rbp = u->rbp,
		.rbx = u->rbx,
		.r11 = u->r11,
		.r10 = u->r10,
		.r9 = u->r9,
		.r8 = u->r8,
		.rax = u->rax,
		.rcx = u->rcx,
		.rdx = u->rdx,
		.rsi = u->rsi,
		.rdi = u->rdi,
		.rip = u->rip,
		.cs = u->cs | 3,
		.rflags = guest_rflags(u->rflags),
		.rsp = u->rsp,
		.ss = u->ss | 3,
	};
	v->s.iopl = u->rflags >> IOPL_SHIFT & 3;
	v->s.ds = guest_selector(u->ds);
	v->s.es = guest_selector(u->es);
	v->s.fs = guest_selector(u->fs);
	v->s.gs = guest_selector(u->gs);
}

static void set_entry_points(struct vcpu *v, const struct vcpu_guest_context *c)
{
	struct guest_callback *cb = v->s.callbacks;

	for (unsigned int i = 0; i < NR_TRAPS; i++) {
		v->s.traps[i] = (struct guest_trap){
			.address = c->trap_ctxt[i].address,
			.dpl = c->trap_ctxt[i].flags & TI_DPL,
			.mask_events = (c->trap_ctxt[i].flags & TI_MASK) != 0,
		};
	}
	cb[CALLBACKTYPE_event].address = c->event_callback_eip;
	cb[CALLBACKTYPE_failsafe] = (struct guest_callback){
		.address = c->failsafe_callback_eip,
		.mask_events = (c->flags & VGCF_failsafe_disables_events) != 0,
	};
	cb[CALLBACKTYPE_syscall] = (struct guest_callback){
		.address = c->syscall_callback_eip,
		.mask_events = (c->flags & VGCF_syscall_disables_events) != 0,
	};
	v->s.kernel_ss = guest_selector((u16)c->kernel_ss);
	v->s.kernel_sp = c->kernel_sp;
}

/* Debug registers that are refused stay as they were. */
static void set_control(struct vcpu *v, const struct vcpu_guest_context *c)
{
	static const u8 debug[] = {0, 1, 2, 3, 6, 7};

	for (unsigned int i = 0; i < ARRAY_SIZE(debug); i++) {
		if (debugreg_set(v, debug[i], c->debugreg[debug[i]]) != 0) {
			log_debug("d%uv%u: DR%u value %#lx refused",
			          v->domain->id, v->id, debug[i],
			          c->debugreg[debug[i]]);
		}
	}
	v->s.cr0_ts = (c->ctrlreg[0] & CR0_TS_BIT) != 0;
	vcpu_set_cr4(v, c->ctrlreg[4]);
	v->s.fs_base = c->fs_base;
	v->s.gs_base_kernel = c->gs_base_kernel;
	v->s.gs_base_user = c->gs_base_user;
	v->s.kernel_mode = (c->flags & VGCF_in_kernel) != 0;
	if (c->flags & VGCF_i387_valid) {
		fpu_load(v->s.fpu, &c->fpu_ctxt);
	}
}

int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
	int err = context_check(v, c);

	if (err == 0 && !v->s.initialised) {
		err = set_tables(v, c);
	}
	if (err != 0) {
		return err;
	}
	set_regs(v, &c->user_regs);
	set_entry_points(v, c);
	set_control(v, c);
	if (v->id == 0) {
		v->domain->s.vm_assist = c->vm_assist & VM_ASSISTS_OFFERED;
	}
	v->s.online = (c->flags & VGCF_online) != 0;
	v->s.initialised = true;
	return 0;
}

/* ---- getting ---------------------------------------------------------------
 */

static void get_regs(const struct vcpu *v, struct cpu_user_regs *u)
{
	const struct cpu_regs *r = &v->s.regs;

	u->r15 = r->r15;
	u->r14 = r->r14;
	u->r13 = r->r13;
	u->r12 = r->r12;
	u->rbp = r->rbp;
	u->rbx = r->rbx;
	u->r11 = r->r11;
	u->r10 = r->r10;
	u->r9 = r->r9;
	u->r8 = r->r8;
	u->rax = r->rax;
	u->rcx = r->rcx;
	u->rdx = r->rdx;
	u->rsi = r->rsi;
	u->rdi = r->rdi;
	u->rip = r->rip;
	u->cs = r->cs;
	u->rflags = r->rflags | (u64)v->s.iopl << IOPL_SHIFT;
	u->rsp = r->rsp;
	u->ss = r->ss;
	u->ds = v->s.ds;
	u->es = v->s.es;
	u->fs = v->s.fs;
	u->gs = v->s.gs;
}

static void get_entry_points(const struct vcpu *v, struct vcpu_guest_context *c)
{
	const struct guest_callback *cb = v->s.callbacks;

	for (unsigned int i = 0; i < NR_TRAPS; i++) {
		const struct guest_trap *t = &v->s.traps[i];

		c->trap_ctxt[i] = (struct trap_info){
			.vector = (u8)i,
			.flags = t->dpl | (t->mask_events ? TI_MASK : 0),
			.cs = t->address ? FLAT_KERNEL_CS : 0,
			.address = t->address,
		};
	}
	c->event_callback_eip = cb[CALLBACKTYPE_event].address;
	c->failsafe_callback_eip = cb[CALLBACKTYPE_failsafe].address;
	c->syscall_callback_eip = cb[CALLBACKTYPE_syscall].address;
	c->kernel_ss = v->s.kernel_ss;
	c->kernel_sp = v->s.kernel_sp;
}

static u64 get_flags(const struct vcpu *v)
{
	const struct guest_callback *cb = v->s.callbacks;
	u64 flags = VGCF_i387_valid;

	if (v->s.kernel_mode) {
		flags |= VGCF_in_kernel;
	}
	if (v->s.online) {
		flags |= VGCF_online;
	}
	if (cb[CALLBACKTYPE_failsafe].mask_events) {
		flags |= VGCF_failsafe_disables_events;
	}
	if (cb[CALLBACKTYPE_syscall].mask_events) {
		flags |= VGCF_syscall_disables_events;
	}
	return flags;
}

static void get_tables(const struct vcpu *v, struct vcpu_guest_context *c)
{
	for (unsigned int i = 0; i * 512 < v->s.gdt_entries; i++) {
		c->gdt_frames[i] = v->s.gdt_frames[i];
	}
	c->gdt_ents = v->s.gdt_entries;
	c->ldt_base = v->s.ldt_base;
	c->ldt_ents = v->s.ldt_entries;
	c->ctrlreg[CR_KERNEL] = xen_pfn_to_cr3(v->s.kernel_root);
	if (v->s.user_root != GMFN_NONE) {
		c->ctrlreg[CR_USER] = xen_pfn_to_cr3(v->s.user_root);
	}
}

void vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *c)
{
	memset(c, 0, sizeof(*c));
	memcpy(&c->fpu_ctxt, v->s.fpu, sizeof(v->s.fpu));
	c->flags = get_flags(v);
	get_regs(v, &c->user_regs);
	get_entry_points(v, c);
	get_tables(v, c);
	c->ctrlreg[0] = v->s.cr0_ts ? CR0_TS_BIT : 0;
	c->ctrlreg[4] = v->s.cr4;
	memcpy(c->debugreg, v->s.debugreg, sizeof(c->debugreg));
	c->vm_assist = v->domain->s.vm_assist;
	c->fs_base = v->s.fs_base;
	c->gs_base_kernel = v->s.gs_base_kernel;
	c->gs_base_user = v->s.gs_base_user;
}
