/* SPDX-License-Identifier: MIT */
/*
 * A domain as a machine for the timeline, through the control hypercall.
 * Private to debugger/dom0/.
 */
#ifndef CHV_DOM0_DEBUG_H
#define CHV_DOM0_DEBUG_H

#include <chv/hvctl.h>
#include <chv/machine.h>
#include <chv/symbols.h>
#include <chv/trace.h>

struct dom0_machine;

/**
 * Take control of @domid. @t is the trace that it replays, NULL when live or
 * when the hypervisor has it in its window. @symbols is the path of an ELF
 * file for GDB, or NULL. NULL on failure: hvctl_error() says why.
 */
struct dom0_machine *dom0_machine_open(struct hvctl *h, uint32_t domid,
                                       struct chv_trace *t, bool replay,
                                       const char *symbols);
void dom0_machine_close(struct dom0_machine *m);
struct machine *dom0_machine_ops(struct dom0_machine *m);

/** The domain's memory by virtual address. */
struct chv_memory dom0_machine_memory(struct dom0_machine *m);

struct chrono_regs;

/** GDB's registers out of the hypervisor's, and back. */
void dom0_regs_from(struct chv_regs *out, const struct chrono_regs *in);
void dom0_regs_to(struct chrono_regs *out, const struct chv_regs *in);

#endif
