/* SPDX-License-Identifier: MIT */
/*
 * The boot as a list of calls, from the first C function to the first domain.
 */
#include <arch/cpu.h>
#include <arch/desc.h>
#include <arch/entry.h>
#include <arch/iclock.h>
#include <arch/machine.h>
#include <arch/percpu.h>
#include <arch/survives.h>
#include <boot/multiboot.h>
#include <hv/console.h>
#include <hv/cpuid.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/rr_control.h>
#include <hv/sched.h>
#include <hv/timer.h>

#define RAM_MAX            (64UL << 30)
#define RAM_MIN            (4UL << 30) /* devices and firmware tables lie below */
#define BOOT_FAILED_STATUS 2

extern char image_start[] __asm__("_image_start");
extern char image_end[] __asm__("_image_end");

__linked void __noreturn boot_main(u32 magic, u32 info_pa);

static struct cpu cpu0;

static u64 ram_end(void)
{
	u64 end = 0;

	for (unsigned int i = 0; i < boot_info.nr_regions; i++) {
		const struct boot_region *r = &boot_info.region[i];

		if (r->type == 1) {
			end = MAX(end, r->start + r->size);
		}
	}
	return ROUND_UP(MIN(MAX(end, RAM_MIN), RAM_MAX), 1UL << 21);
}

/* Early pages come from above the image and all modules. */
static void place_early_pages(void)
{
	u64 end = va_to_pa(image_end);

	for (unsigned int i = 0; i < boot_info.nr_modules; i++) {
		end = MAX(end,
		          boot_info.module[i].start + boot_info.module[i].size);
	}
	boot_info.image_start = va_to_pa(image_start);
	boot_info.image_end = ROUND_UP(end, PAGE_SIZE);
}

static void set_log_level(void)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	char buf[16];

	if (boot_option("loglvl", buf, sizeof(buf)) == NULL) {
		return;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(buf, names[i]) == 0) {
			log_level_max = (enum log_level)i;
			return;
		}
	}
	log_warn("option loglvl=%s: not one of error, warn, info, debug", buf);
}

static void __noreturn boot_failed(const char *what)
{
	log_error("%s", what);
	arch_shutdown(BOOT_FAILED_STATUS);
}

/* The first domain: built from the boot modules, or replayed (D2). */
static struct domain *first_domain(void)
{
	char buf[16];
	struct domain *d;

	if (boot_option("replay", buf, sizeof(buf)) != NULL) {
		return rr_replay_trace();
	}
	d = first_domain_build(boot_option("dom0less", buf, sizeof(buf)) ||
	                       boot_option("record", buf, sizeof(buf)));
	if (d != NULL && d->traced && rr_record_domain(d) != 0) {
		return NULL;
	}
	return d;
}

/* On its own stack, with the final page tables. */
static void __noreturn boot_on_stack(void)
{
	struct domain *d;

	frames_init();
	desc_init(&cpu0);
	if (paging_audit() != 0) {
		boot_failed("the hypervisor's own page tables are wrong");
	}
	tsc_init();
	apic_init();
	cpuid_init();
	survives_test();
	iclock_select();
	sched_init();
	log_info("%lu MiB of RAM, %lu MiB free", frames_total_count() >> 8,
	         frames_free_count() >> 8);
	d = first_domain();
	if (d == NULL) {
		boot_failed(
			"the first domain could not be built: nothing to run");
	}
	log_info("d%u starts", d->id);
	domain_unpause(d);
	hv_loop();
}

static void __noreturn switch_stack(u64 rsp, void (*fn)(void))
{
	__asm__ volatile("mov %0, %%rsp\n\t"
	                 "xor %%ebp, %%ebp\n\t"
	                 "call *%1\n\t"
	                 "ud2" ::"r"(rsp),
	                 "r"(fn)
	                 : "memory");
	__builtin_unreachable();
}

void boot_main(u32 magic, u32 info_pa)
{
	char where[16];
	const char *missing;
	bool loaded = multiboot_read(magic, info_pa);
	u64 stack;

	console_init(boot_option("console", where, sizeof(where)));
	log_info("Chronovisor, loaded by %s", loaded ? boot_info.loader : "?");
	if (!loaded) {
		boot_failed("not loaded by a multiboot 1 or 2 loader");
	}
	set_log_level();
	audit_on_death = boot_option("audit", where, sizeof(where)) != NULL;
	missing = cpu_probe();
	if (missing != NULL) {
		log_error("this CPU lacks %s", missing);
		boot_failed("the CPU cannot run Chronovisor");
	}
	place_early_pages();
	paging_init(ram_end());
	stack = stack_create(&cpu0);
	for (unsigned int i = 1; i <= NR_IST; i++) {
		cpu0.tss.ist[i - 1] = stack_create(&cpu0);
	}
	cpu0.timer_armed_ns = ~0UL;
	cpu_init(&cpu0);
	switch_stack(stack, boot_on_stack);
}
