/* SPDX-License-Identifier: MIT */
/*
 * int3 and int n from the guest kernel: delivered with the address
 * after the instruction when the vector's DPL admits the guest kernel, else
 * #GP with the selector's error code at the instruction.
 *
 * ABI: trap_info.flags bits 0-1 are the DPL; the guest kernel counts as
 * level 1. QEMU's TCG reports vector 2n when it refuses int n; where the
 * hypervisor believes it, the test cannot tell and says SKIP.
 */
#include <guest/test.h>

static struct regs seen;
static unsigned int entries;

static bool on_trap(struct regs *regs)
{
	seen = *regs;
	entries++;
	return true;
}

#define RAISE(text)                                                            \
	({                                                                     \
		uint64_t after;                                                \
		seen.entry = ~0UL;                                             \
		asm volatile("leaq 1f(%%rip), %0\n\t" text "\n1:"              \
		             : "=&r"(after)                                    \
		             :                                                 \
		             : "memory");                                      \
		after;                                                         \
	})

static void expect(uint64_t after, unsigned int vector, const char *what)
{
	check_eq(seen.entry, vector, "vector of %s", what);
	check_eq(seen.rip, after, "rip after %s", what);
	check_eq(seen.error, 0, "error code of %s", what);
	check_eq(seen.cs & 0xffff, 0xe030, "cs of %s", what);
}

static void gates(void)
{
	trap_register(0x20, 1, trap_stub(0x20));
	trap_register(0xf0, 3, trap_stub(0xf0));
	trap_hook_set(0x40, on_trap);
	trap_hook_set(0xe0, on_trap);
	trap_register(0x40, 3, trap_stub(0x40));
	trap_register(0xe0, 3, trap_stub(0xe0));
	expect(RAISE("int $0xf0"), 0xf0, "int $0xf0, DPL 3");
	expect(RAISE("int $0x20"), 0x20, "int $0x20, DPL 1");
	trap_register(0x20, 0, trap_stub(0x20));
	check_eq(PROBE("int $0x20", ::
	                       : "memory"),
	         EXC(VEC_GP, 0x20 * 8 + 2), "int $0x20, DPL 0");
	check_eq(entries, 6, "deliveries");
}

/* Where does int $0x20 go when only 0x40 would take it? */
static bool vectors_doubled(void)
{
	trap_register(0x20, 0, trap_stub(0x20));
	trap_register(0x40, 3, trap_stub(0x40));
	trap_hook_set(0x40, on_trap);
	seen.entry = 0;
	PROBE("int $0x20", ::: "memory");
	entries = 0;
	return seen.entry == 0x40;
}

GUEST_TEST(trap_software)
{
	static const unsigned int vectors[] = {VEC_DB, VEC_BP, VEC_OF,
	                                       0x80,   0x20,   0xf0};
	bool doubled = vectors_doubled();

	for (unsigned int i = 0; i < ARRAY_LEN(vectors); i++) {
		trap_hook_set(vectors[i], on_trap);
	}
	expect(RAISE("int3"), VEC_BP, "int3");
	expect(RAISE(".byte 0xcd, 0x03"), VEC_BP, "int $3");
	expect(RAISE("int $4"), VEC_OF, "int $4");
	expect(RAISE("int $0x80"), 0x80, "int $0x80");
	check_eq(entries, 4, "deliveries");
	if (doubled) {
		test_skip("int n through #GP: the CPU reports vector 2n");
		return;
	}
	gates();
}
