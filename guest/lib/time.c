/* SPDX-License-Identifier: MIT */
#include <guest/boot.h>
#include <guest/event.h>
#include <guest/hypercall.h>
#include <guest/time.h>

uint64_t tsc_read(void)
{
	uint32_t low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}

struct vcpu_time_info time_page_read(void)
{
	volatile struct vcpu_time_info *page =
		(volatile void *)&boot_vcpu_info->time;
	struct vcpu_time_info copy;

	do {
		copy.version = page->version;
		barrier();
		copy.tsc_timestamp = page->tsc_timestamp;
		copy.system_time = page->system_time;
		copy.tsc_to_system_mul = page->tsc_to_system_mul;
		copy.tsc_shift = page->tsc_shift;
		copy.flags = page->flags;
		barrier();
	} while ((copy.version & 1) || copy.version != page->version);
	return copy;
}

uint64_t time_at_ns(const struct vcpu_time_info *page, uint64_t tsc)
{
	uint64_t delta = tsc - page->tsc_timestamp, product;

	if (page->tsc_shift >= 0) {
		delta <<= page->tsc_shift;
	} else {
		delta >>= -page->tsc_shift;
	}
	asm("mulq %2\n\tshrdq $32, %%rdx, %%rax"
	    : "=a"(product)
	    : "0"(delta), "r"((uint64_t)page->tsc_to_system_mul)
	    : "rdx", "cc");
	return page->system_time + product;
}

uint64_t time_now_ns(void)
{
	struct vcpu_time_info page;
	uint64_t tsc;

	do {
		page = time_page_read();
		tsc = tsc_read();
	} while (page.version != boot_vcpu_info->time.version);
	return time_at_ns(&page, tsc);
}

long timer_set(uint64_t deadline_ns, unsigned int flags)
{
	struct vcpu_set_singleshot_timer op = {deadline_ns, flags};

	return hc_vcpu_op(VCPUOP_set_singleshot_timer, 0, &op);
}

long timer_stop(void)
{
	return hc_vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL);
}

long timer_stop_periodic(void)
{
	return hc_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
}

bool wait_for(const volatile unsigned int *count, unsigned int want,
              uint64_t limit_ns)
{
	uint64_t end = time_now_ns() + limit_ns;

	events_unmask();
	while (*count < want && time_now_ns() < end) {
		struct sched_poll poll = {.timeout = time_now_ns() + MS};

		hc_sched_op(SCHEDOP_poll, &poll);
	}
	events_mask();
	return *count >= want;
}
