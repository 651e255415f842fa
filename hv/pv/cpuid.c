/* SPDX-License-Identifier: MIT */
/*
 * The CPUID policy as a table: what is kept of each leaf of the CPU. Kept is
 * what a guest kernel in ring 3 can use and what runs the same everywhere;
 * the rest reads as zero. Hidden on purpose are superpages and global pages,
 * all that is ring 0 only, XSAVE and with it AVX, instructions whose result
 * is not a function of the guest's state (RDRAND, RDSEED, RDPID, RDTSCP), and
 * CMPXCHG16B, which one emulator gets wrong.
 */
#include <hv/cpuid.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/shared.h>
#include <hv/timer.h>
#include <xen/arch-x86/cpuid.h>

#define ABI_VERSION (4u << 16 | 17) /* what XENVER_version answers */

#define MAX_BASIC         0xbu
#define MAX_EXTENDED      0x80000008u
#define MAX_CACHES        8
/* Linux takes grant tables of version 1 up to this machine address width. */
#define MAX_ADDRESS_WIDTH 44u

#define BIT(n) (1u << (n))

/* SDM 2A CPUID, leaf 1. */
#define LEAF1_ECX                                                              \
	(BIT(0) /* SSE3 */ | BIT(1) /* PCLMULQDQ */ | BIT(9) /* SSSE3 */ |     \
	 BIT(19) /* SSE4.1 */ | BIT(20) /* SSE4.2 */ | BIT(22) /* MOVBE */ |   \
	 BIT(23) /* POPCNT */ | BIT(25) /* AES */)
#define LEAF1_ECX_HYPERVISOR BIT(31)
#define LEAF1_EDX                                                              \
	(BIT(0) /* FPU */ | BIT(2) /* DE */ | BIT(4) /* TSC */ |               \
	 BIT(5) /* MSR */ | BIT(6) /* PAE */ | BIT(8) /* CX8 */ |              \
	 BIT(9) /* APIC */ | BIT(15) /* CMOV */ | BIT(16) /* PAT */ |          \
	 BIT(19) /* CLFLUSH */ | BIT(23) /* MMX */ | BIT(24) /* FXSR */ |      \
	 BIT(25) /* SSE */ | BIT(26) /* SSE2 */)
#define LEAF1_EBX 0x0000ffff /* CLFLUSH size, brand; no APIC id, one thread */

#define LEAF7_EBX                                                              \
	(BIT(6) /* FDP_EXCPTN_ONLY */ | BIT(9) /* ERMS */ |                    \
	 BIT(13) /* ZERO_FCS_FDS */ | BIT(19) /* ADX */ |                      \
	 BIT(23) /* CLFLUSHOPT */ | BIT(29) /* SHA */)
#define LEAF7_EDX (BIT(4) /* FSRM */ | BIT(10) /* MD_CLEAR */)

/* AMD APM 3 appendix E, leaf 0x80000001. */
#define EXT1_ECX                                                               \
	(BIT(0) /* LAHF64 */ | BIT(5) /* LZCNT */ | BIT(6) /* SSE4A */ |       \
	 BIT(7) /* MISALIGNSSE */ | BIT(8) /* 3DNOWPREFETCH */)
#define EXT1_EDX_COMMON 0x0183f3ff /* repeats leaf 1 */
#define EXT1_EDX                                                               \
	((LEAF1_EDX & EXT1_EDX_COMMON) | BIT(11) /* SYSCALL */ |               \
	 BIT(20) /* NX */ | BIT(22) /* MMXEXT */ | BIT(29) /* LM */)

#define ALL 0xffffffff

/* What is kept of a leaf; sub-leaf 0 alone where @subleaves is not 0. */
struct rule {
	u32 leaf;
	u32 subleaves;
	struct cpuid_regs keep;
};

static const struct rule rules[] = {
	{0x0, 0, {ALL, ALL, ALL, ALL}},
	{0x1, 0, {ALL, LEAF1_EBX, LEAF1_ECX, LEAF1_EDX}},
	{0x2, 0, {ALL, ALL, ALL, ALL}},
	{0x4, MAX_CACHES, {0x3fff, ALL, ALL, ALL}}, /* caches, nobody shares */
	{0x7, 1, {0, LEAF7_EBX, 0, LEAF7_EDX}},
	{0x80000000, 0, {ALL, ALL, ALL, ALL}},
	{0x80000001, 0, {ALL, 0, EXT1_ECX, EXT1_EDX}},
	{0x80000002, 0, {ALL, ALL, ALL, ALL}}, /* brand string */
	{0x80000003, 0, {ALL, ALL, ALL, ALL}},
	{0x80000004, 0, {ALL, ALL, ALL, ALL}},
	{0x80000005, 0, {ALL, ALL, ALL, ALL}}, /* caches */
	{0x80000006, 0, {ALL, ALL, ALL, ALL}},
	{0x80000007, 0, {0, 0, 0, BIT(8)}}, /* invariant TSC */
	{0x80000008, 0, {0xffff, 0, 0, 0}}, /* address widths */
};

