/* SPDX-License-Identifier: MIT */
/*
 * The local APIC of this CPU: its one-shot timer is the only interrupt that
 * the hypervisor needs (SDM 3A 10.5.4). Registers are seen at DEVICE_VIRT.
 */
#include <arch/cpu.h>
#include <arch/entry.h>
#include <arch/machine.h>
#include <arch/percpu.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/timer.h>

enum {
	APIC_TPR = 0x80,
	APIC_EOI = 0xb0,
	APIC_SVR = 0xf0,
	APIC_ISR = 0x100,
	APIC_IRR = 0x200,
	APIC_LVT_TIMER = 0x320,
	APIC_LVT_LINT0 = 0x350,
	APIC_LVT_LINT1 = 0x360,
	APIC_LVT_ERROR = 0x370,
	APIC_TMICT = 0x380,
	APIC_TMCCT = 0x390,
	APIC_TDCR = 0x3e0,
};

#define LVT_MASKED      0x10000
#define LVT_NMI         0x400
#define TDCR_DIVIDE_1   0xb
#define SVR_ENABLE      0x100
#define APIC_PA         0xfee00000UL
#define CALIBRATE_NS    10000000UL
#define TIMER_TICKS_MAX 0x7fffffffUL

u64 apic_timer_hz;

static u32 apic_read(unsigned int reg)
{
	return *(volatile u32 *)(DEVICE_VIRT + reg);
}

static void apic_write(unsigned int reg, u32 v)
{
	*(volatile u32 *)(DEVICE_VIRT + reg) = v;
}

/* The 8259s would interrupt at vectors of exceptions: mask them for good. */
static void pic_mask(void)
{
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
}

static u64 timer_calibrate(void)
{
	u64 t0, t1;
	u32 count;

	apic_write(APIC_TMICT, 0xffffffff);
	t0 = now_ns();
	do {
		t1 = now_ns();
	} while (t1 - t0 < CALIBRATE_NS);
	count = 0xffffffff - apic_read(APIC_TMCCT);
	apic_write(APIC_TMICT, 0);
	return (u64)((unsigned __int128)count * 1000000000UL / (t1 - t0));
}

void apic_init(void)
{
	pic_mask();
	hv_map(DEVICE_VIRT, APIC_PA, PTE_RW | PTE_NX | PTE_PCD);
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | 0x800);
	apic_write(APIC_TPR, 0);
	apic_write(APIC_LVT_LINT0, LVT_MASKED);
	apic_write(APIC_LVT_LINT1, LVT_NMI);
	apic_write(APIC_LVT_ERROR, LVT_MASKED);
	apic_write(APIC_SVR, SVR_ENABLE | SPURIOUS_VECTOR);
	apic_write(APIC_TDCR, TDCR_DIVIDE_1);
	apic_write(APIC_LVT_TIMER, TIMER_VECTOR | LVT_MASKED);
	apic_timer_hz = timer_calibrate();
	apic_write(APIC_LVT_TIMER, TIMER_VECTOR);
	log_info("local APIC timer %lu kHz", apic_timer_hz / 1000);
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

static bool timer_in(unsigned int bank)
{
	return apic_read(bank + (TIMER_VECTOR / 32) * 0x10) >>
	               (TIMER_VECTOR % 32) &
	       1;
}

void apic_timer_drain(void)
{
	apic_write(APIC_TMICT, 0);
	if (timer_in(APIC_IRR)) {
		irq_enable();
		__asm__ volatile("nop");
		irq_disable();
	}
	this_cpu()->timer_armed_ns = ~0UL;
}

bool arch_timer_counts_to(u64 deadline_ns)
{
	return this_cpu()->timer_armed_ns == deadline_ns;
}

void arch_timer_arm(u64 deadline_ns)
{
	struct cpu *c = this_cpu();
	u64 now, ticks;

	if (c->timer_armed_ns == deadline_ns) {
		return;
	}
	c->timer_armed_ns = deadline_ns;
	if (deadline_ns == ~0UL) {
		apic_write(APIC_TMICT, 0);
		return;
	}
	now = now_ns();
	ticks = deadline_ns <= now
	                ? 1
	                : (u64)((unsigned __int128)(deadline_ns - now) *
	                        apic_timer_hz / 1000000000UL);
	apic_write(APIC_TMICT, (u32)MAX(1UL, MIN(ticks, TIMER_TICKS_MAX)));
}

void arch_irq(unsigned int vector)
{
	if (vector == TIMER_VECTOR) {
		this_cpu()->timer_armed_ns = ~0UL;
	}
	if (vector != SPURIOUS_VECTOR) {
		apic_eoi();
	}
}

void arch_idle(void)
{
	/* sti holds interrupts off for one more instruction: none is lost
	 * between the caller's last look and hlt. */
	__asm__ volatile("sti\n\thlt\n\tcli" ::: "memory");
}
