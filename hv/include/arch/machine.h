/* SPDX-License-Identifier: MIT */
/*
 * The machine around the CPU: how each part is started. Called by boot/main.c
 * in the order of this file.
 */
#ifndef ARCH_MACHINE_H
#define ARCH_MACHINE_H

#include <hv/types.h>

struct cpu;

/* What the CPU offers that the hypervisor uses; filled by cpu_probe(). */
struct cpu_features {
	char vendor[13];
	bool smep, smap, nx, syscall, fxsr;
};
extern struct cpu_features cpu_features;

/** Reads CPUID. Returns what is missing that is needed, or NULL. */
const char *cpu_probe(void);
/** Control registers, `syscall` MSRs, PAT; the CPU's own page tables loaded. */
void cpu_init(struct cpu *c);

/** Physical pages for page tables and stacks before frames_init(). Zeroed. */
void *early_page(void);
/** Builds hv_root: image with the rights of its sections, all RAM up to
 *  @ram_end at DIRECT_VIRT, and loads it. */
void paging_init(u64 ram_end);
/** Maps a stack of its own, a hole below it, owned by @c; returns its end. */
u64 stack_create(struct cpu *c);
/** Where the next stack's hole would begin. */
u64 stacks_end(void);
/** Walks the hypervisor's tables and the slots of all guests' roots: how many
 *  pages are writable and executable, open to guests, or below a stack; each is
 *  logged (at most 20). */
unsigned int paging_audit(void);

/** Local APIC on, its timer calibrated against the TSC. */
void apic_init(void);
/** TSC frequency from the PIT, wall clock from the CMOS. */
void tsc_init(void);
/** Acknowledges the interrupt in service. */
void apic_eoi(void);
/** Stops the timer's count and takes a pending expiry out of the way. */
void apic_timer_drain(void);
/** APIC timer ticks per second. */
extern u64 apic_timer_hz;

#define TIMER_VECTOR    0x30
#define SPURIOUS_VECTOR 0xff

/* 16550 lines. */
bool uart_init(unsigned int line);
void uart_putc(unsigned int line, char c);
/** False when the line did not take it: try again later. */
bool uart_offer(unsigned int line, char c);
/** One received byte, or -1. */
int uart_getc(unsigned int line);

#endif
