/* SPDX-License-Identifier: MIT */
/*
 * The clocks: `icount`, where under QEMU's -icount with a fixed shift the TSC
 * counts executed instructions and the APIC timer stops after an exact number
 * of them; and `none`.
 *
 * Between the two TSC reads lie, beside the guest's, a fixed number of
 * instructions of the stubs (entry.S). The self-test measures that number for
 * both kinds of stub, and the number between starting the timer and the
 * guest's first instruction, and believes them only if every trial agrees.
 */
#include <arch/iclock.h>

#include <arch/iclock_test.h>
#include <arch/machine.h>
#include <hv/lib.h>

#define TRIALS     200
#define SHIFT_MAX  10
#define SHOT_LIMIT 0x7fffffffUL

static struct {
	unsigned int shift;
	u64 exception_bias, syscall_bias; /* TSC ticks */
	u64 shot_bias;                    /* instructions */
} cal;

static u64 icount_elapsed(const struct vcpu *v)
{
	u64 bias = cal.exception_bias;

	if (v->s.regs.vector == EXIT_SYSCALL) {
		bias = cal.syscall_bias;
	} else if (v->s.regs.vector > EXIT_SYSCALL) {
		return 0;
	}
	return (v->exit_tsc - v->entry_tsc - bias) >> cal.shift;
}

static void icount_shot(struct vcpu *v, u64 count)
{
	/* Limited first: a trace may ask for any number. */
	u64 ticks = (MIN(count, SHOT_LIMIT) + cal.shot_bias) << cal.shift;

	v->shot_ticks = (u32)MIN(ticks, SHOT_LIMIT);
}

/* It ran, who knows how far. */
static u64 none_elapsed(const struct vcpu *v)
{
	(void)v;
	return 1;
}

static void none_shot(struct vcpu *v, u64 count)
{
	(void)v;
	(void)count;
}

static const struct iclock icount = {"icount", true, icount_elapsed,
                                     icount_shot};
static const struct iclock none = {"none", false, none_elapsed, none_shot};
const struct iclock *iclock = &none;

/* TSC ticks for @n no-operations and the exit by @code; false when trials
 * differ. */
static bool measure(enum test_exit code, unsigned int n, u64 *ticks)
{
	for (unsigned int i = 0; i < TRIALS; i++) {
		u64 t = iclock_test_run(code, n);

		if (i != 0 && t != *ticks) {
			return false;
		}
		*ticks = t;
	}
	return true;
}

/* The exiting instruction is counted for int3 and for syscall. */
static bool measure_bias(enum test_exit code, u64 *bias)
{
	u64 t4 = 0, t104 = 0, t2004 = 0;

	if (!measure(code, 4, &t4) || !measure(code, 104, &t104) ||
	    !measure(code, 2004, &t2004)) {
		return false;
	}
	for (cal.shift = 0; cal.shift <= SHIFT_MAX; cal.shift++) {
		if (t104 - t4 == 100UL << cal.shift) {
			break;
		}
	}
	if (cal.shift > SHIFT_MAX || t2004 - t104 != 1900UL << cal.shift) {
		return false;
	}
	*bias = t4 - (5UL << cal.shift);
	return true;
}

static bool measure_shot(void)
{
	static const u64 wants[] = {100, 1000, 4321, 100000};

	cal.shot_bias = 0;
	cal.shot_bias = 1000 - iclock_test_shot(1000);
	for (unsigned int i = 0; i < ARRAY_SIZE(wants); i++) {
		if (iclock_test_shot(wants[i]) != wants[i]) {
			return false;
		}
	}
	return true;
}

static bool icount_usable(void)
{
	bool ok = measure_bias(TEST_INT3, &cal.exception_bias) &&
	          measure_bias(TEST_SYSCALL, &cal.syscall_bias);

	if (!ok) {
		return false;
	}
	iclock = &icount;
	return measure_shot();
}

void iclock_select(void)
{
	bool usable = iclock_test_begin() && icount_usable();

	iclock = usable ? &icount : &none;
	iclock_test_end();
	if (usable) {
		log_info(
			"instruction clock: icount, shift %u (biases %lu, %lu, "
			"%lu)",
			cal.shift, cal.exception_bias, cal.syscall_bias,
			cal.shot_bias);
	} else {
		log_info("instruction clock: none");
	}
}
