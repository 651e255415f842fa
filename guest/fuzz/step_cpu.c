/* SPDX-License-Identifier: MIT */
/* Near-valid work on the vCPU: timers, waits, traps, iret, instructions. */
#include "fuzz.h"

#include <guest/boot.h>
#include <guest/event.h>
#include <guest/hypercall.h>
#include <guest/mm.h>
#include <guest/test.h>
#include <guest/time.h>
#include <guest/user.h>

void guard_repair(void)
{
	asm volatile("pushq $0x2\n\tpopfq" ::: "cc", "memory");
	traps_init();
	events_mask();
}

/* Something that ends a wait, whatever was done to ports before. */
static void arm(void)
{
	struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER};
	struct evtchn_reset reset = {.dom = DOMID_SELF};

	hc_event_channel_op(EVTCHNOP_reset, &reset);
	hc_event_channel_op(EVTCHNOP_bind_virq, &virq);
	for (unsigned int i = 0; i < 64; i++) {
		boot_shared_info->evtchn_pending[i] = 0;
		boot_shared_info->evtchn_mask[i] = 0;
	}
	boot_vcpu_info->evtchn_pending_sel = 0;
	boot_vcpu_info->evtchn_upcall_pending = 0;
	hc_set_timer_op(time_now_ns() + 20000);
}

void step_sched(void)
{
	static struct sched_poll poll;
	static evtchn_port_t ports[130];

	switch (fuzz_below(6)) {
	case 0:
		arm();
		hc_sched_op(SCHEDOP_block, NULL);
		break;
	case 1:
		hc_set_timer_op(any_value());
		break;
	case 2:
		hc_sched_op(8 + (int)fuzz_below(100), any_arguments(4));
		break;
	case 3:
		hc_sched_op(SCHEDOP_yield, NULL);
		break;
	default:
		for (unsigned int i = 0; i < ARRAY_LEN(ports); i++) {
			ports[i] = (evtchn_port_t)any_small();
		}
		set_xen_guest_handle(poll.ports,
		                     fuzz_one_in(8)
		                             ? (evtchn_port_t *)bad_pointer()
		                             : ports);
		poll.nr_ports = (uint32_t)any_small();
		poll.timeout = time_now_ns() + fuzz_below(50000);
		hc_sched_op(SCHEDOP_poll, &poll);
		break;
	}
	guard_repair();
}

void step_vcpu(void)
{
	static const int commands[] = {
		VCPUOP_initialise,
		VCPUOP_up,
		VCPUOP_is_up,
		VCPUOP_get_runstate_info,
		VCPUOP_register_runstate_memory_area,
		VCPUOP_set_periodic_timer,
		VCPUOP_stop_periodic_timer,
		VCPUOP_set_singleshot_timer,
		VCPUOP_stop_singleshot_timer,
		VCPUOP_register_vcpu_info,
		VCPUOP_send_nmi,
		VCPUOP_get_physid,
		VCPUOP_register_vcpu_time_memory_area,
	};
	int cmd = commands[fuzz_below(ARRAY_LEN(commands))];

	hc_vcpu_op(fuzz_one_in(10) ? 14 + (int)fuzz_below(50) : cmd,
	           fuzz_one_in(6) ? (unsigned int)any_small() : 0,
	           any_arguments(6));
	hc_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
}

void step_traps(void)
{
	static struct trap_info table[4];
	struct callback_register reg = {
		.type = (uint16_t)fuzz_below(9),
		.flags = (uint16_t)fuzz_below(4),
		.address = any_value(),
	};

	switch (fuzz_below(5)) {
	case 0:
		for (unsigned int i = 0; i < 3; i++) {
			table[i] = (struct trap_info){(uint8_t)fuzz_below(256),
			                              (uint8_t)fuzz_below(16),
			                              SEL_CS64, any_value()};
		}
		hc_set_trap_table(table);
		break;
	case 1:
		hc_callback_op((int)fuzz_below(3), &reg);
		break;
	case 2:
		hypercall(__HYPERVISOR_set_callbacks, any_value(), any_value(),
		          any_value(), 0, 0);
		break;
	case 3:
		hypercall(__HYPERVISOR_nmi_op, fuzz_below(3), any_value(), 0, 0,
		          0);
		break;
	default:
		hc_stack_switch(any_small(), any_value());
		break;
	}
	guard_repair();
}

