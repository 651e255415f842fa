/* SPDX-License-Identifier: MIT */
/*
 * Domains and their virtual CPUs.
 *
 * A domain lives while its reference count is not 0. domain_kill() makes it
 * die: its vCPUs never run again, its resources are given back piece by piece,
 * and the struct goes when the last foreign reference to its frames is gone.
 */
#ifndef HV_DOMAIN_H
#define HV_DOMAIN_H

#include <hv/errno.h>
#include <hv/list.h>
#include <hv/lock.h>
#include <hv/state.h>
#include <hv/timer.h>

struct cpuid_policy;
struct mmu_ops;
struct page;
struct rr_domain;
struct grant_table;
struct console_buffer;
struct tf_hash128;

/* Descriptor windows that are no vCPU's own: 0 is the hypervisor's, and the
 * tables of whichever traced vCPU is loaded appear in this one, for any code
 * can ask where they lie (SGDT). */
#define SLOT_TRACED 1

/* What the log takes from one guest, in any second. */
#define GUEST_LINES_PER_S 10

struct vcpu {
	/* The stubs find these two by their offsets: keep them first. The CPU
	 * pushes guest frames so that they end exactly at the end of s.regs.
	 */
	struct vcpu_state s __attribute__((aligned(16)));

	struct domain *domain;
	unsigned int id;
	unsigned int slot; /* its descriptor window, layout.h */

	/* The entry stubs' own (arch/x86_64/entry.S). */
	u64 hv_rsp;     /* hypervisor stack to return to */
	u64 exit_cr2;   /* faulting address of a #PF */
	u64 entry_tsc;  /* read a fixed number of instructions before iretq */
	u64 exit_tsc;   /* ... and after the vector */
	u32 shot_ticks; /* APIC timer count to start right before iretq, or 0 */
	u32 shot_pad;

	/* Derived from s. */
	struct page *kernel_root, *user_root;
	struct page *gdt_pages[GDT_MAX_PAGES];
	struct page *ldt_pages[16];
	struct page *info_page;
	struct vcpu_info *info; /* hypervisor's address of it */
	struct timer singleshot, periodic, poll_timer;

	/* At most one exception waits to be bounced on the next exit. */
	struct {
		bool pending;
		u8 vector;
		bool has_error;
		u32 error_code;
		u64 cr2;
	} trap;

	bool flush_tlb; /* full flush before the guest runs again */
	bool crashed;

	/* Scheduler. */
	struct list run_link;
	bool running;
	unsigned int pause_count;
	u64 cpu_time_ns;
	u64 scheduled_at_ns;
	u64 pvclock_written_ns; /* host time of the last write of its time page
	                         */

	u64 nr_entries; /* counted entries so far: the position (D6) */
};

#define NR_EXITS 258

struct domain {
	domid_t id;
	domid_t self; /* as its guest knows it: in replay, as recorded (R6) */
	unsigned int refs;
	bool privileged; /* the control domain */
	bool traced;     /* recorded or replayed, from birth (R5) */
	bool dying;
	bool dead; /* all given back; foreign references keep the struct */
	unsigned int pause_count;
	unsigned int controller_paused; /* of these, by the control domain */
	struct domain_state s;
	const struct cpuid_policy *cpuid; /* what it sees; NULL: hv/cpuid.h */
	struct list link;                 /* all domains, by id */
	struct vcpu *vcpu[MAX_VCPUS];
	u8 handle[16];
	const char *crash_reason;

	/* mm: */
	struct spinlock mm_lock;
	const struct mmu_ops *mmu;
	struct list pages;
	u64 nr_pages, max_pages;
	struct page **frames; /* traced: gmfn -> page */
	u64 gmfn_hint;        /* traced: no lower gmfn is free */
	u64 *l1_twins;        /* traced: a bit for each gmfn that has one */
	u64 *m2p_view;        /* traced: the domain's own M2P */
	u64 *m2p_tables;      /* traced: the L3 table that maps it */
	struct page *shared_page;
	struct shared_info *shared;

