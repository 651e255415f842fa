/* SPDX-License-Identifier: MIT */
/*
 * The queue of host timers, sorted by deadline. Guests own few timers (three a
 * vCPU), so insertion by walking is short.
 */
#include <arch/entry.h>
#include <hv/lib.h>
#include <hv/timer.h>

static struct list queue = {&queue, &queue};

void timer_init(struct timer *t, void (*fn)(void *arg), void *arg)
{
	list_init(&t->link);
	t->fn = fn;
	t->arg = arg;
	t->deadline_ns = ~0UL;
}

void timer_set(struct timer *t, u64 deadline_ns)
{
	struct timer *at;

	list_del(&t->link);
	t->deadline_ns = deadline_ns;
	if (deadline_ns == ~0UL) {
		return;
	}
	list_for_each (at, &queue, link) {
		if (at->deadline_ns > deadline_ns) {
			list_add_tail(&at->link, &t->link);
			return;
		}
	}
	list_add_tail(&queue, &t->link);
}

void timer_stop(struct timer *t)
{
	list_del(&t->link);
	t->deadline_ns = ~0UL;
}

u64 timers_next_ns(void)
{
	return list_empty(&queue) ? ~0UL
	                          : CONTAINER_OF(queue.next, struct timer, link)
	                                    ->deadline_ns;
}

void timers_run(void)
{
	u64 now, next = timers_next_ns();

	/* While the host timer still counts to the next deadline, none is due:
	 * this is asked on every way out of a guest. */
	if (next == ~0UL || arch_timer_counts_to(next)) {
		return;
	}
	now = now_ns();
	while (timers_next_ns() <= now) {
		struct timer *t = CONTAINER_OF(queue.next, struct timer, link);

		timer_stop(t);
		t->fn(t->arg);
	}
}
