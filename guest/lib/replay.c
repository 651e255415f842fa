/* SPDX-License-Identifier: MIT */
#include <guest/boot.h>
#include <guest/console.h>
#include <guest/event.h>
#include <guest/replay.h>
#include <guest/test.h>
#include <guest/time.h>

struct random replay_random;
volatile unsigned int ticker_ticks;

static uint64_t digest, values;
static long port;
static uint64_t interval;
static struct random ticker_random;
static void (*tick_hook)(struct regs *regs);
static struct regs *interrupted;

void observe(uint64_t value)
{
	digest = (digest ^ value) * 0x9fb21c651e98df25;
	digest ^= digest >> 29;
	values++;
}

void observe_bytes(const volatile void *bytes, size_t len)
{
	const volatile uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++) {
		observe(p[i]);
	}
}

void observe_regs(const struct regs *regs)
{
	/* From r15 up to rdi, then the frame without entry and error code. */
	const uint64_t *gpr = &regs->r15;

	for (unsigned int i = 0; i < 15; i++) {
		observe(gpr[i]);
	}
	observe(regs->rip);
	observe(regs->cs);
	observe(regs->rflags);
	observe(regs->rsp);
}

void replay_begin(void)
{
	uint64_t seed = boot_option("seed", 1);

	digest = 0x6368726f6e6f;
	values = 0;
	ticker_ticks = 0;
	replay_random = random_seed(seed);
	ticker_random = random_seed(seed + 77);
}

void replay_end(const char *name)
{
	print("checksum: %s %016lx %lu values %u ticks\n", name, digest, values,
	      ticker_ticks);
}

uint64_t replay_rounds(uint64_t otherwise)
{
	return boot_option("rounds", otherwise);
}

static void arm(void)
{
	timer_set(time_now_ns() + interval +
	                  random_below(&ticker_random, interval),
	          0);
}

static void on_timer(evtchn_port_t from)
{
	(void)from;
	ticker_ticks++;
	if (interrupted) {
		observe_regs(interrupted);
		if (tick_hook) {
			tick_hook(interrupted);
		}
	}
	if (interval) {
		arm();
	}
}

static bool on_event(struct regs *regs)
{
	interrupted = regs;
	event_dispatch();
	interrupted = NULL;
	return true;
}

void ticker_start(uint64_t interval_ns, void (*hook)(struct regs *regs))
{
	interval = interval_ns;
	tick_hook = hook;
	port = port_bind_virq(VIRQ_TIMER, 0);
	if (port < 0) {
		test_error("no timer: %ld", port);
	}
	event_hook_set((evtchn_port_t)port, on_timer);
	trap_hook_set(ENTRY_EVENT, on_event);
	timer_stop_periodic();
	arm();
	events_unmask();
}

void ticker_stop(void)
{
	events_mask();
	interval = 0;
	timer_stop();
	trap_hook_set(ENTRY_EVENT, NULL);
	port_close((evtchn_port_t)port);
}
