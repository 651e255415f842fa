/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_iret inside the guest kernel: registers rax, rcx, r11 come from
 * its frame, with and without VGCF_in_syscall; the event mask becomes the
 * inverse of IF; IOPL and VM are dropped; pending events are taken at once.
 *
 * ABI: arch-x86/xen-x86_64.h struct iret_context.
 */
#include <guest/event.h>
#include <guest/test.h>

struct result {
	uint64_t rax, rcx, r11, rflags, rsp;
};

static struct result result;

/* Leaves by iret with the frame @f, comes back at a label with registers. */
static void do_iret(struct iret_context *f)
{
	asm volatile("mov %%rsp, %%rbx\n\t"
	             "lea 1f(%%rip), %%rax\n\t"
	             "mov %%rax, 32(%[f])\n\t"
	             "mov %%rbx, 56(%[f])\n\t"
	             "mov %[f], %%rsp\n\t"
	             "mov $23, %%eax\n\t"
	             "syscall\n\t"
	             "ud2\n"
	             "1:\tmov %%rax, %[rax]\n\t"
	             "mov %%rcx, %[rcx]\n\t"
	             "mov %%r11, %[r11]\n\t"
	             "mov %%rsp, %[rsp]\n\t"
	             "pushfq\n\tpopq %[fl]\n\t"
	             "mov %%rbx, %%rsp\n\t"
	             "cld"
	             : [rax] "=m"(result.rax), [rcx] "=m"(result.rcx),
	               [r11] "=m"(result.r11), [rsp] "=m"(result.rsp),
	               [fl] "=m"(result.rflags)
	             : [f] "r"(f)
	             : "rax", "rbx", "rcx", "r11", "memory", "cc");
}

static struct iret_context frame(uint64_t rflags)
{
	return (struct iret_context){
		.rax = 0xaaaa,
		.r11 = 0xbbbb,
		.rcx = 0xcccc,
		.cs = 0xe030,
		.rflags = rflags,
		.ss = SEL_SS,
	};
}

static void mask_follows_if(void)
{
	struct iret_context f = frame(FLAG_IF | FLAG_CF);

	do_iret(&f);
	check_eq(boot_vcpu_info->evtchn_upcall_mask, 0, "mask, IF set");
	check_eq(result.rax, 0xaaaa, "rax");
	check_eq(result.rcx, 0xcccc, "rcx");
	check_eq(result.r11, 0xbbbb, "r11");
	check_eq(result.rsp, f.rsp, "rsp");
	check_eq(result.rflags & FLAG_CF, FLAG_CF, "CF");

	f = frame(FLAG_IOPL | FLAG_ZF);
	do_iret(&f);
	check_eq(boot_vcpu_info->evtchn_upcall_mask, 1, "mask, IF clear");
	check_eq(result.rflags & (FLAG_IOPL | FLAG_IF | FLAG_ZF),
	         FLAG_IF | FLAG_ZF, "IOPL dropped, IF on, ZF kept");
}

static void by_sysret(void)
{
	struct iret_context f = frame(FLAG_IF | FLAG_CF);

	f.flags = VGCF_in_syscall;
	do_iret(&f);
	check_eq(result.rax, 0xaaaa, "rax, VGCF_in_syscall");
	check_eq(result.rsp, f.rsp, "rsp, VGCF_in_syscall");
	check_eq(result.rflags & FLAG_CF, FLAG_CF, "CF, VGCF_in_syscall");
}

static void takes_events(void)
{
	long port = port_bind_ipi(0);
	struct iret_context f = frame(FLAG_IF);

	events_mask();
	port_send((evtchn_port_t)port);
	do_iret(&f);
	check_eq(event_count[port], 1, "a pending event is taken at iret");
	check_eq(result.rax, 0xaaaa, "rax after the event");
	check_eq(result.rcx, 0xcccc, "rcx after the event");
	port_close((evtchn_port_t)port);
}

GUEST_TEST(iret_forms)
{
	mask_follows_if();
	by_sysret();
	takes_events();
	events_mask();
}
