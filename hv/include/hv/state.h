/* SPDX-License-Identifier: MIT */
/*
 * The state of a domain that a snapshot carries (R12).
 *
 * Everything here is plain data: no pointers, no machine frame numbers, no
 * host times. Frames are named by the domain's gmfn; GMFN_NONE is none. What
 * is derived from it (pointers, twins, timers in the host's queue) lives in
 * struct domain and struct vcpu and is rebuilt on restore.
 */
#ifndef HV_STATE_H
#define HV_STATE_H

#include <arch/regs.h>
#include <hv/types.h>
#include <xen/xen.h>

#define GMFN_NONE (~0UL)

#define MAX_VCPUS     8
#define MAX_PORTS     4096
#define NR_TRAPS      256
#define GDT_MAX_PAGES 14

/* One registered entry point of the guest kernel (callback.h). */
struct guest_callback {
	u64 address; /* 0: not registered */
	u8 mask_events;
	u8 pad[7];
};

/* struct trap_info without the code selector, which is always ours. */
struct guest_trap {
	u64 address; /* 0: not registered */
	u8 dpl;
	u8 mask_events;
	u8 pad[6];
};

struct vcpu_state {
	struct cpu_regs regs;
	u8 fpu[512] __attribute__((aligned(16))); /* FXSAVE image */
	struct guest_trap traps[NR_TRAPS];
	struct guest_callback callbacks[8]; /* by CALLBACKTYPE_* */
	u64 kernel_sp;
	u64 kernel_ss;
	u64 fs_base;
	u64 gs_base_kernel; /* while in kernel mode: the live GS base */
	u64 gs_base_user;   /* while in user mode: the live GS base */
	u16 ds, es, fs, gs;
	u64 debugreg[8]; /* DR0..3, 6, 7 as the guest set them */
	u64 cr4;         /* the guest's view */
	u64 kernel_root; /* gmfn of the L4 */
	u64 user_root;   /* gmfn of the user L4, or GMFN_NONE */
	u64 gdt_frames[GDT_MAX_PAGES];
	u64 gdt_entries;
	u64 ldt_base; /* guest linear address */
	u64 ldt_entries;
	u64 ldt_frames[16];
	u64 vcpu_info_gmfn; /* GMFN_NONE: in shared_info */
	u64 vcpu_info_offset;
	u64 runstate_va;       /* 0: not registered */
	u64 time_info_va;      /* 0: not registered */
	u64 timer_deadline_ns; /* single-shot, domain time; 0: off */
	u64 timer_period_ns;   /* 0: off */
	u64 periodic_next_ns;
	u64 poll_deadline_ns; /* 0: none */
	u64 runstate_entry_ns;
	u64 runstate_ns[4];
	u32 runstate; /* RUNSTATE_* */
	u8 initialised;
	u8 online;      /* not VCPUOP_down */
	u8 kernel_mode; /* TF_kernel_mode */
	u8 cr0_ts;      /* virtual CR0.TS */
	u8 iopl;        /* virtual */
	u8 blocked;     /* in SCHEDOP_block or poll */
	u8 polling;     /* ... in poll: wakes on any of poll_port pending */
	u8 nmi_pending;
	u8 nmi_masked;
	u8 in_syscall_flags;
	u8 pad[2];
	u16 poll_nr; /* ports in poll_ports; 0 and polling: time only */
	u16 poll_ports[128];
};

/* One event channel; what the fields of `u` mean depends on state. */
struct evtchn_state {
	u8 state; /* enum evtchn_kind, hv/evtchn.h */
	u8 pad;
	u16 vcpu; /* notified vCPU */
	u16 remote_domid;
	u16 virq; /* or pirq */
	u32 remote_port;
};

struct domain_state {
	u64 vm_assist;
	u64 max_pages; /* as struct domain has it, when it was saved */
	u64 nr_frames; /* traced: gmfns run from 0 to nr_frames - 1 */
	u64 wallclock_ns;
	u32 is_shutdown;
	u32 shutdown_code;
	u32 next_port_hint;
	u32 nr_vcpus;
	u32 max_port;
	u32 grant_frames; /* grant table frames in use */
	u64 shared_gmfn;
	u64 grant_gmfn[32];
	u64 console_gmfn; /* the domain's console ring, or GMFN_NONE */
	u64 store_gmfn;
	u32 console_port;
	u32 store_port;
	u64 mm_work; /* gmfn of the first table to take apart, or 0 */
};

#endif
