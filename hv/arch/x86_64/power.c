/* SPDX-License-Identifier: MIT */
/*
 * Ending the machine. Under QEMU with isa-debug-exit the status becomes its
 * exit status (2 * status + 1); else ACPI's soft-off through the PM1a control
 * register of the PIIX4 and ICH9 chipsets, which QEMU and many PCs have.
 */
#include <arch/cpu.h>
#include <arch/entry.h>
#include <hv/lib.h>

#define DEBUG_EXIT_PORT 0xf4
#define SLP_EN          0x2000

static void __noreturn halt_forever(void)
{
	for (;;) {
		__asm__ volatile("cli\n\thlt");
	}
}

void __noreturn arch_shutdown(unsigned int status)
{
	static const u16 pm1a[] = {0x604, 0xb004, 0x4004};

	log_info("machine ends with status %u", status);
	/* Without the device the write goes nowhere. */
	outl(DEBUG_EXIT_PORT, status);
	for (unsigned int i = 0; i < ARRAY_SIZE(pm1a); i++) {
		outw(pm1a[i], SLP_EN);
	}
	halt_forever();
}

void __noreturn arch_reboot(void)
{
	log_info("machine reboots");
	outb(0x64, 0xfe);
	halt_forever();
}
