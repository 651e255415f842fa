/* SPDX-License-Identifier: MIT */
/*
 * What guests see of CPUID.
 *
 * A policy is a plain table of leaves, without pointers: it is computed once
 * at boot from the CPU's own answers, copied into the header of a trace, and
 * loaded from one for replay. A leaf that is not in it reads as zeros. The
 * answer is a function of the policy and the leaf alone, the same on all
 * vCPUs. Hypervisor leaves: arch-x86/cpuid.h.
 */
#ifndef HV_CPUID_H
#define HV_CPUID_H

#include <arch/cpu.h>

#define CPUID_MAX_LEAVES 48
#define CPUID_ANY        0xffffffff

struct cpuid_leaf {
	u32 leaf;
	u32 subleaf; /* CPUID_ANY: ecx does not matter */
	struct cpuid_regs r;
};

struct cpuid_policy {
	u32 nr_leaves;
	u32 reserved;
	struct cpuid_leaf leaf[CPUID_MAX_LEAVES];
};

typedef struct cpuid_regs cpuid_source(u32 leaf, u32 subleaf);

/** Computes the policies of this machine. At boot, when the TSC's frequency is
 *  known. */
void cpuid_init(void);

/** What @d sees: the policy that it was given, or this machine's for domains
 *  of its kind. */
struct domain;
const struct cpuid_policy *cpuid_policy_of(const struct domain *d);

/** Builds what a guest may see of a CPU that answers as @native does and has
 *  a TSC of @khz. */
void cpuid_policy_build(struct cpuid_policy *p, cpuid_source *native, u64 khz);

/** @leaf, @subleaf of @p; zeros when it has no such leaf. */
struct cpuid_regs cpuid_policy_get(const struct cpuid_policy *p, u32 leaf,
                                   u32 subleaf);

#endif
