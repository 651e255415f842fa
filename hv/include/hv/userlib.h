/* SPDX-License-Identifier: MIT */
/*
 * Calls into Debian's static libraries, which were compiled for userland.
 *
 * Between userlib_enter() and userlib_leave() FS points to a block of ours, so
 * that their stack protector finds its canary at %fs:0x28. They also use the
 * red zone (nothing but IST stacks may interrupt them) and SSE: once guests
 * run, the caller saves the FPU state of whichever vCPU is loaded, and CR0.TS
 * is clear. System V ABI, x86-64 supplement, 3.2.2 and 3.4.6.
 */
#ifndef HV_USERLIB_H
#define HV_USERLIB_H

#include <hv/types.h>

/** Makes FS the libraries'. Returns the FS base to give to userlib_leave().
 *  Calls nest. */
u64 userlib_enter(void) __must_check;
/** Puts back the FS base that userlib_enter() returned. */
void userlib_leave(u64 fs_base);

/* What userlib_enter_saving() puts aside. */
struct userlib_state {
	u8 fpu[512] __attribute__((aligned(16)));
	u64 fs_base, cr0;
};

/** As userlib_enter(), once guests run: the FPU state of whichever vCPU is
 *  loaded is put aside too. */
void userlib_enter_saving(struct userlib_state *s);
void userlib_leave_restoring(const struct userlib_state *s);

#endif
