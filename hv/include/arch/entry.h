/* SPDX-License-Identifier: MIT */
/*
 * Entering and leaving guest mode.
 *
 * arch_run_guest() behaves like a function call that returns when the guest
 * comes back: by exception, interrupt or `syscall`. s.regs then holds the
 * guest's registers, s.regs.vector what brought it back, and exit_cr2 the
 * faulting address of a #PF. Interrupts are off in the hypervisor throughout.
 */
#ifndef ARCH_ENTRY_H
#define ARCH_ENTRY_H

#include <hv/domain.h>

/** Runs @v, whose CPU state is loaded, until it exits. */
void arch_run_guest(struct vcpu *v);

/** Loads everything but the general registers: CR3, TSS stack, descriptor
 *  window, selectors, bases, FPU, debug registers. */
void arch_load_vcpu(struct vcpu *v);
/** Saves what the guest can change without the hypervisor seeing it:
 *  selectors, bases, FPU. */
void arch_save_vcpu(struct vcpu *v);
/** (Re)loads CR3 for @v; a full flush. */
void arch_load_cr3(struct vcpu *v);
/** Reloads all selectors from s after the descriptors changed (R8). */
void arch_reload_segments(struct vcpu *v);
/** Makes GDTR, LDTR cover the vCPU's present descriptor tables. */
void arch_load_descriptors(struct vcpu *v);
/** Makes the debug registers those in s. */
void arch_load_debugregs(struct vcpu *v);
/** Loads breakpoint @nr, which the current guest does not use, to stop it
 * before the instruction at @va; arch_load_debugregs() takes it away. */
void arch_code_break_add(unsigned int nr, u64 va);
/** DR6 after a #DB, and resets it. */
u64 arch_take_dr6(void);
/** Makes the hardware's CR4 what the vCPU may see of it; TSD for a traced
 *  domain always (D7). */
void arch_load_cr4(struct vcpu *v);
/** Makes the hardware's CR0.TS the guest's virtual one. */
void arch_load_ts(struct vcpu *v);
/** The hypervisor's own tables, when no vCPU is to be loaded. */
void arch_load_idle(void);
/** The hypervisor's own L4, as it sees it. */
extern u64 *hv_root;
/** Beyond the IDT's vectors and EXIT_SYSCALL: the iretq into the guest
 *  faulted; s.regs is what could not be loaded. */
#define EXIT_IRET_FAULT 257
/** Active FS/GS base of the loaded vCPU. */
void arch_write_fs_base(u64 base);
void arch_write_gs_base(u64 base);
u64 arch_read_fs_base(void);
u64 arch_read_gs_base(void);

/** Host interrupt pending work: called for vectors 32..255 from hv or guest. */
void arch_irq(unsigned int vector);
/** Waits with interrupts on until one comes. */
void arch_idle(void);
/** Arms the one-shot host timer for @deadline_ns (~0: off). */
void arch_timer_arm(u64 deadline_ns);
/** True when it is armed for @deadline_ns and has not expired. */
bool arch_timer_counts_to(u64 deadline_ns);
/** Ends the machine: powers off, or QEMU's exit device with @status. */
void __noreturn arch_shutdown(unsigned int status);
void __noreturn arch_reboot(void);

#endif
