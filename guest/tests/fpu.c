/* SPDX-License-Identifier: MIT */
/*
 * fpu_taskswitch: with TS set the next use of x87 or SSE is #NM, with TS
 * cleared it is not; clts and mov to cr0 do the same. x87 and SSE state
 * survive hypercalls, sleeping and user mode; #MF reaches the guest.
 *
 * ABI: xen.h HYPERVISOR_fpu_taskswitch.
 */
#include <guest/event.h>
#include <guest/test.h>
#include <guest/time.h>

static void taskswitch(void)
{
	check_rc(hc_fpu_taskswitch(1), 0, "set");
	check_eq(PROBE("fninit", ::: "memory"), EXC(VEC_NM, 0), "x87, TS set");
	/* Xen clears TS when it delivers #NM. */
	check_eq(PROBE("fninit", ::: "memory"), 0, "x87 after #NM");
	check_rc(hc_fpu_taskswitch(1), 0, "set");
	check_eq(PROBE("movd %%eax, %%xmm0", ::
	                       : "memory"),
	         EXC(VEC_NM, 0), "SSE, TS set");
	check_rc(hc_fpu_taskswitch(1), 0, "set");
	check_rc(hc_fpu_taskswitch(0), 0, "clear");
	check_eq(PROBE("fninit", ::: "memory"), 0, "x87, TS clear");
}

static void by_instruction(void)
{
	uint64_t cr0 = 0;

	asm volatile("mov %%cr0, %0" : "=r"(cr0));
	check_eq(cr0 & 8, 0, "cr0.TS clear");
	asm volatile("mov %0, %%cr0" ::"r"(cr0 | 8));
	asm volatile("mov %%cr0, %0" : "=r"(cr0));
	check_eq(cr0 & 8, 8, "cr0.TS set");
	asm volatile("clts");
	asm volatile("mov %%cr0, %0" : "=r"(cr0));
	check_eq(cr0 & 8, 0, "clts");
	check_eq(PROBE("fninit", ::: "memory"), 0, "x87 after clts");
}

static void survives(void)
{
	uint64_t x = 0x123456789abcdef0, y = 0, old = 0x5555;
	struct sched_poll poll = {.timeout = time_now_ns() + 2 * MS};
	uint32_t mxcsr = 0x1f80 | 0x2000, got = 0;

	asm volatile("fninit\n\tfldpi\n\tmovq %0, %%xmm7\n\tldmxcsr %1"
	             :
	             : "r"(x), "m"(mxcsr));
	hc_sched_op(SCHEDOP_poll, &poll);
	hc_sched_op(SCHEDOP_yield, NULL);
	asm volatile("movq %%xmm7, %0\n\tstmxcsr %1\n\tfstpl %2"
	             : "=r"(y), "=m"(got), "=m"(old));
	check_eq(y, x, "xmm7");
	check_eq(got, mxcsr, "mxcsr");
	check_eq(old, 0x400921fb54442d18, "pi on the x87 stack");
	mxcsr = 0x1f80;
	asm volatile("ldmxcsr %0" ::"m"(mxcsr));
}

static void exception(void)
{
	uint16_t control = 0x37b;

	asm volatile(
		"fninit\n\tfldcw %0\n\tfld1\n\tfldz\n\tfdivrp" ::"m"(control));
	check_eq(PROBE("fwait", ::
	                       : "memory"),
	         EXC(VEC_MF, 0), "x87 division by zero");
	asm volatile("fninit");
}

GUEST_TEST(fpu)
{
	taskswitch();
	by_instruction();
	survives();
	exception();
}
