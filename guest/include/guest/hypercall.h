/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls: the `syscall` instruction issued in guest kernel mode.
 *
 * No hypercall page is used. A call may rewrite its argument registers when
 * the hypervisor cuts a long operation, so all of them count as clobbered;
 * memory does too. Every function returns the ABI's result unchanged
 * (negative errno on failure). Xen public header xen.h lists the numbers.
 */
#ifndef GUEST_HYPERCALL_H
#define GUEST_HYPERCALL_H

#include <guest/abi.h>

/** Issues hypercall @nr with up to five arguments, unused ones being 0. */
static inline long hypercall(unsigned long nr, unsigned long a1,
                             unsigned long a2, unsigned long a3,
                             unsigned long a4, unsigned long a5)
{
	register unsigned long r10 asm("r10") = a4;
	register unsigned long r8 asm("r8") = a5;
	long ret;

	asm volatile("syscall"
	             : "=a"(ret), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10),
	               "+r"(r8)
	             : "0"(nr)
	             : "rcx", "r11", "memory");
	return ret;
}

#define ADDR(p) ((unsigned long)(p))

static inline long hc_set_trap_table(const struct trap_info *table)
{
	return hypercall(__HYPERVISOR_set_trap_table, ADDR(table), 0, 0, 0, 0);
}

static inline long hc_mmu_update(const struct mmu_update *req,
                                 unsigned int count, unsigned int *done,
                                 unsigned int domid)
{
	return hypercall(__HYPERVISOR_mmu_update, ADDR(req), count, ADDR(done),
	                 domid, 0);
}

static inline long hc_set_gdt(const unsigned long *frames, unsigned int entries)
{
	return hypercall(__HYPERVISOR_set_gdt, ADDR(frames), entries, 0, 0, 0);
}

static inline long hc_stack_switch(unsigned long ss, unsigned long rsp)
{
	return hypercall(__HYPERVISOR_stack_switch, ss, rsp, 0, 0, 0);
}

static inline long hc_fpu_taskswitch(int set)
{
	return hypercall(__HYPERVISOR_fpu_taskswitch, (unsigned int)set, 0, 0,
	                 0, 0);
}

static inline long hc_set_debugreg(int reg, unsigned long value)
{
	return hypercall(__HYPERVISOR_set_debugreg, (unsigned int)reg, value, 0,
	                 0, 0);
}

static inline long hc_get_debugreg(int reg)
{
	return hypercall(__HYPERVISOR_get_debugreg, (unsigned int)reg, 0, 0, 0,
	                 0);
}

static inline long hc_update_descriptor(uint64_t maddr, uint64_t desc)
{
	return hypercall(__HYPERVISOR_update_descriptor, maddr, desc, 0, 0, 0);
}

static inline long hc_memory_op(unsigned int cmd, void *arg)
{
	return hypercall(__HYPERVISOR_memory_op, cmd, ADDR(arg), 0, 0, 0);
}

static inline long hc_multicall(struct multicall_entry *calls, unsigned int n)
{
	return hypercall(__HYPERVISOR_multicall, ADDR(calls), n, 0, 0, 0);
}

static inline long hc_update_va_mapping(unsigned long va, uint64_t pte,
                                        unsigned long flags)
{
	return hypercall(__HYPERVISOR_update_va_mapping, va, pte, flags, 0, 0);
}

static inline long hc_set_timer_op(uint64_t deadline_ns)
{
	return hypercall(__HYPERVISOR_set_timer_op, deadline_ns, 0, 0, 0, 0);
}

static inline long hc_xen_version(int cmd, void *arg)
{
	return hypercall(__HYPERVISOR_xen_version, (unsigned int)cmd, ADDR(arg),
	                 0, 0, 0);
}

static inline long hc_console_io(int cmd, unsigned int len, char *buf)
{
	return hypercall(__HYPERVISOR_console_io, (unsigned int)cmd, len,
	                 ADDR(buf), 0, 0);
}

static inline long hc_grant_table_op(unsigned int cmd, void *arg,
                                     unsigned int count)
{
	return hypercall(__HYPERVISOR_grant_table_op, cmd, ADDR(arg), count, 0,
	                 0);
}

static inline long hc_vm_assist(unsigned int cmd, unsigned int type)
{
	return hypercall(__HYPERVISOR_vm_assist, cmd, type, 0, 0, 0);
}

static inline long hc_vcpu_op(int cmd, unsigned int vcpu, void *arg)
{
	return hypercall(__HYPERVISOR_vcpu_op, (unsigned int)cmd, vcpu,
	                 ADDR(arg), 0, 0);
}

static inline long hc_set_segment_base(unsigned int which, unsigned long base)
{
	return hypercall(__HYPERVISOR_set_segment_base, which, base, 0, 0, 0);
}

static inline long hc_mmuext_op(const struct mmuext_op *op, unsigned int count,
                                unsigned int *done, unsigned int domid)
{
	return hypercall(__HYPERVISOR_mmuext_op, ADDR(op), count, ADDR(done),
	                 domid, 0);
}

static inline long hc_sched_op(int cmd, void *arg)
{
	return hypercall(__HYPERVISOR_sched_op, (unsigned int)cmd, ADDR(arg), 0,
	                 0, 0);
}

static inline long hc_callback_op(int cmd, const void *arg)
{
	return hypercall(__HYPERVISOR_callback_op, (unsigned int)cmd, ADDR(arg),
	                 0, 0, 0);
}

static inline long hc_event_channel_op(int cmd, void *arg)
{
	return hypercall(__HYPERVISOR_event_channel_op, (unsigned int)cmd,
	                 ADDR(arg), 0, 0, 0);
}

static inline long hc_physdev_op(int cmd, void *arg)
{
	return hypercall(__HYPERVISOR_physdev_op, (unsigned int)cmd, ADDR(arg),
	                 0, 0, 0);
}

#endif /* GUEST_HYPERCALL_H */
