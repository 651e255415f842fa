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
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#define RINGS   8
#define SAMPLES 7

struct reader {
	wait_queue_head_t wait;
};

struct ring {
	struct reader *reader;
	u64 sum_ns;
	unsigned int used;
	u64 sample_ns[SAMPLES];
};

static struct ring *rings;
static struct reader reader;
static struct hrtimer timer;
static struct task_struct *sampler;

static void ring_empty(struct ring *ring)
{
	unsigned int i;

	for (i = 0; i < ring->used; i++) {
		ring->sum_ns += ring->sample_ns[i];
	}
	ring->used = 0;
}

/* Called in the thread and in the timer's interrupt. */
static void ring_add(struct ring *ring)
{
	u64 now_ns;

	if (ring->used >= SAMPLES) {
		ring_empty(ring);
	}
	now_ns = ktime_get_ns();
	ring->sample_ns[ring->used++] = now_ns;
}

static enum hrtimer_restart on_timer(struct hrtimer *expired)
{
	unsigned int i;

	for (i = 0; i < RINGS; i++) {
		ring_add(&rings[i]);
	}
	hrtimer_forward_now(expired, ns_to_ktime(NSEC_PER_MSEC));
	return HRTIMER_RESTART;
}

static int sample(void *unused)
{
	unsigned int i;

	while (!kthread_should_stop()) {
		for (i = 0; i < RINGS; i++) {
			ring_add(&rings[i]);
		}
		usleep_range(330, 330);
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
	hrtimer_start(&timer, ns_to_ktime(NSEC_PER_MSEC), HRTIMER_MODE_REL);
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
