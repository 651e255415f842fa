/* SPDX-License-Identifier: MIT */
/*
 * What a PV guest sees of its CPU: exceptions bounced to its handlers, the
 * event upcall, kernel and user mode, emulated instructions, descriptors.
 */
#ifndef HV_TRAPS_H
#define HV_TRAPS_H

#include <hv/domain.h>

/** Queues exception @vector for the guest's handler, to be bounced on the next
 *  exit. @error_code is used for the vectors that have one. A second one while
 *  one waits crashes the domain (C3: never two injections). */
void guest_trap(struct vcpu *v, u8 vector, u32 error_code);
/** The same for #PF. */
void guest_page_fault(struct vcpu *v, u64 cr2, u32 error_code);

/** Bounces what waits (exception, NMI, event upcall), in that order. Called
 *  once before each entry into the guest. May crash the domain. */
void guest_deliver(struct vcpu *v);

/** An exception or interrupt vector taken in guest mode: page fault, emulated
 *  instruction, `int n`, or bounce. True when it counts as an entry (D6). */
bool guest_exception(struct vcpu *v);

/** `syscall` from user mode. */
void guest_syscall(struct vcpu *v);

/** Kernel <-> user: swaps the active GS base and root. */
void vcpu_enter_kernel_mode(struct vcpu *v);
void vcpu_enter_user_mode(struct vcpu *v);

/** The time stamp counter as @v reads it when the read traps (CR4.TSD). */
u64 vcpu_read_tsc(struct vcpu *v);

/** Puts a new vCPU's architectural state at its reset values. */
void vcpu_state_init(struct vcpu *v);
/** setvcpucontext and VCPUOP_initialise: takes all from @c, for a vCPU that is
 *  not loaded. 0, -XEN_EINVAL, -XEN_ERESTART (call again), or -XEN_EOPNOTSUPP:
 *  an initialised one cannot change its tables. Sets initialised and online;
 *  the caller tells the scheduler. */
struct vcpu_guest_context;
int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c);
void vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *c);

/** Installs the vCPU's GDT and LDT in its descriptor window: pv/descriptors.c.
 *  0 or -XEN_EINVAL; the old ones are dropped. */
int vcpu_set_gdt(struct vcpu *v, const u64 *gmfns, unsigned int entries);
int vcpu_set_ldt(struct vcpu *v, u64 base, unsigned int entries);
/** Maps the windows from the frames named in s, after it was restored, with the
 *  references that these frames hold already. 0 or -XEN_EINVAL. */
int vcpu_descriptors_rebuild(struct vcpu *v);
/** They are forgotten without dropping a reference. */
void vcpu_descriptors_abandon(struct vcpu *v);
/** Checks and edits all descriptors of a frame that becomes PGT_SEGDESC; false
 *  leaves it as it was. */
bool descriptors_validate(struct page *pg);

/** A code or data selector that the guest's ring 3 may load: RPL forced. */
static inline u16 guest_selector(u16 sel)
{
	return (sel & ~3) ? sel | 3 : sel;
}

#endif
