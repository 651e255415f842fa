/* SPDX-License-Identifier: MIT */
/*
 * A machine on the host for the hypervisor's core: 64 MiB of RAM under the
 * real frame allocator and page tables, a clock that tests set, a CPU whose
 * only state is which vCPU is loaded. Hypercall handlers are called directly;
 * their guest addresses are host pointers, and an address below 4096 faults.
 */
#ifndef TESTS_FAKE_CORE_H
#define TESTS_FAKE_CORE_H

#include <setjmp.h>

#include <hv/hypercall.h>
#include <hv/mm.h>

struct fake_core {
	u64 now_ns;
	struct vcpu *loaded;
	unsigned int loads, saves;
	/* Where arch_shutdown() and arch_reboot() go; status -1 is a reboot. */
	jmp_buf machine_ended;
	int end_status;
	char console[4096]; /* what guests wrote */
	size_t console_len;
	unsigned int out_of_memory; /* sessions that ended for it */
	long (*hypercall)(struct vcpu *v, struct hc_frame *f);
};
extern struct fake_core fake;

/** Boots the machine once; ends all domains of an earlier test. */
void fake_core_reset(void);

/** A domain with @vcpus initialised vCPUs and 64 frames, unpaused. Domain 0 is
 *  privileged. */
struct domain *fake_domain(domid_t id, unsigned int vcpus);

/** Makes vCPU 0 of @d the one whose hypercalls are run. */
void fake_enter(struct domain *d);

/** Calls @fn for the current vCPU with @arg as its argument struct. */
long fake_call(hc_handler *fn, void *arg, size_t size);
/** Calls @fn with bare arguments, again and again while it is cut. */
long fake_call_args(hc_handler *fn, u64 a0, u64 a1, u64 a2);

/** Page tables for @d's vCPU 0 with one data page at FAKE_VA and room for more
 *  in the same L1, which is returned. */
struct page *fake_tables(struct domain *d);
#define FAKE_VA 0x40000000UL

/** Advances the clock and runs what is due. */
void fake_run_until(u64 ns);

#endif
