/* SPDX-License-Identifier: MIT */
/*
 * The instruction clock (D6): how many instructions a guest executed between
 * entering and leaving, and how to stop it after an exact number.
 *
 * Variants are const ops tables, chosen once by a self-test at boot.
 */
#ifndef ARCH_ICLOCK_H
#define ARCH_ICLOCK_H

#include <hv/domain.h>

struct iclock {
	const char *name;
	bool exact;
	/** Instructions that @v executed in its last run; when not exact, 1 for
	 *  any number. */
	u64 (*elapsed)(const struct vcpu *v);
	/** Makes the next run of @v stop after exactly @count instructions (if
	 *  it does not exit before). @count is at least 1; a larger one than
	 *  the timer holds stops earlier. Takes the host timer over. */
	void (*shot)(struct vcpu *v, u64 count);
};

extern const struct iclock *iclock;

/** Tries the clocks against a piece of test code in ring 3. Never fails: the
 *  last resort is "none". */
void iclock_select(void);

#endif
