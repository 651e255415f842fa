/* SPDX-License-Identifier: MIT */
/*
 * Chronovisor's own hypercall: recording, replay, debugging, the relayed
 * serial line. The control domain issues it with number CHRONO_HYPERCALL and
 * the address of a struct chrono_op; results come back in the struct. Errors
 * are Xen's (xen/errno.h), negative.
 *
 * Everything that names memory or positions of a domain uses the domain's own
 * numbers. CHRONO_VERSION changes with any change of this file.
 */
#ifndef PUBLIC_CHRONO_H
#define PUBLIC_CHRONO_H

#include <stdint.h>

/* __HYPERVISOR_arch_5: one of the numbers that the ABI leaves to us. */
#define CHRONO_HYPERCALL 53
#define CHRONO_VERSION   2

/* The virtual interrupt (VIRQ_ARCH_7) that says: look at CHRONO_STATUS again.
 */
#define CHRONO_VIRQ 23

enum chrono_cmd {
	CHRONO_INFO = 1,      /* any */
	CHRONO_SET_TRACED,    /* right after createdomain, before memory */
	CHRONO_RECORD_START,  /* traced, paused, never run */
	CHRONO_RECORD_STOP,   /* ends at the next entry */
	CHRONO_STATUS,        /* of a recording or replay */
	CHRONO_TRACE_READ,    /* recording: sealed bytes out of the ring */
	CHRONO_TRACE_ACK,     /* ... are durable: the ring forgets them */
	CHRONO_REPLAY_CREATE, /* a domain from a trace; starts paused */
	CHRONO_TRACE_FEED,    /* replay: the chunk that STATUS wants */
	CHRONO_RUN,           /* debugged domain: run to a condition */
	CHRONO_INTERRUPT,     /* ... stop it at the next instruction */
	CHRONO_REGS_GET,
	CHRONO_REGS_SET, /* not in replay */
	CHRONO_MEM_READ,
	CHRONO_MEM_WRITE, /* not in replay */
	CHRONO_BREAK_SET,
	CHRONO_BREAK_CLEAR,
	CHRONO_CHECKPOINT,    /* replay: keep this moment */
	CHRONO_RESTORE,       /* replay: go back to a kept moment */
	CHRONO_DROP,          /* replay: forget a kept moment */
	CHRONO_CONSOLE_SETUP, /* the hypervisor as backend of its console */
	CHRONO_CONSOLE_READ,  /* what the domain wrote to its console */
	CHRONO_CONSOLE_WRITE, /* input for its console */
	CHRONO_SERIAL_READ,   /* COM2 of the machine */
	CHRONO_SERIAL_WRITE,
	CHRONO_CALL_COUNTS,  /* hypercalls by number, as hv counted them */
	CHRONO_AUDIT,        /* recount all references and types */
	CHRONO_DEBUG_ATTACH, /* live or replay: CHRONO_RUN may be used */
	CHRONO_DEBUG_DETACH,
	CHRONO_WINDOW_READ, /* what the trace window holds */
};

/* Where a trace is kept. */
#define CHRONO_STORE_WINDOW 1 /* the machine's trace window */
#define CHRONO_STORE_RING   2 /* drained by, or fed from, the control domain */

/* States of a session: enum rr_state of replay/, and none. */
#define CHRONO_STATE_RUNNING  0
#define CHRONO_STATE_WAITING  1
#define CHRONO_STATE_FINISHED 2
#define CHRONO_STATE_CUT      3
#define CHRONO_STATE_DIVERGED 4
#define CHRONO_STATE_FAILED   5
#define CHRONO_STATE_NONE     255

struct chrono_position {
	uint64_t entry;  /* counted entries into the hypervisor */
	uint64_t offset; /* instructions since that entry's exit */
};

struct chrono_info {
	uint32_t version;      /* out: CHRONO_VERSION */
	uint32_t clock_exact;  /* out */
	char clock[16];        /* out: name of the instruction clock */
	uint64_t window_bytes; /* out: 0 without a window */
	uint64_t free_bytes;   /* out: memory for replays and checkpoints */
};

struct chrono_record {
	uint32_t store; /* CHRONO_STORE_* */
	uint32_t flags; /* CHRONO_RECORD_* */
	uint64_t seed;  /* 0: a fresh one */
	char name[64];
};
#define CHRONO_RECORD_NO_HISTORY 0x1
#define CHRONO_RECORD_CHAOS      0x2 /* timers come at widely random moments */
#define CHRONO_RECORD_ALIGNED    0x4 /* events wait for the next entry */

struct chrono_status {
	uint8_t mode;  /* 0 none, 1 record, 2 replay */
	uint8_t state; /* CHRONO_STATE_* */
	uint8_t stop;  /* CHRONO_STOP_*: why the debugged domain stands */
	uint8_t break_kind;
	uint32_t break_id;
	struct chrono_position position;
	uint64_t time_ns; /* virtual time */
	uint64_t rip;
	uint64_t break_address;
	/* Record: bytes in the ring not yet acknowledged, and in all. */
	uint64_t trace_bytes, trace_total;
	/* Replay: if `wants`, the index of a chunk within its stream that has
	 * to be brought by TRACE_FEED. */
	uint64_t want_index;
	uint32_t want_stream;
	uint8_t wants;
	uint8_t starting; /* the start snapshot is being written or read */
	uint8_t pad[2];
	/* Divergence or failure. */
	struct chrono_position report_position;
	uint64_t report_expected, report_actual, report_since;
	char report[80];
	/* Instructions from the exit of the entry before this one to the
	 * instruction that made this one: the offset of the state before
	 * (entry, 0). */
	uint64_t previous_offset;
};

