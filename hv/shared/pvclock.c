/* SPDX-License-Identifier: MIT */
/*
 * The paravirtual clock: struct vcpu_time_info (xen.h).
 *
 *   ns = system_time + (((tsc - tsc_timestamp) << tsc_shift) * mul >> 32)
 *
 * The TSC is read before host time, so the guest's clock is never behind the
 * clock that its deadlines are compared with. The flag that promises equal
 * TSCs on all CPUs stays clear.
 */
#include <arch/cpu.h>
#include <hv/mm.h>
#include <hv/shared.h>
#include <xen/errno.h>

/* The scale never changes; this bounds the drift of its rounding. */
#define REFRESH_NS 1000000000UL

void pvclock_scale(u64 hz, u32 *mul, s8 *shift)
{
	u64 ns = 1000000000UL << 32;
	s8 s = 0;

	/* The multiplier has 32 bits and its top bit set. */
	while (ns / hz > 0xffffffff) {
		hz <<= 1;
		s++;
	}
	while (ns / hz < 0x80000000) {
		if (ns >> 63) {
			hz >>= 1;
		} else {
			ns <<= 1;
		}
		s--;
	}
	*mul = (u32)(ns / hz);
	*shift = s;
}

static void write_info(struct vcpu_time_info *t, u64 tsc, u64 ns, u64 hz)
{
	u32 version = (t->version | 1) + 2;
	u32 mul;
	s8 shift;

	pvclock_scale(hz, &mul, &shift);
	__atomic_store_n(&t->version, version, __ATOMIC_SEQ_CST);
	t->tsc_timestamp = tsc;
	t->system_time = ns;
	t->tsc_to_system_mul = mul;
	t->tsc_shift = shift;
	t->flags = 0;
	__atomic_store_n(&t->version, version + 1, __ATOMIC_SEQ_CST);
}

/* The second copy, for user space. A guest that unmapped it loses it. */
static void write_area(struct vcpu *v)
{
	struct vcpu_time_info t = v->info->time;

	if (v->s.time_info_va != 0 && !v->domain->traced) {
		(void)!vcpu_copy_to(v, v->s.time_info_va, &t, sizeof(t));
	}
}

void pvclock_update(struct vcpu *v, bool force)
{
	u64 tsc, ns;

	if (v->domain->traced) {
		if (force) {
			write_info(&v->info->time, 0, 0, TRACED_TSC_HZ);
		}
		return;
	}
	tsc = rdtsc();
	ns = now_ns();
	if (force || ns - v->pvclock_written_ns > REFRESH_NS) {
		v->pvclock_written_ns = ns;
		write_info(&v->info->time, tsc, ns, tsc_khz() * 1000);
		write_area(v);
	}
}

int pvclock_register(struct vcpu *v, u64 va)
{
	struct vcpu_time_info t = v->info->time;

	if (va != 0 && copy_to_guest(va, &t, sizeof(t)) != 0) {
		return -XEN_EFAULT;
	}
	v->s.time_info_va = va;
	return 0;
}