	/* events: */
	struct spinlock event_lock;
	struct evtchn_state *ports; /* MAX_PORTS of them */

	struct grant_table *grant;
	struct console_buffer *console; /* what it wrote, if kept */
	struct rr_domain *rr; /* attached while recorded or replayed */

	/* A debugger (hv/debug.h). */
	struct debug *debug;
	bool debug_standing; /* it holds the domain: no vCPU runs */
	struct checkpoints *checkpoints;
	/* Before the first write to a frame since the dirty epoch began. */
	void (*first_write)(struct page *pg);
	struct tf_hash128 *digests; /* by gmfn (PGF_DIGESTED), or NULL */
	/* The dirty bits of twins' leaves tell what was written, after the
	 * fact: enough while nobody wants to hear of a first write before. */
	bool dirty_by_cpu;
	u64 nr_dirty; /* frames that were written in it; rather too many */

	/* guest_log(): how many lines, and when the last of them were. */
	u64 log_lines, log_ns[GUEST_LINES_PER_S];
	u64 hypercalls;      /* issued, for the statistics */
	u64 exits[NR_EXITS]; /* by vector; EXIT_SYSCALL and beyond at the end */
	u64 resolved_faults; /* page faults that the guest never knew of */
};

extern struct list all_domains;

/** The domain @id, or NULL; DOMID_SELF is not resolved here. No reference. */
struct domain *domain_find(domid_t id);

/** The domain that the guest of @by means by @id, or NULL: DOMID_SELF and its
 *  own number mean itself. For a traced domain there is no other, so that who
 *  else happens to be there decides nothing (R14). */
struct domain *domain_named(struct domain *by, domid_t id);

/** As domain_named(), for the current domain. */
struct domain *domain_resolve(domid_t id);

struct domain_config {
	domid_t id; /* exact id wanted, or 0xffff: any */
	unsigned int max_vcpus;
	u32 max_port;
	u32 max_grant_frames;
	bool privileged;
	bool traced;
	u64 max_frames; /* traced only: the size of its frame map */
};

/** Makes an empty, paused domain. NULL and *err = -XEN_E* when it cannot. */
struct domain *domain_create(const struct domain_config *c, int *err);

/** Makes @d, which has neither frames nor vCPUs yet, a traced domain (R5) with
 *  a frame map for its max_pages. 0, -XEN_EBUSY when it is too late,
 * -XEN_EINVAL without a memory limit, or -XEN_ENOMEM. */
int domain_set_traced(struct domain *d);

/** Makes vCPU @id of @d, not yet initialised; 0 or -XEN_E*. */
int vcpu_create(struct domain *d, unsigned int id);

void domain_pause(struct domain *d);
void domain_unpause(struct domain *d);
void vcpu_pause(struct vcpu *v);
void vcpu_unpause(struct vcpu *v);

/** The guest asked to stop, or crashed: vCPUs stop, the controller is told. */
void domain_shutdown(struct domain *d, unsigned int reason);

/** A domain that was suspended runs on; 0 or -XEN_EINVAL. */
int domain_resume(struct domain *d);

/** The single answer to a guest's unforgivable sin: log @fmt, stop it with
 *  reason SHUTDOWN_crash. Returns; the vCPU does not run again. */
void domain_crash(struct domain *d, const char *fmt, ...) __printf(2, 3);

/** Begins or continues the destruction; -ERESTART while there is more. */
int domain_kill(struct domain *d);
/** A reference on the struct; each frame that @d owns holds one. */
void domain_get(struct domain *d);
void domain_put(struct domain *d);

/** Boot option `audit`: recount all frames whenever a domain dies. */
extern bool audit_on_death;

/** vCPU whose registers this CPU last loaded; never NULL in a hypercall. */
struct vcpu *current_vcpu(void);
#define current current_vcpu()

#define for_each_domain(d) list_for_each (d, &all_domains, link)
#define for_each_vcpu(d, v)                                                    \
	for (unsigned int i_##v = 0; i_##v < MAX_VCPUS; i_##v++)               \
		if (((v) = (d)->vcpu[i_##v]) != NULL)

#endif
