/* SPDX-License-Identifier: MIT */
/*
 * Bouncing: making the guest kernel run one of its handlers, by writing a
 * frame to its stack and changing its registers. Exceptions, NMIs, the event
 * upcall and `syscall` from user mode all end in bounce().
 *
 * The frame, upwards from the new rsp: rcx, r11, [error code], rip, cs with
 * the previous event mask in bits 32-39, rflags, rsp, ss.
 */
#include <arch/layout.h>
#include <hv/evtchn.h>
#include <hv/hypercall.h>
#include <hv/mm.h>
#include <hv/traps.h>
#include <pv/cpu_state.h>
#include <xen/callback.h>

#define STACK_ALIGN 16
#define MASK_SHIFT  32
#define IOPL_SHIFT  12

/* Flags that a handler starts without. */
#define HANDLER_CLEARS                                                         \
	(RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | RFLAGS_AC)

struct bounce {
	const char *what;
	u64 handler;
	bool mask_events;
	bool has_error;
	u32 error_code;
};

/* Vectors for which the CPU pushes an error code. */
static bool vector_has_error(u8 vector)
{
	const u32 with_error = 1u << X86_DF | 1u << X86_TS | 1u << X86_NP |
	                       1u << X86_SS | 1u << X86_GP | 1u << X86_PF |
	                       1u << X86_AC | 1u << 21;

	return vector < 32 && (with_error >> vector & 1);
}

static u64 frame_rflags(struct vcpu *v, u8 mask)
{
	u64 rflags = v->s.regs.rflags & ~(RFLAGS_IF | RFLAGS_IOPL);

	if (vm_assist_on(v->domain, VMASST_TYPE_architectural_iopl)) {
		rflags |= (u64)v->s.iopl << IOPL_SHIFT;
	}
	return mask ? rflags : rflags | RFLAGS_IF;
}

/* The interrupted guest kernel is told apart by RPL 0 in its cs. */
static u64 frame_cs(const struct vcpu *v, u8 mask)
{
	u64 cs = v->s.kernel_mode ? v->s.regs.cs & ~3 : v->s.regs.cs;

	return cs | (u64)mask << MASK_SHIFT;
}

static unsigned int frame_build(struct vcpu *v, const struct bounce *b,
                                u64 frame[8])
{
	const struct cpu_regs *r = &v->s.regs;
	u8 mask = v->info->evtchn_upcall_mask;
	unsigned int n = 0;

	frame[n++] = r->rcx;
	frame[n++] = r->r11;
	if (b->has_error) {
		frame[n++] = b->error_code;
	}
	frame[n++] = r->rip;
	frame[n++] = frame_cs(v, mask);
	frame[n++] = frame_rflags(v, mask);
	frame[n++] = r->rsp;
	frame[n++] = r->ss;
	return n;
}

/* Writes the frame below @sp of the guest kernel; its address, or 0. */
static u64 frame_push(struct vcpu *v, u64 sp, const u64 *frame, unsigned int n)
{
	size_t size = n * sizeof(*frame);
	u64 at = ROUND_DOWN(sp, STACK_ALIGN) - size;

	if (!is_canonical(at) || is_hv_va(at) || is_hv_va(at + size - 1) ||
	    vcpu_copy_to(v, at, frame, size) != 0) {
		return 0;
	}
	return at;
}

static void crash_no_handler(struct vcpu *v, const struct bounce *b)
{
	if (v->trap.pending) {
		domain_crash(v->domain,
		             "vCPU %u at %#lx: no handler for exception %u "
		             "(error code %#x, cr2 %#lx)",
		             v->id, v->s.regs.rip, v->trap.vector,
		             v->trap.error_code, v->trap.cr2);
	} else {
		domain_crash(v->domain, "vCPU %u at %#lx: no handler for %s",
		             v->id, v->s.regs.rip, b->what);
	}
}

static void bounce(struct vcpu *v, const struct bounce *b)
{
	struct cpu_regs *r = &v->s.regs;
	bool from_user = !v->s.kernel_mode;
	u64 sp = from_user ? v->s.kernel_sp : r->rsp;
	u64 frame[8], at;
	unsigned int n = frame_build(v, b, frame);

	if (b->handler == 0 || !is_canonical(b->handler)) {
		crash_no_handler(v, b);
		return;
	}
	if (from_user) {
		vcpu_enter_kernel_mode(v);
	}
	at = frame_push(v, sp, frame, n);
	if (at == 0) {
		domain_crash(v->domain,
		             "vCPU %u at %#lx: %s cannot be delivered, the "
		             "kernel stack below %#lx is not writable",
		             v->id, r->rip, b->what, sp);
		return;
	}
	r->rsp = at;
	r->ss = FLAT_KERNEL_SS;
	r->cs = FLAT_KERNEL_CS;
	r->rip = b->handler;
	r->rflags &= ~HANDLER_CLEARS;
	if (b->mask_events) {
		vcpu_info_written(v);
		v->info->evtchn_upcall_mask = 1;
	}
}

