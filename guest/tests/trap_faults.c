/* SPDX-License-Identifier: MIT */
/*
 * Faults of the guest kernel reach its handler with vector, error code and
 * the address of the instruction; page faults also with cr2, and an error
 * code that says "not user" for the guest kernel.
 *
 * ABI: xen.h set_trap_table; arch-x86/xen-x86_64.h, error codes as the CPU
 * pushes them, bit 2 of the page fault's recomputed.
 */
#include <guest/mm.h>
#include <guest/test.h>

static void faults_without_memory(void)
{
	uint64_t rax = 1, rdx = 0;

	check_eq(PROBE("divq %2",
	               : "+a"(rax), "+d"(rdx)
	               : "r"(0UL)),
	         EXC(VEC_DE, 0), "divide by zero");
	rdx = 5;
	check_eq(PROBE("divq %2",
	               : "+a"(rax), "+d"(rdx)
	               : "r"(2UL)),
	         EXC(VEC_DE, 0), "divide overflow");
	check_eq(PROBE("ud2", ::: "memory"), EXC(VEC_UD, 0), "ud2");
	check_eq(PROBE(".byte 0x0f, 0xff, 0xc0", ::
	                       : "memory"),
	         EXC(VEC_UD, 0), "ud0");
	check_eq(PROBE(".byte 0x06", ::
	                       : "memory"),
	         EXC(VEC_UD, 0), "push es has no 64-bit form");
	check_eq(PROBE("hlt", ::: "memory"), EXC(VEC_GP, 0), "hlt");
	check_eq(PROBE("movq (%0), %%rax", ::"r"(0x0000800000000000UL)
	               : "rax"),
	         EXC(VEC_GP, 0), "non-canonical load");
	check_eq(PROBE("movw %w0, %%ds", ::"r"(0x10UL)), EXC(VEC_GP, 0x10),
	         "selector of an empty descriptor");
}

static void check_pf(uint64_t got, uint64_t error, const volatile void *cr2,
                     const char *what)
{
	check_eq(got, EXC(VEC_PF, error), "%s", what);
	check_eq(trap_seen.cr2, (uint64_t)cr2, "cr2, %s", what);
}

static void page_faults(void)
{
	static char page[PAGE_SIZE] __page;
	char *hole = (char *)0x123456000UL;

	check_pf(PROBE("movb (%0), %%al", ::"r"(hole + 5)
	               : "rax"),
	         0, hole + 5, "read of a hole");
	check_pf(PROBE("movb %%al, (%0)", ::"r"(hole)
	               : "memory"),
	         PF_WRITE, hole, "write to a hole");
	check_pf(PROBE("movq (%0), %%rax", ::"r"(0xffff880000000000UL)
	               : "rax"),
	         0, (char *)0xffff880000000000UL, "read above the hypervisor");

	check_rc(page_make_ro(page), 0, "page read-only");
	check_pf(PROBE("movb %%al, (%0)", ::"r"(page + 9)
	               : "memory"),
	         PF_WRITE | PF_PRESENT, page + 9, "write to a read-only page");
	check_eq(PROBE("movb (%0), %%al", ::"r"(page) : "rax"), 0, "read");

	page_make_rw(page);
}

static struct regs fetch_regs;
static struct context fetch_end;

static bool on_fetch_fault(struct regs *regs)
{
	fetch_regs = *regs;
	context_jump(&fetch_end, 1);
}

/* The return address of a fault on fetch is the target, not the branch. */
static void fetch_fault(void)
{
	static char page[PAGE_SIZE] __page;

	page[0] = (char)0xc3;
	check_rc(va_map(page, pte_make(va_to_mfn(page), PTE_KERNEL | PTE_NX)),
	         0, "page without execution");
	trap_hook_set(VEC_PF, on_fetch_fault);
	if (context_save(&fetch_end) == 0) {
		asm volatile("callq *%0" ::"r"(page) : "memory");
		check(false, "a page with NX was executed");
	}
	trap_hook_set(VEC_PF, NULL);
	check_eq(fetch_regs.error, PF_FETCH | PF_PRESENT, "fetch error code");
	check_eq(fetch_regs.rip, (uint64_t)page, "fetch rip");
	page_make_rw(page);
}

GUEST_TEST(trap_faults)
{
	faults_without_memory();
	page_faults();
	fetch_fault();
}
