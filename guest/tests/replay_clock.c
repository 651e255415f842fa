/* SPDX-License-Identifier: MIT */
/*
 * Every clock there is: rdtsc and rdtscp in the kernel and in user mode, the
 * time page, the wallclock, the runstate area. None may go back, and none
 * may differ the second time.
 */
#include <guest/mm.h>
#include <guest/replay.h>
#include <guest/test.h>
#include <guest/time.h>
#include <guest/user.h>

USER_CODE(u_tsc, "movl $64, %ecx\n"
                 "1: rdtsc\n"
                 "shlq $32, %rdx\n"
                 "orq %rdx, %rax\n"
                 "imulq $31, %rbx\n"
                 "addq %rax, %rbx\n"
                 "loop 1b\n"
                 "syscall");

static volatile struct vcpu_runstate_info area __page;

static void kernel_reads(void)
{
	uint64_t last = 0;

	for (unsigned int i = 0; i < 64; i++) {
		uint64_t now = tsc_read();

		check(now >= last, "tsc went back");
		observe(now);
		last = now;
	}
	observe(time_now_ns());
}

static void pages(void)
{
	struct vcpu_time_info t = time_page_read();

	observe_bytes(&t, sizeof(t));
	observe(boot_shared_info->wc_sec);
	observe(boot_shared_info->wc_nsec);
	observe((uint64_t)area.state);
	observe(area.state_entry_time);
	observe(area.time[0] ^ area.time[1] ^ area.time[2]);
}

GUEST_TEST(replay_clock)
{
	struct vcpu_register_runstate_memory_area reg = {0};
	uint64_t rounds = replay_rounds(300);
	struct regs regs;

	replay_begin();
	reg.addr.v = (struct vcpu_runstate_info *)&area;
	hc_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg);
	ticker_start(300000, NULL);
	for (uint64_t n = 0; n < rounds; n++) {
		kernel_reads();
		pages();
		user_run(&regs, user_address(u_tsc), 0);
		observe(regs.rbx);
		if (n % 16 == 0) {
			hc_sched_op(SCHEDOP_yield, NULL);
		}
	}
	ticker_stop();
	reg.addr.v = NULL;
	hc_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg);
	replay_end("replay_clock");
}
