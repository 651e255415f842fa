/* SPDX-License-Identifier: MIT */
/*
 * The CPU as user code sees it: raw and emulated cpuid, control registers,
 * MSRs, and whether instructions that no hypervisor can trap are there.
 */
#include <guest/replay.h>
#include <guest/test.h>

static void leaf(uint32_t a, uint32_t c)
{
	uint32_t r[4];

	asm volatile("cpuid"
	             : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
	             : "0"(a), "2"(c));
	observe_bytes(r, sizeof(r));
	asm volatile("ud2; .ascii \"xen\"; cpuid"
	             : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
	             : "0"(a), "2"(c));
	observe_bytes(r, sizeof(r));
}

static void untrapped(void)
{
	uint64_t a = 0, d = 0;

	observe(PROBE("rdrand %0", : "+r"(a)::"cc"));
	observe(a);
	observe(PROBE("rdseed %0", : "+r"(a)::"cc"));
	observe(a);
	observe(PROBE("rdtscp", : "+a"(a), "+d"(d)::"rcx"));
	observe(a ^ d << 32);
	observe(PROBE("smsw %0", : "+r"(a)));
	observe(a);
	observe(PROBE("str %w0", : "+r"(a)));
	observe(a);
	observe(PROBE("sldt %w0", : "+r"(a)));
	observe(a);
	observe(PROBE("lsl %w1, %k0", : "+r"(a) : "r"(SEL_CS64) : "cc"));
	observe(a);
	observe(PROBE("lar %w1, %k0", : "+r"(a) : "r"(SEL_CS64) : "cc"));
	observe(a);
}

static void registers(void)
{
	uint64_t v = 0;

	asm volatile("mov %%cr0, %0" : "=r"(v));
	observe(v);
	asm volatile("mov %%cr4, %0" : "=r"(v));
	observe(v);
	asm volatile("pushfq\n\tpopq %0" : "=r"(v));
	observe(v);
}

GUEST_TEST(replay_cpu)
{
	replay_begin();
	for (uint32_t i = 0; i < 0x20; i++) {
		for (uint32_t c = 0; c < 4; c++) {
			leaf(i, c);
		}
		leaf(0x80000000 + i, 0);
		leaf(0x40000000 + i, 0);
	}
	untrapped();
	registers();
	replay_end("replay_cpu");
}
