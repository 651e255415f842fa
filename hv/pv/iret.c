/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_iret: leaves the guest kernel's handler through a frame on its
 * stack (struct iret_context, arch-x86/xen-x86_64.h). The frame is read once;
 * each field is masked to what the guest may have. Whether the result can be
 * entered at all is judged where every frame is, in guest_deliver().
 */
#include <hv/evtchn.h>
#include <hv/hypercall.h>
#include <hv/traps.h>
#include <pv/cpu_state.h>

#define IOPL_SHIFT 12
#define RPL_USER   3

#define RFLAGS_ID 0x200000UL

/* What ring 3 can see or set by itself. */
#define RFLAGS_GUEST                                                           \
	(RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF |           \
	 RFLAGS_TF | RFLAGS_DF | RFLAGS_OF | RFLAGS_NT | RFLAGS_RF |           \
	 RFLAGS_AC | RFLAGS_ID)

u64 guest_rflags(u64 rflags)
{
	return (rflags & RFLAGS_GUEST) | RFLAGS_MBS | RFLAGS_IF;
}

/* The exit by SYSRET that VGCF_in_syscall allows destroys rcx and r11 and
 * cannot set RF. This one gives the same values whichever way is taken. */
static void load_as_sysret(struct cpu_regs *r)
{
	r->rflags &= ~RFLAGS_RF;
	r->rcx = r->rip;
	r->r11 = r->rflags;
}

static void load_frame(struct vcpu *v, const struct iret_context *c)
{
	struct cpu_regs *r = &v->s.regs;

	if (vm_assist_on(v->domain, VMASST_TYPE_architectural_iopl)) {
		v->s.iopl = c->rflags >> IOPL_SHIFT & 3;
	}
	r->rip = c->rip;
	r->cs = (u16)c->cs | RPL_USER;
	r->rflags = guest_rflags(c->rflags);
	r->rsp = c->rsp;
	r->ss = (u16)c->ss | RPL_USER;
	r->rax = c->rax;
	if (c->flags & VGCF_in_syscall) {
		load_as_sysret(r);
	} else {
		r->rcx = c->rcx;
		r->r11 = c->r11;
	}
}

/* The result is not used on success: rax is the frame's. */
long hc_iret(struct vcpu *v, struct hc_frame *f)
{
	struct iret_context c;
	bool to_user;

	if (f->in_multicall) {
		return -XEN_EINVAL;
	}
	if (hc_read(f, &c, v->s.regs.rsp, sizeof(c)) != 0) {
		domain_crash(v->domain,
		             "vCPU %u: iret frame at %#lx is not readable",
		             v->id, v->s.regs.rsp);
		return -XEN_EFAULT;
	}
	to_user = (c.cs & RPL_USER) == RPL_USER;
	if (to_user && v->user_root == NULL) {
		domain_crash(v->domain,
		             "vCPU %u: iret to user mode without user tables",
		             v->id);
		return -XEN_EINVAL;
	}
	load_frame(v, &c);
	vcpu_info_written(v);
	v->info->evtchn_upcall_mask = !(c.rflags & RFLAGS_IF);
	v->s.nmi_masked = false;
	if (to_user) {
		vcpu_enter_user_mode(v);
	}
	return 0;
}
