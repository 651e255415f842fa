/* SPDX-License-Identifier: MIT */
/*
 * Spinlocks. The hypervisor runs with interrupts off except in its idle loop,
 * so a lock never needs to disable them. The order in which locks nest is
 * docs/architecture.md's table: domlist -> domain -> page -> events -> console.
 */
#ifndef HV_LOCK_H
#define HV_LOCK_H

#include <hv/lib.h>

struct spinlock {
	u32 held;
};

static inline void spin_lock(struct spinlock *l)
{
	while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE)) {
		__builtin_ia32_pause();
	}
}

static inline void spin_unlock(struct spinlock *l)
{
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}

static inline bool spin_is_locked(const struct spinlock *l)
{
	return __atomic_load_n(&l->held, __ATOMIC_RELAXED);
}

#endif
