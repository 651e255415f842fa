/* SPDX-License-Identifier: MIT */
/*
 * The FPU image that fxsave writes, x87's last instruction and data pointers
 * included, after arithmetic that events, sleeping and #NM interrupt.
 */
#include <guest/mm.h>
#include <guest/replay.h>
#include <guest/test.h>
#include <guest/time.h>

static uint8_t image[512] __attribute__((aligned(16)));
static unsigned int nm;

static void look(void)
{
	asm volatile("fxsave64 %0" : "=m"(image));
	/* Bytes 464 and up are for software; the CPU leaves them alone. */
	observe_bytes(image, 464);
}

static bool on_nm(struct regs *regs)
{
	observe(regs->rip);
	nm++;
	return true;
}

static void compute(uint64_t n)
{
	static uint64_t a = 0x3ff8000000000000, b;

	asm volatile("fldl %1\n\tfsqrt\n\tfldpi\n\tfmulp\n\tfstpl %0\n\t"
	             "movq %2, %%xmm3\n\tpaddq %%xmm3, %%xmm4\n\t"
	             "cvtsi2sdq %2, %%xmm5\n\tdivsd %%xmm5, %%xmm6"
	             : "=m"(b)
	             : "m"(a), "r"(n | 1));
	observe_bytes(&b, sizeof(b));
}

GUEST_TEST(replay_fpu)
{
	uint64_t rounds = replay_rounds(3000);

	replay_begin();
	trap_hook_set(VEC_NM, on_nm);
	asm volatile("fninit");
	ticker_start(150000, NULL);
	for (uint64_t n = 0; n < rounds; n++) {
		compute(n);
		if (n % 5 == 0) {
			hc_fpu_taskswitch(1);
		}
		if (n % 50 == 0) {
			struct sched_poll poll = {.timeout = time_now_ns() +
			                                     20000};

			hc_sched_op(SCHEDOP_poll, &poll);
		}
		look();
	}
	ticker_stop();
	check(nm > 0, "no #NM");
	asm volatile("fninit");
	replay_end("replay_fpu");
}
