// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * racy: a module with a bug to hunt.
 *
 * A timer interrupt and a thread both add samples to a set of rings. The
 * author meant "one CPU, so nothing else runs meanwhile", took no lock and
 * left interrupts on. Nearly always that goes well. Now and then it does not;
 * nothing happens then either, until the report, up to a second later, falls
 * over a pointer that nobody remembers to have changed.
 */
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/jhash.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#define RINGS    8
#define SAMPLES  64
#define TIMER_NS (2 * NSEC_PER_MSEC)

struct reader {
	wait_queue_head_t wait;
};

struct ring {
	struct reader *reader;
	u64 sum;
	unsigned int used;
	u64 sample[SAMPLES];
};

static struct ring *rings;
static struct reader reader;
static struct hrtimer timer;
static struct task_struct *sampler;

/* What there is to sample: some tens of microseconds to work out. */
static noinline u32 measure(void)
{
	static u32 signal[16384];

	return jhash2(signal, ARRAY_SIZE(signal), (u32)ktime_get_ns());
}

static void ring_empty(struct ring *ring)
{
	unsigned int i;

	for (i = 0; i < ring->used; i++) {
		ring->sum += ring->sample[i];
	}
	ring->used = 0;
}

/* Called in the thread and in the timer's interrupt. */
static void ring_add(struct ring *ring)
{
	u32 value;

	if (ring->used >= SAMPLES) {
		ring_empty(ring);
	}
	value = measure();
	ring->sample[ring->used++] = value;
}

/* One ring at each interrupt, in turn. */
static enum hrtimer_restart on_timer(struct hrtimer *expired)
{
	static unsigned int turn;

	ring_add(&rings[turn++ % RINGS]);
	hrtimer_forward_now(expired, ns_to_ktime(TIMER_NS));
	return HRTIMER_RESTART;
}

/* All rings, some two hundred times a second. */
static int sample(void *unused)
{
	unsigned int i, pause_us;

	while (!kthread_should_stop()) {
		for (i = 0; i < RINGS; i++) {
			ring_add(&rings[i]);
		}
		/* Not quite regular, so as not to beat with other clocks. */
		pause_us = 4000 + (ktime_get_ns() & 2047);
		usleep_range(pause_us, pause_us);
	}
	return 0;
}

/* Once a second, wakes whoever waits for a ring. */
static void report(struct work_struct *work)
{
	unsigned int i;

	for (i = 0; i < RINGS; i++) {
		wake_up(&rings[i].reader->wait);
	}
	schedule_delayed_work(to_delayed_work(work), HZ);
}
static DECLARE_DELAYED_WORK(reporter, report);

static int __init racy_init(void)
{
	unsigned int i;

	rings = kcalloc(RINGS, sizeof(*rings), GFP_KERNEL);
	if (!rings) {
		return -ENOMEM;
	}
	init_waitqueue_head(&reader.wait);
	for (i = 0; i < RINGS; i++) {
		rings[i].reader = &reader;
	}
	sampler = kthread_run(sample, NULL, "racy");
	if (IS_ERR(sampler)) {
		kfree(rings);
		return PTR_ERR(sampler);
	}
	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	timer.function = on_timer;
	hrtimer_start(&timer, ns_to_ktime(TIMER_NS), HRTIMER_MODE_REL);
	schedule_delayed_work(&reporter, HZ);
	return 0;
}

static void __exit racy_exit(void)
{
	cancel_delayed_work_sync(&reporter);
	hrtimer_cancel(&timer);
	kthread_stop(sampler);
	kfree(rings);
}

module_init(racy_init);
module_exit(racy_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Samples into rings, with a race");
