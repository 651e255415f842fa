/* SPDX-License-Identifier: MIT */
/*
 * The hostile guest: `count=` random steps from `seed=`, of which half are
 * near-valid, with a line of progress `every=` so many. PASS means that the
 * hypervisor is still there at the end and this guest with it; what else must
 * hold (no other domain harmed, counts of references clean) the hypervisor and
 * the canary say.
 *
 * ABI: all of it. The steps are in guest/fuzz/.
 */
#include "../fuzz/fuzz.h"

#include <guest/event.h>
#include <guest/mm.h>
#include <guest/test.h>

static struct context loop;
static volatile uint64_t strays;

static void (*const near_valid[])(void) = {
	step_mmu,        step_mmu,         step_mmu,    step_mmuext,
	step_mmuext,     step_descriptors, step_events, step_grants,
	step_memory,     step_vcpu,        step_sched,  step_traps,
	step_multicall,  step_iret,        step_access, step_access,
	step_privileged, step_user,        step_misc,
};

/* An exception in the middle of a step ends that step. */
static bool on_stray(struct regs *regs)
{
	(void)regs;
	strays++;
	context_jump(&loop, 1);
}

static bool on_debug(struct regs *regs)
{
	hc_set_debugreg(7, 0);
	regs->rflags &= ~(uint64_t)FLAG_TF;
	regs->rflags |= FLAG_RF;
	return true;
}

static bool on_event(struct regs *regs)
{
	boot_vcpu_info->evtchn_upcall_pending = 0;
	boot_vcpu_info->evtchn_pending_sel = 0;
	regs->rflags &= ~(uint64_t)FLAG_IF;
	return true;
}

static bool on_nmi(struct regs *regs)
{
	(void)regs;
	return true;
}

static void set_hooks(void)
{
	for (unsigned int v = 0; v < 256; v++) {
		trap_hook_set(v, on_stray);
	}
	trap_hook_set(ENTRY_FAILSAFE, on_stray);
	trap_hook_set(VEC_DB, on_debug);
	trap_hook_set(2, on_nmi);
	trap_hook_set(ENTRY_EVENT, on_event);
}

/* So that a later registration of vcpu_info elsewhere is refused. */
static void keep_vcpu_info(void)
{
	static char page[PAGE_SIZE] __page;
	struct vcpu_register_vcpu_info op = {.mfn = va_to_mfn(page)};

	if (hc_vcpu_op(VCPUOP_register_vcpu_info, 0, &op) == 0) {
		boot_vcpu_info = (volatile struct vcpu_info *)page;
	}
	events_mask();
}

static void step(void)
{
	if (fuzz_one_in(2)) {
		step_generic();
	} else {
		near_valid[fuzz_below(ARRAY_LEN(near_valid))]();
	}
}

GUEST_TEST(fuzz)
{
	static uint64_t seed, count, every;
	static volatile uint64_t done;

	seed = boot_option("seed", 1);
	count = boot_option("count", 200000);
	every = boot_option("every", 100000);
	fuzz_random = random_seed(seed);
	keep_vcpu_info();
	pool_init();
	set_hooks();
	if (context_save(&loop)) {
		guard_repair();
	}
	while (done < count) {
		done++;
		if (done % every == 0) {
			print("fuzz: seed %lu, %lu of %lu steps, %lu strays\n",
			      seed, done, count, strays);
		}
		if (done % 500 == 0) {
			pool_repair();
		}
		if (done % 16 == 0) {
			guard_repair();
		}
		step();
	}
	guard_repair();
	print("fuzz: seed %lu, %lu steps, %lu strays\n", seed, done, strays);
}