/* They differ in the TSC's frequency. */
static struct cpuid_policy machine_policy, traced_policy;

static void add(struct cpuid_policy *p, u32 leaf, u32 subleaf,
                struct cpuid_regs r)
{
	BUG_ON(p->nr_leaves == CPUID_MAX_LEAVES);
	p->leaf[p->nr_leaves++] = (struct cpuid_leaf){leaf, subleaf, r};
}

static struct cpuid_regs mask(struct cpuid_regs r, struct cpuid_regs keep)
{
	return (struct cpuid_regs){r.eax & keep.eax, r.ebx & keep.ebx,
	                           r.ecx & keep.ecx, r.edx & keep.edx};
}

/* Values that are not a mask of the CPU's. */
static struct cpuid_regs adjust(u32 leaf, struct cpuid_regs r)
{
	switch (leaf) {
	case 0x0:
		r.eax = MIN(r.eax, MAX_BASIC);
		break;
	case 0x1:
		r.ecx |= LEAF1_ECX_HYPERVISOR;
		break;
	case 0x80000000:
		r.eax = MIN(r.eax, MAX_EXTENDED);
		break;
	}
	return r;
}

static void add_native(struct cpuid_policy *p, const struct rule *rule,
                       cpuid_source *native)
{
	for (u32 sub = 0; sub < MAX(rule->subleaves, 1); sub++) {
		struct cpuid_regs r = mask(native(rule->leaf, sub), rule->keep);

		if (rule->subleaves > 1 && (r.eax & 0x1f) == 0) {
			break;
		}
		add(p, rule->leaf, rule->subleaves ? sub : CPUID_ANY,
		    adjust(rule->leaf, r));
	}
}

static void add_hypervisor(struct cpuid_policy *p, u32 width, u64 khz)
{
	add(p, XEN_CPUID_LEAF(0), CPUID_ANY,
	    (struct cpuid_regs){XEN_CPUID_LEAF(XEN_CPUID_MAX_NUM_LEAVES),
	                        XEN_CPUID_SIGNATURE_EBX,
	                        XEN_CPUID_SIGNATURE_ECX,
	                        XEN_CPUID_SIGNATURE_EDX});
	add(p, XEN_CPUID_LEAF(1), CPUID_ANY,
	    (struct cpuid_regs){.eax = ABI_VERSION});
	add(p, XEN_CPUID_LEAF(2), CPUID_ANY,
	    (struct cpuid_regs){
		    .eax = 1,
		    .ebx = 0x40000000,
		    .ecx = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD,
	    });
	add(p, XEN_CPUID_LEAF(3), 0, (struct cpuid_regs){.ecx = (u32)khz});
	add(p, XEN_CPUID_LEAF(3), 2, (struct cpuid_regs){.eax = (u32)khz});
	add(p, XEN_CPUID_LEAF(5), 0,
	    (struct cpuid_regs){.ebx = MIN(width, MAX_ADDRESS_WIDTH)});
}

void cpuid_policy_build(struct cpuid_policy *p, cpuid_source *native, u64 khz)
{
	u32 max_basic = native(0, 0).eax;
	u32 max_extended = native(0x80000000, 0).eax;

	*p = (struct cpuid_policy){0};
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		u32 leaf = rules[i].leaf;

		if (leaf <= (leaf < 0x80000000 ? max_basic : max_extended)) {
			add_native(p, &rules[i], native);
		}
	}
	add_hypervisor(p, cpuid_policy_get(p, 0x80000008, 0).eax & 0xff, khz);
}

void cpuid_init(void)
{
	cpuid_policy_build(&machine_policy, cpuid, tsc_khz());
	cpuid_policy_build(&traced_policy, cpuid, TRACED_TSC_HZ / 1000);
}

const struct cpuid_policy *cpuid_policy_of(const struct domain *d)
{
	if (d->cpuid != NULL) {
		return d->cpuid;
	}
	return d->traced ? &traced_policy : &machine_policy;
}

struct cpuid_regs cpuid_policy_get(const struct cpuid_policy *p, u32 leaf,
                                   u32 subleaf)
{
	u32 nr = MIN(p->nr_leaves, CPUID_MAX_LEAVES);

	for (u32 i = 0; i < nr; i++) {
		const struct cpuid_leaf *l = &p->leaf[i];

		if (l->leaf == leaf &&
		    (l->subleaf == CPUID_ANY || l->subleaf == subleaf)) {
			return l->r;
		}
	}
	return (struct cpuid_regs){0};
}