/* Bytes in or out of the caller's memory.
 *
 *                 buffer                   offset           flags
 *   TRACE_READ    gets sealed bytes        in the file
 *   TRACE_ACK                              all before it
 *   REPLAY_CREATE the superblock                            CHRONO_STORE_*
 *   TRACE_FEED    the wanted chunk: header (128 bytes), then its raw payload;
 *                 size 0: the trace ends before it
 *   MEM_*         guest memory             its address      CHRONO_MEM_*
 *   CONSOLE_*, SERIAL_*  text
 *   CALL_COUNTS   64 counters of 8 bytes
 *   WINDOW_READ   gets bytes               in the window
 */
struct chrono_bytes {
	uint64_t buffer; /* address in the caller */
	uint64_t size;   /* in: of the buffer; out: bytes moved */
	uint64_t offset; /* in: file offset, or guest address */
	uint32_t flags;  /* CHRONO_MEM_* */
	uint32_t pad;
};
/* MEM_READ and MEM_WRITE: which address space `offset` is in. */
#define CHRONO_MEM_ACTIVE 0 /* virtual, the mode that the vCPU is in */
#define CHRONO_MEM_KERNEL 1 /* virtual, the guest kernel's tables */
#define CHRONO_MEM_USER   2 /* virtual, the user tables */
#define CHRONO_MEM_FRAME  3 /* the domain's frames: number << 12 | offset */

struct chrono_run {
	uint32_t kind;
	uint32_t flags;
	uint64_t count;               /* STEP: instructions */
	struct chrono_position limit; /* stop here at the latest */
};
#define CHRONO_RUN_FREE 0 /* to a break, the limit or the end */
#define CHRONO_RUN_STEP 1 /* `count` instructions, entries included */
/* Do not stop at a break at the present rip. */
#define CHRONO_RUN_PAST 0x1

#define CHRONO_STOP_NONE      0 /* running */
#define CHRONO_STOP_ATTACHED  1
#define CHRONO_STOP_STEPPED   2
#define CHRONO_STOP_LIMIT     3
#define CHRONO_STOP_BREAK     4 /* execution at break_address */
#define CHRONO_STOP_WATCH     5 /* access to break_address */
#define CHRONO_STOP_INTERRUPT 6
#define CHRONO_STOP_END       7 /* the end of the trace */
#define CHRONO_STOP_SHUTDOWN  8 /* live: the guest shut down or crashed */
#define CHRONO_STOP_DIVERGED  9
#define CHRONO_STOP_WAITING   10 /* for bytes of the trace */

struct chrono_break {
	uint32_t id; /* out of SET, in of CLEAR */
	uint32_t kind;
	uint64_t address;
	uint64_t length; /* bytes; 1 for EXEC */
};
#define CHRONO_BREAK_EXEC   0
#define CHRONO_BREAK_WRITE  2 /* the numbers of GDB's Z packets */
#define CHRONO_BREAK_READ   3
#define CHRONO_BREAK_ACCESS 4
#define CHRONO_MAX_BREAKS   4096

struct chrono_checkpoint {
	uint32_t id; /* out of CHECKPOINT; in of RESTORE and DROP */
	uint32_t pad;
	uint64_t bytes; /* out: what it costs */
};

/* Registers as GDB wants them; what the guest itself would see. */
struct chrono_regs {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip, rflags;
	uint16_t cs, ss, ds, es, fs, gs;
	uint8_t kernel_mode, upcall_mask, upcall_pending, pad;
	uint64_t fs_base, gs_base, gs_base_inactive;
	uint64_t cr0, cr2, cr3, cr3_user, cr4, efer;
	uint64_t dr[8];
	uint8_t fpu[512]; /* FXSAVE image */
};

struct chrono_regs_access {
	uint64_t buffer; /* address of a struct chrono_regs in the caller */
};

/* While a domain is built: first with gmfn CHRONO_NO_FRAME, which reserves the
 * event channel for start_info, then with the ring's frame. */
struct chrono_console {
	uint64_t gmfn;
	uint32_t port; /* out */
	uint32_t pad;
};
#define CHRONO_NO_FRAME (~0ull)

struct chrono_audit {
	uint32_t mismatches;
};

struct chrono_traced {
	uint64_t max_frames; /* 0: as the memory limit says */
};

struct chrono_op {
	uint32_t cmd;     /* enum chrono_cmd */
	uint32_t version; /* CHRONO_VERSION */
	uint16_t domid;   /* out of REPLAY_CREATE */
	uint16_t vcpu;
	uint32_t pad;
	union {
		struct chrono_info info;
		struct chrono_traced traced;
		struct chrono_record record;
		struct chrono_status status;
		struct chrono_bytes bytes;
		struct chrono_run run;
		struct chrono_break brk;
		struct chrono_checkpoint checkpoint;
		struct chrono_regs_access regs;
		struct chrono_console console;
		struct chrono_audit audit;
		uint8_t size[224];
	} u;
};

#endif
