/* SPDX-License-Identifier: MIT */
/*
 * Parts of the virtual CPU that several files of pv/ change: descriptors and
 * selectors, segment bases, debug registers, control registers, the event
 * mask. Each setter checks its value, changes the state, and brings the
 * hardware in line when the vCPU is the loaded one.
 */
#ifndef PV_CPU_STATE_H
#define PV_CPU_STATE_H

#include <hv/cpuid.h>
#include <hv/domain.h>

/* ---- descriptors.c, selectors.c ------------------------------------------ */

#define DESC_ACCESSED (1UL << 40)
#define DESC_WRITABLE (1UL << 41) /* of data; readable, of code */
#define DESC_CONFORM  (1UL << 42) /* of code */
#define DESC_CODE     (1UL << 43)
#define DESC_S        (1UL << 44) /* code or data, not a system descriptor */
#define DESC_DPL      (3UL << 45)
#define DESC_P        (1UL << 47)
#define DESC_L        (1UL << 53)
#define DESC_D        (1UL << 54)

/** Makes @desc one that ring 3 may have: DPL 3, accessed. False when it must
 *  not be in a guest's table at all (gates, TSS, LDT). */
bool descriptor_fix(u64 desc, u64 *fixed);

/** Maps an empty GDT into the window of a new vCPU. */
void descriptor_window_init(struct vcpu *v);

/** The descriptor that @sel names in @v's tables. False when @sel is null or
 *  beyond its table. */
bool descriptor_read(struct vcpu *v, u16 sel, u64 *desc);

/** True when code running with @cs is 64-bit code. */
bool selector_is_long(struct vcpu *v, u16 cs);
/** Base of the code segment @cs: 0 in 64-bit code. */
u64 selector_code_base(struct vcpu *v, u16 cs);

/** What IRETQ to ring 3 would raise for a descriptor in cs or ss: a vector, or
 *  -1. SDM 2A IRET. */
int descriptor_judge_code(u64 desc);
int descriptor_judge_stack(u64 desc);

/** Judges cs, ss and rip of the frame to be entered. When the CPU could not
 *  load it: false, with what it would raise. */
bool frame_judge(struct vcpu *v, u8 *vector, u32 *error_code);

/* ---- flags: iret.c ------------------------------------------------------- */

/** @rflags as a guest may run with: no IOPL, VM, VIF, VIP; IF set. */
u64 guest_rflags(u64 rflags);

/* ---- segments.c -----------------------------------------------------------
 */

/** @which: SEGBASE_FS, _GS_KERNEL, _GS_USER. 0, or -XEN_EINVAL when @base is
 *  not canonical. */
int segment_base_set(struct vcpu *v, unsigned int which, u64 base);
u64 segment_base_get(struct vcpu *v, unsigned int which);

/* ---- debugreg.c -----------------------------------------------------------
 */

#define DR6_INIT 0xffff0ff0UL
#define DR7_INIT 0x400UL
#define DR6_BS   0x4000UL

/** The register that @reg names, 0 to 3, 6, 7, or -1. 4 and 5 are names of 6
 *  and 7 unless CR4.DE says there are no such. */
int debugreg_number(const struct vcpu *v, u64 reg);
/** 0, -XEN_ENODEV (no such register), -XEN_EINVAL or -XEN_EPERM (value). */
int debugreg_set(struct vcpu *v, u64 reg, u64 value);
/** Adds what a #DB reported to the guest's DR6, but for breakpoints that the
 *  guest has not enabled. */
void debugreg_report(struct vcpu *v, u64 dr6);

/* ---- misc.c ---------------------------------------------------------------
 */

/* Bits of CR4 that a guest may change; what it sees at first. */
#define CR4_GUEST (CR4_TSD | CR4_DE)
#define CR4_INIT  (CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT)

/* Assists that a domain may turn on (VMASST_TYPE_*). */
#define VM_ASSISTS_OFFERED                                                     \
	(1UL << VMASST_TYPE_4gb_segments |                                     \
	 1UL << VMASST_TYPE_4gb_segments_notify |                              \
	 1UL << VMASST_TYPE_writable_pagetables |                              \
	 1UL << VMASST_TYPE_pae_extended_cr3 |                                 \
	 1UL << VMASST_TYPE_architectural_iopl |                               \
	 1UL << VMASST_TYPE_runstate_update_flag |                             \
	 1UL << VMASST_TYPE_m2p_strict)

/** Virtual CR0.TS. */
void vcpu_set_ts(struct vcpu *v, bool ts);
/** Virtual CR4: bits that are not the guest's are ignored. */
void vcpu_set_cr4(struct vcpu *v, u64 value);
/** True when virtual IOPL admits I/O and cli, sti in the present mode. */
bool vcpu_iopl_ok(const struct vcpu *v);
/** True when VM assist @type of the domain is on. */
bool vm_assist_on(const struct domain *d, unsigned int type);
/** CPUID as @v's domain sees it. */
struct cpuid_regs vcpu_cpuid(struct vcpu *v, u32 leaf, u32 subleaf);

/* ---- bounce.c -------------------------------------------------------------
 */

/** Queues the software interrupt @vector: no error code, whatever it is. */
void guest_software_trap(struct vcpu *v, u8 vector);
/** An instruction was carried out for the guest: RF ends, and if TF is set a
 *  #DB is due, as after one that the CPU carried out. */
void guest_insn_done(struct vcpu *v);

#endif
