/* SPDX-License-Identifier: MIT */
/*
 * What hv/pv/ needs of the rest of the hypervisor, on the host: a CPU whose
 * bases and page-table root are variables, a vCPU with one stretch of guest
 * kernel memory and one of guest user memory, and a domain whose crash is a
 * string.
 */
#ifndef TESTS_FAKE_PV_H
#define TESTS_FAKE_PV_H

#include <hv/hypercall.h>

#define FAKE_MEMORY    0x10000
#define FAKE_KERNEL_VA 0xffffffff80000000UL
#define FAKE_USER_VA   0x400000UL

struct fake_hw {
	u64 fs_base, gs_base;
	u64 dr6;
	u16 gs;
	bool ts;
	bool user_root; /* which root was loaded last */
	unsigned int cr3_loads, debug_loads, cr4_loads;
};

struct fake_pv {
	struct vcpu v;
	struct domain d;
	struct vcpu_info info;
	struct fake_hw hw;
	bool loaded;  /* v is the current vCPU */
	bool crashed; /* the domain, and with which words: */
	char crash[256];
	int fault_verdict; /* of guest_fault() */
	u32 fault_code;
	u8 kernel[FAKE_MEMORY] __attribute__((aligned(4096)));
	u8 user[FAKE_MEMORY] __attribute__((aligned(4096)));
	u64 gdt[512] __attribute__((aligned(4096)));
	u64 reserved_gdt[2][512] __attribute__((aligned(4096)));
};
extern struct fake_pv fake;

/** A vCPU in its start state, in kernel mode at FAKE_KERNEL_VA, loaded, with a
 *  kernel stack in the middle of its memory and handlers for all vectors. */
void fake_reset(void);

/** Address of the handler that fake_reset() registers for @vector, and for
 *  callback @type. */
u64 fake_handler(unsigned int vector);
u64 fake_callback(unsigned int type);

/** Word @n of the frame at the vCPU's rsp. */
u64 fake_frame(unsigned int n);

/** Puts @code at rip. */
void fake_code(const void *code, size_t size);

/** Runs hypercall handler @fn with @a0 and @a1. */
long fake_call(hc_handler *fn, u64 a0, u64 a1);

#endif
