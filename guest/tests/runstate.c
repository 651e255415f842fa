/* SPDX-License-Identifier: MIT */
/*
 * The runstate area: filled at registration with state "running"; the times
 * add up; blocking shows as time blocked. VCPUOP_get_runstate_info agrees.
 *
 * ABI: vcpu.h VCPUOP_register_runstate_memory_area, get_runstate_info.
 */
#include <guest/event.h>
#include <guest/mm.h>
#include <guest/test.h>
#include <guest/time.h>

static volatile struct vcpu_runstate_info area __page;

static void sleep(uint64_t ns)
{
	struct sched_poll poll = {.timeout = time_now_ns() + ns};

	hc_sched_op(SCHEDOP_poll, &poll);
}

GUEST_TEST(runstate)
{
	struct vcpu_register_runstate_memory_area reg = {0};
	struct vcpu_runstate_info info;
	uint64_t blocked;

	reg.addr.v = (struct vcpu_runstate_info *)&area;
	check_rc(hc_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg), 0,
	         "register");
	check_eq((uint64_t)area.state, RUNSTATE_running, "state");
	check(area.state_entry_time > 0, "entry time 0");
	check(area.state_entry_time <= time_now_ns(), "entry in the future");

	blocked = area.time[RUNSTATE_blocked];
	sleep(10 * MS);
	check_eq((uint64_t)area.state, RUNSTATE_running, "state after sleep");
	check(area.time[RUNSTATE_blocked] >= blocked + 9 * MS,
	      "blocked %lu ns of 10 ms", area.time[RUNSTATE_blocked] - blocked);

	check_rc(hc_vcpu_op(VCPUOP_get_runstate_info, 0, &info), 0, "get");
	check_eq((uint64_t)info.state, RUNSTATE_running, "state by get");
	check(info.time[RUNSTATE_running] >= area.time[RUNSTATE_running],
	      "running time by get");
	check_rc(hc_vcpu_op(VCPUOP_register_runstate_memory_area, 0, (void *)8),
	         -EFAULT, "unreadable argument");
	check_rc(hc_vcpu_op(VCPUOP_register_runstate_memory_area, 5, &reg),
	         -ENOENT, "no such vCPU");
	reg.addr.v = NULL;
	hc_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg);
}
