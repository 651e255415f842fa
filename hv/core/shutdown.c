/* SPDX-License-Identifier: MIT */
/*
 * The end of a domain's run: what its kernel asked for, or a crash. When the
 * first domain stops, so does the machine.
 */
#include <arch/entry.h>
#include <hv/debug.h>
#include <hv/evtchn.h>
#include <hv/mm.h>
#include <hv/rr.h>
#include <hv/sched.h>
#include <xen/sched.h>

/* Exit statuses of the machine. */
#define STATUS_OK       0
#define STATUS_CRASHED  3
#define STATUS_MISCOUNT 4

static const char *reason_name(unsigned int reason)
{
	static const char *const names[] = {
		[SHUTDOWN_poweroff] = "powered off",
		[SHUTDOWN_reboot] = "asked to reboot",
		[SHUTDOWN_suspend] = "suspended",
		[SHUTDOWN_crash] = "crashed",
		[SHUTDOWN_watchdog] = "was stopped by its watchdog",
		[SHUTDOWN_soft_reset] = "asked for a soft reset",
	};

	return reason < ARRAY_SIZE(names) ? names[reason] : "stopped";
}

/* The vCPU that ran last, for its registers say most. */
static struct vcpu *culprit(struct domain *d)
{
	struct vcpu *v = current;

	return v != NULL && v->domain == d ? v : d->vcpu[0];
}

static void print_registers(struct domain *d)
{
	struct vcpu *v = culprit(d);
	const struct cpu_regs *r;

	if (v == NULL) {
		return;
	}
	r = &v->s.regs;
	log_info("d%uv%u %s mode, rip %016lx rsp %016lx rflags %08lx", d->id,
	         v->id, v->s.kernel_mode ? "kernel" : "user", r->rip, r->rsp,
	         r->rflags);
	log_info("rax %016lx rbx %016lx rcx %016lx rdx %016lx", r->rax, r->rbx,
	         r->rcx, r->rdx);
	log_info("rsi %016lx rdi %016lx rbp %016lx r8  %016lx", r->rsi, r->rdi,
	         r->rbp, r->r8);
	log_info("r9  %016lx r10 %016lx r11 %016lx r12 %016lx", r->r9, r->r10,
	         r->r11, r->r12);
	log_info("r13 %016lx r14 %016lx r15 %016lx cr3 gmfn %#lx", r->r13,
	         r->r14, r->r15, v->s.kernel_root);
}

/* For whoever wonders where the time went; loglvl=debug. */
static void print_exits(const struct domain *d)
{
	for (unsigned int i = 0; i < NR_EXITS; i++) {
		if (d->exits[i] != 0) {
			log_debug("d%u: %lu exits by %s %u", d->id, d->exits[i],
			          i < 256 ? "vector" : "syscall or iret,", i);
		}
	}
	log_debug("d%u: %lu page faults resolved unseen, %lu hypercalls", d->id,
	          d->resolved_faults, d->hypercalls);
}

/* The domain that was built at boot has the lowest id. */
static bool is_first(const struct domain *d)
{
	return all_domains.next == &d->link;
}

static void __noreturn end_machine(unsigned int reason)
{
	if (reason == SHUTDOWN_poweroff || reason == SHUTDOWN_reboot) {
		if (audit_on_death && mm_audit() != 0) {
			arch_shutdown(STATUS_MISCOUNT);
		}
	}
	if (reason == SHUTDOWN_poweroff) {
		arch_shutdown(STATUS_OK);
	}
	if (reason == SHUTDOWN_reboot) {
		arch_reboot();
	}
	arch_shutdown(STATUS_CRASHED);
}

void domain_shutdown(struct domain *d, unsigned int reason)
{
	struct vcpu *v;

	if (d->s.is_shutdown || d->dying) {
		return;
	}
	rr_tap_shutdown(d, reason);
	d->s.is_shutdown = 1;
	d->s.shutdown_code = reason;
	for_each_vcpu (d, v) {
		sched_update(v);
	}
	log_info("d%u %s", d->id, reason_name(reason));
	print_exits(d);
	if (reason == SHUTDOWN_crash || reason == SHUTDOWN_watchdog) {
		print_registers(d);
	}
	if (debug_domain_stopped(d)) {
		return;
	}
	if (is_first(d)) {
		end_machine(reason);
	}
	virq_raise_global(VIRQ_DOM_EXC);
}

/* Once in a domain's life, so the log's rate limit does not apply. */
void domain_crash(struct domain *d, const char *fmt, ...)
{
	char why[160];
	va_list ap;

	if (d->s.is_shutdown) {
		return;
	}
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	log_info("d%u is stopped for: %s", d->id, why);
	d->crash_reason = fmt;
	domain_shutdown(d, SHUTDOWN_crash);
}