/* An iret that stays in the kernel; faults come back through the hooks. */
void step_iret(void)
{
	static struct iret_context f;

	f = (struct iret_context){
		.flags = fuzz_one_in(2) ? 0 : any_value(),
		.cs = fuzz_one_in(4) ? any_small() & ~3UL : 0xe030,
		.ss = fuzz_one_in(4) ? any_small() : SEL_SS,
		.rflags = fuzz_one_in(2) ? FLAG_IF : any_value(),
	};
	/* To rip an address that faults, or the instruction after. */
	asm volatile("pushq %%rbp\n\t"
	             "lea 1f(%%rip), %%rax\n\t"
	             "mov %%rax, 32(%[f])\n\t"
	             "mov %%rsp, 56(%[f])\n\t"
	             "mov %[f], %%rsp\n\t"
	             "mov $23, %%eax\n\t"
	             "syscall\n"
	             "1:\tpopq %%rbp\n\t"
	             "cld"
	             :
	             : [f] "r"(&f)
	             : "rax", "rcx", "r11", "memory", "cc");
	guard_repair();
}

void step_privileged(void)
{
	static const uint32_t msrs[] = {0x10,       0x1b,       0x277,
	                                0xc0000080, 0xc0000081, 0xc0000082,
	                                0xc0000100, 0xc0000101, 0xc0000102,
	                                0xc0000103, 0x48,       0x1a0};
	uint32_t msr = msrs[fuzz_below(ARRAY_LEN(msrs))];
	uint64_t a = any_value(), d = any_value();

	switch (fuzz_below(8)) {
	case 0:
		PROBE("rdmsr", : "+a"(a), "+d"(d) : "c"(msr));
		break;
	case 1:
		PROBE("wrmsr", ::"a"(a), "d"(d), "c"(msr) : "memory");
		break;
	case 2:
		PROBE("mov %0, %%cr0", ::"r"(a));
		PROBE("clts", ::: "memory");
		break;
	case 3:
		PROBE("mov %0, %%cr4", ::"r"(a));
		break;
	case 4:
		PROBE("mov %0, %%cr2", ::"r"(a));
		break;
	case 5:
		PROBE("ud2; .ascii \"xen\"; cpuid",
		      : "+a"(a), "+d"(d)::"rbx", "rcx");
		break;
	case 6:
		PROBE("wbinvd", ::: "memory");
		break;
	default:
		if (!boot_is_initial()) {
			PROBE("inl %%dx, %%eax", : "+a"(a) : "d"(d));
		}
		break;
	}
}

USER_CODE(fuzz_user, "movq %rdi, %rax\n"
                     "syscall\n"
                     "movq (%rsi), %rax\n"
                     "int $0x80\n"
                     "hlt");

void step_user(void)
{
	struct regs regs;

	user_run(&regs, user_address(fuzz_user), any_small());
	regs.rsi = any_value();
	regs.rflags = fuzz_one_in(2) ? FLAG_IF : any_value();
	regs.rip = fuzz_one_in(4) ? any_value() : regs.rip;
	user_resume(&regs);
	guard_repair();
}

void step_misc(void)
{
	static char text[] = "fuzz\n";

	switch (fuzz_below(8)) {
	case 0:
		hc_set_debugreg((int)any_small(), any_value());
		hc_set_debugreg(7, 0);
		break;
	case 1:
		hc_get_debugreg((int)any_small());
		break;
	case 2:
		hc_fpu_taskswitch((int)fuzz_below(3));
		break;
	case 3:
		hc_vm_assist((unsigned int)fuzz_below(3),
		             (unsigned int)any_small());
		break;
	case 4:
		hc_xen_version((int)fuzz_below(16), any_arguments(4));
		break;
	case 5:
		hc_set_segment_base((unsigned int)fuzz_below(5), any_value());
		break;
	case 6:
		hc_console_io(CONSOLEIO_read, (unsigned int)any_small(),
		              (char *)any_va());
		break;
	default:
		if (fuzz_one_in(500)) {
			hc_console_io(CONSOLEIO_write, sizeof(text) - 1, text);
		}
		hc_console_io(CONSOLEIO_write, (unsigned int)any_small(),
		              (char *)8);
		break;
	}
}
