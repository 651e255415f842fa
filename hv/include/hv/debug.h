/* SPDX-License-Identifier: MIT */
/*
 * A debugger's hold on a domain, live or replayed: running it to a condition,
 * breaks, its registers and memory, and checkpoints of a replay. The terms are
 * those of public/chrono.h.
 *
 * None of this changes what the guest computes or can see, nor where anything
 * is published: a domain stops between whole instructions only (R1), after
 * what is due at that position was delivered. Errors are -XEN_E*.
 */
#ifndef HV_DEBUG_H
#define HV_DEBUG_H

#include <hv/domain.h>
#include <public/chrono.h>

struct walk;

/* ---- control ------------------------------------------------------------- */

/** Takes hold of @d, which stops as soon as it can (CHRONO_STOP_ATTACHED).
 *  0, -XEN_EBUSY when somebody has it, -XEN_ENOMEM. */
int debug_attach(struct domain *d);
/** Lets go: breaks and checkpoints are forgotten, the domain runs on. */
void debug_detach(struct domain *d);
/** Runs @v's domain, which stands, until a condition of @r or a break holds; a
 *  step counts what @v does. A limit of (0, 0) is none. Each stop raises
 *  CHRONO_VIRQ. 0, -XEN_EINVAL, -XEN_EBUSY when it runs already,
 *  -XEN_EOPNOTSUPP for an offset that this machine has no clock for. */
int debug_run(struct vcpu *v, const struct chrono_run *r);
/** Stops @d at its next instruction. */
int debug_interrupt(struct domain *d);
/** Fills in what the debugger knows: stop, break, rip, previous_offset, and
 *  the position. 0 or -XEN_EINVAL when none is attached. */
int debug_status_fill(const struct vcpu *v, struct chrono_status *st);

/** Sets a break and its id. -XEN_EINVAL, -XEN_ENOSPC, -XEN_ENOMEM, or
 *  -XEN_EBUSY: the domain has no twin tables and the four debug registers are
 *  used up. */
int debug_break_set(struct domain *d, struct chrono_break *b);
/** -XEN_ENOENT when there is no such break. */
int debug_break_clear(struct domain *d, u32 id);

/** What the guest of @v, which stands, would see in its registers. */
int debug_regs_get(struct vcpu *v, struct chrono_regs *r);
/** -XEN_EPERM for a traced domain, -XEN_EINVAL for what it may not have. */
int debug_regs_set(struct vcpu *v, const struct chrono_regs *r);

/** Moves memory of @v's domain, in @space CHRONO_MEM_*; nothing in the guest
 *  notices, accessed bits included. Bytes moved up to the first that is not
 *  there, or -XEN_EFAULT for none, -XEN_EINVAL, -XEN_EPERM (write, traced). */
long debug_mem_read(struct vcpu *v, u32 space, u64 address, void *dst,
                    size_t size);
long debug_mem_write(struct vcpu *v, u32 space, u64 address, const void *src,
                     size_t size);

/* ---- checkpoints of a replay --------------------------------------------- */

/** Keeps the moment at which @d stands. *bytes: what that takes now. 0,
 *  -XEN_EINVAL (no replay, or it does not stand at a position), -XEN_ENOMEM,
 *  -XEN_ENOSPC (too many). */
int checkpoint_take(struct domain *d, u32 *id, u64 *bytes);
/** Goes there, back or forth; all checkpoints stay. 0, -XEN_ENOENT, -XEN_EINVAL
 *  (does not stand), -XEN_ENOMEM with nothing changed. */
int checkpoint_restore(struct domain *d, u32 id);
int checkpoint_drop(struct domain *d, u32 id);
void checkpoint_drop_all(struct domain *d);
/** True when @d's hypervisor-private state, saved now, is byte for byte that of
 *  checkpoint @id. */
bool checkpoint_same(struct domain *d, u32 id);

/** Boot option `debug-selftest`: puts @d, a replay that has not run, under a
 *  debugger made of random numbers (debug/selftest.c). Else does nothing. */
void debug_selftest(struct domain *d);

/* ---- for the main loop --------------------------------------------------- */

bool debug_lets_run(struct vcpu *v);
void debug_came_back(struct vcpu *v);

/** After what was due here was delivered, before the guest runs: stops it or
 *  sees to it that it comes back in time. False when it must not run. */
static inline bool debug_before_guest(struct vcpu *v)
{
	return likely(v->domain->debug == NULL) || debug_lets_run(v);
}

/** The guest came back; its exit was not handled yet. */
static inline void debug_after_guest(struct vcpu *v)
{
	if (unlikely(v->domain->debug != NULL)) {
		debug_came_back(v);
	}
}

/** The exit belongs to the debugger: there is nothing to handle. */
bool debug_takes_exit(struct vcpu *v);
/** A fault was left unresolved because the domain stops before it. */
bool debug_stops_here(const struct vcpu *v);
/** Something was made visible to the guest: watched memory may have changed.
 */
void debug_delivered(struct vcpu *v);

/* ---- for others who stop a domain ---------------------------------------- */

/** @d's session left the running state. True when a debugger keeps the domain
 *  standing there. */
bool debug_session_ended(struct domain *d);
/** @d shut down or crashed. True when a debugger is attached. */
bool debug_domain_stopped(struct domain *d);

/* ---- for the twin tables ------------------------------------------------- */

/** L1 entries with this index may lead to a page with a break: twins hold them
 *  only as debug_leaf() gave them. */
bool debug_guards(const struct domain *d, unsigned int index);
/** An address may lead elsewhere now. */
void debug_map_changed(struct domain *d);
/** The fetch that faulted at @va is of an instruction behind a stop: nothing of
 *  it must happen. */
bool debug_stops_fetch(struct vcpu *v, u64 va);
/** The twin's leaf for the access to @va that faulted: @leaf, less what breaks
 *  need to see. When the access itself is one of those, the next instruction
 *  runs alone with @leaf. */
u64 debug_leaf(struct vcpu *v, u64 va, const struct walk *w, u64 leaf);

#endif
