/* SPDX-License-Identifier: MIT */
/*
 * Debug registers by hypercall and by mov: addresses in the hypervisor are
 * refused, DR7's enables take effect, a data breakpoint traps after the
 * access and an execution breakpoint before the instruction, DR6 says which.
 * Single steps by TF; the handler runs with TF clear.
 *
 * ABI: xen.h set_debugreg, get_debugreg.
 */
#include <guest/test.h>

static volatile uint64_t watched;
static uint64_t hit_rip[4], hit_dr6[4];
static unsigned int hits;

static bool on_debug(struct regs *regs)
{
	hit_rip[hits & 3] = regs->rip;
	hit_dr6[hits & 3] = (uint64_t)hc_get_debugreg(6);
	hits++;
	hc_set_debugreg(6, 0);
	if (hit_dr6[(hits - 1) & 3] & BIT(14)) {
		regs->rflags &= ~(uint64_t)FLAG_TF;
	}
	regs->rflags |= FLAG_RF;
	return true;
}

static void registers(void)
{
	uint64_t value = 0;

	check_rc(hc_set_debugreg(0, 0x1000), 0, "set DR0");
	check_rc(hc_get_debugreg(0), 0x1000, "get DR0");
	asm volatile("mov %%dr0, %0" : "=r"(value));
	check_eq(value, 0x1000, "mov from DR0");
	asm volatile("mov %0, %%dr1" ::"r"(0x2000UL));
	check_rc(hc_get_debugreg(1), 0x2000, "DR1 after mov");
	check_rc(hc_set_debugreg(0, 0xffff830000000000), -EPERM,
	         "address in the hypervisor");
	check_rc(hc_set_debugreg(0, 0x0000900000000000), -EPERM,
	         "non-canonical address");
	check_rc(hc_set_debugreg(4, 0), 0, "set DR4, which is DR6");
	check_rc(hc_get_debugreg(4), hc_get_debugreg(6),
	         "get DR4, which is DR6");
	check_rc(hc_set_debugreg(9, 0), -ENODEV, "set DR9");
	check_rc(hc_get_debugreg(9), -ENODEV, "get DR9");
	check_rc(hc_set_debugreg(7, BIT(13)), -EPERM, "DR7.GD");
	check_rc(hc_set_debugreg(7, BIT(32)), -EINVAL, "DR7 above bit 31");
}

static void data_breakpoint(void)
{
	uint64_t after;

	hits = 0;
	hc_set_debugreg(6, 0);
	check_rc(hc_set_debugreg(0, ADDR(&watched)), 0, "DR0");
	check_rc(hc_set_debugreg(7, 0x000d0001), 0, "DR7: 4-byte write, DR0");
	asm volatile("leaq 1f(%%rip), %0\n\tmovl $5, %1\n1:"
	             : "=&r"(after), "+m"(watched));
	check_eq(hits, 1, "hits of a write");
	check_eq(hit_rip[0], after, "rip after the write");
	check_eq(hit_dr6[0] & 15, 1, "DR6");
	hc_set_debugreg(7, 0);
	watched = 6;
	check_eq(hits, 1, "disabled");
}

static void execution_breakpoint(void)
{
	uint64_t at;

	hits = 0;
	asm volatile("leaq 1f(%%rip), %%rsi\n\t"
	             "movl $1, %%edi\n\t"
	             "movl %[nr], %%eax\n\t"
	             "syscall\n\t"
	             "movl $7, %%edi\n\t"
	             "movl $0x8, %%esi\n\t"
	             "movl %[nr], %%eax\n\t"
	             "syscall\n\t"
	             "leaq 1f(%%rip), %[at]\n"
	             "1:\tnop"
	             : [at] "=r"(at)
	             : [nr] "i"(__HYPERVISOR_set_debugreg)
	             : "rax", "rdi", "rsi", "rcx", "r11", "memory");
	check_eq(hits, 1, "hits of an execution breakpoint");
	check_eq(hit_rip[0], at, "rip at the instruction");
	check_eq(hit_dr6[0] & 15, 2, "DR6");
	hc_set_debugreg(7, 0);
}

static void single_step(void)
{
	uint64_t after;

	hits = 0;
	asm volatile("leaq 1f(%%rip), %0\n\t"
	             "pushfq\n\torl $0x100, (%%rsp)\n\tpopfq\n\t"
	             "nop\n1:\tnop\n\tnop"
	             : "=&r"(after)
	             :
	             : "memory", "cc");
	check_eq(hits, 1, "steps");
	check_eq(hit_rip[0], after, "rip after one step");
	check_eq(hit_dr6[0] & BIT(14), BIT(14), "DR6.BS");
}

GUEST_TEST(debugreg)
{
	registers();
	trap_hook_set(VEC_DB, on_debug);
	data_breakpoint();
	execution_breakpoint();
	single_step();
}