static void trap_queue(struct vcpu *v, u8 vector, bool has_error, u32 code)
{
	if (v->trap.pending) {
		domain_crash(v->domain,
		             "vCPU %u at %#lx: exception %u while %u waits",
		             v->id, v->s.regs.rip, vector, v->trap.vector);
		return;
	}
	v->trap.pending = true;
	v->trap.vector = vector;
	v->trap.has_error = has_error;
	v->trap.error_code = has_error ? code : 0;
	v->trap.cr2 = 0;
}

void guest_trap(struct vcpu *v, u8 vector, u32 error_code)
{
	trap_queue(v, vector, vector_has_error(vector), error_code);
}

void guest_software_trap(struct vcpu *v, u8 vector)
{
	trap_queue(v, vector, false, 0);
}

void guest_page_fault(struct vcpu *v, u64 cr2, u32 error_code)
{
	if (v->s.kernel_mode) {
		error_code &= ~(u32)PFEC_USER;
	} else {
		error_code |= PFEC_USER;
	}
	guest_trap(v, X86_PF, error_code);
	v->trap.cr2 = cr2; /* when two collide, the domain is dead anyway */
}

void guest_insn_done(struct vcpu *v)
{
	v->s.regs.rflags &= ~RFLAGS_RF;
	if (v->s.regs.rflags & RFLAGS_TF) {
		debugreg_report(v, DR6_BS);
		guest_trap(v, X86_DB, 0);
	}
}

static void deliver_exception(struct vcpu *v)
{
	const struct guest_trap *t = &v->s.traps[v->trap.vector];
	struct bounce b = {
		.what = "an exception",
		.handler = t->address,
		.mask_events = t->mask_events,
		.has_error = v->trap.has_error,
		.error_code = v->trap.error_code,
	};

	if (v->trap.vector == X86_PF && v->trap.has_error) {
		vcpu_info_written(v);
		v->info->arch.cr2 = v->trap.cr2;
	}
	bounce(v, &b);
	v->trap.pending = false;
}

static void deliver_nmi(struct vcpu *v)
{
	const struct guest_trap *t = &v->s.traps[X86_NMI];
	struct bounce b = {
		.what = "an NMI",
		.handler = t->address,
		.mask_events = t->mask_events,
	};

	v->s.nmi_pending = false;
	v->s.nmi_masked = true;
	bounce(v, &b);
}

static void deliver_event(struct vcpu *v)
{
	struct bounce b = {
		.what = "the event upcall",
		.handler = v->s.callbacks[CALLBACKTYPE_event].address,
		.mask_events = true,
	};

	bounce(v, &b);
}

/* An NMI without handler waits for one. */
static bool nmi_deliverable(const struct vcpu *v)
{
	return v->s.nmi_pending && !v->s.nmi_masked &&
	       v->s.traps[X86_NMI].address != 0;
}

/* A frame that the CPU would refuse is the guest's fault, in both senses:
 * wherever it comes from, it ends here and never in the CPU (C1). */
static void judge_frame(struct vcpu *v)
{
	u32 error_code;
	u8 vector;

	v->s.regs.rflags = guest_rflags(v->s.regs.rflags);
	if (!v->trap.pending && !frame_judge(v, &vector, &error_code)) {
		guest_trap(v, vector, error_code);
	}
}

void guest_deliver(struct vcpu *v)
{
	judge_frame(v);
	if (v->trap.pending) {
		deliver_exception(v);
	}
	if (nmi_deliverable(v)) {
		deliver_nmi(v);
	}
	if (vcpu_event_deliverable(v)) {
		deliver_event(v);
	}
}

void guest_syscall(struct vcpu *v)
{
	const struct guest_callback *cb = &v->s.callbacks[CALLBACKTYPE_syscall];
	struct bounce b = {
		.what = "a system call",
		.handler = cb->address,
		.mask_events = cb->mask_events,
	};

	if (cb->address == 0 || v->s.regs.cs == FLAT_USER_CS32) {
		v->s.regs.rip -= 2;
		guest_trap(v, X86_UD, 0);
		return;
	}
	bounce(v, &b);
	v->s.regs.rflags &= ~RFLAGS_DF;
}
