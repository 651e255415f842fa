/* SPDX-License-Identifier: MIT */
/*
 * The frame of an exception taken in the guest kernel: cs with RPL 0 and the
 * previous evtchn_upcall_mask in bits 32-39, rflags with IF = !mask and IOPL
 * 0, rcx and r11 as they were, rsp below the interrupted one. The handler's
 * own flags have TF, NT, AC and RF clear. The mask-events flag of a vector
 * masks events at entry, and iret restores the mask from IF.
 *
 * ABI: arch-x86/xen.h trap_info; xen-x86_64.h iret frame.
 */
#include <guest/event.h>
#include <guest/test.h>

static struct regs at_entry;
static uint64_t flags_in_handler;
static unsigned int mask_in_handler;

static bool on_ud(struct regs *regs)
{
	asm volatile("pushfq; popq %0" : "=r"(flags_in_handler));
	mask_in_handler = boot_vcpu_info->evtchn_upcall_mask;
	at_entry = *regs;
	regs->rip += 2;
	return true;
}

/* ud2 with all registers known; also says what they are afterwards. */
static void raise(uint64_t extra_flags)
{
	uint64_t rcx = 0x1111222233334444, r11 = 0x5555666677778888, rsp;

	asm volatile("mov %[r11], %%r11\n\t"
	             "mov %%rsp, %[rsp]\n\t"
	             "pushfq\n\t"
	             "orq %[flags], (%%rsp)\n\t"
	             "popfq\n\t"
	             "ud2\n\t"
	             "pushfq\n\t"
	             "andq $~0x44000, (%%rsp)\n\t"
	             "popfq\n\t"
	             "mov %%r11, %[r11]"
	             : "+c"(rcx), [r11] "+r"(r11), [rsp] "=&r"(rsp)
	             : [flags] "r"(extra_flags)
	             : "r11", "memory", "cc");
	check_eq(rcx, 0x1111222233334444, "rcx after");
	check_eq(r11, 0x5555666677778888, "r11 after");
	check_eq(at_entry.rcx, 0x1111222233334444, "rcx in frame");
	check_eq(at_entry.r11, 0x5555666677778888, "r11 in frame");
	check_eq(at_entry.rsp, rsp, "rsp in frame");
}

static void frame_with_mask(unsigned int mask)
{
	boot_vcpu_info->evtchn_upcall_mask = (uint8_t)mask;
	raise(0);
	check_eq(at_entry.cs & 0xffff, 0xe030, "cs with RPL 0");
	check_eq(at_entry.ss, SEL_SS, "ss");
	check_eq(regs_saved_mask(&at_entry), mask, "saved mask");
	check_eq(!(at_entry.rflags & FLAG_IF), mask,
	         "IF is the mask's inverse");
	check_eq(at_entry.rflags & FLAG_IOPL, 0, "IOPL");
	check_eq(mask_in_handler, mask, "mask in the handler");
	check_eq(boot_vcpu_info->evtchn_upcall_mask, mask, "mask after");
}

static void handler_flags(void)
{
	raise(FLAG_NT | FLAG_AC);
	check_eq(at_entry.rflags & (FLAG_NT | FLAG_AC), FLAG_NT | FLAG_AC,
	         "NT and AC in the frame");
	check_eq(flags_in_handler & (FLAG_NT | FLAG_AC | FLAG_TF | FLAG_RF), 0,
	         "NT, AC, TF, RF in the handler");
	check_eq(flags_in_handler & FLAG_IF, FLAG_IF, "IF in the handler");
}

static void masking_vector(void)
{
	boot_vcpu_info->evtchn_upcall_mask = 0;
	check_rc(trap_register(VEC_UD, 4, trap_stub(VEC_UD)), 0, "register");
	raise(0);
	check_eq(regs_saved_mask(&at_entry), 0, "saved mask");
	check_eq(mask_in_handler, 1, "the vector masks events");
	check_eq(boot_vcpu_info->evtchn_upcall_mask, 0, "iret unmasks");
	events_mask();
}

GUEST_TEST(trap_frame)
{
	trap_hook_set(VEC_UD, on_ud);
	frame_with_mask(1);
	frame_with_mask(0);
	events_mask();
	handler_flags();
	masking_vector();
}
