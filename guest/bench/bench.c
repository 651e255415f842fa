/* SPDX-License-Identifier: MIT */
/*
 * What a hypervisor's basic services cost: each is repeated between the lines
 * "bench: <name> start <count>" and "bench: <name> done", and whoever reads
 * the console measures the time in between. The guest looks at no clock of
 * its own, so the figures of an ordinary and a traced run compare. The options
 * part=N and count=N choose one of them and how often.
 */
#include <guest/boot.h>
#include <guest/event.h>
#include <guest/mm.h>
#include <guest/test.h>
#include <guest/user.h>

static char page[PAGE_SIZE] __page;
static char other[PAGE_SIZE] __page;

USER_CODE(bench_user, "1: syscall\n"
                      "jmp 1b\n");

static void null_call(unsigned long n)
{
	for (unsigned long i = 0; i < n; i++) {
		hc_xen_version(XENVER_version, NULL);
	}
}

static void exception(unsigned long n)
{
	for (unsigned long i = 0; i < n; i++) {
		PROBE("ud2", : : : "memory");
	}
}

static void page_fault(unsigned long n)
{
	const volatile char *nothing = (const volatile char *)MM_WINDOW;

	for (unsigned long i = 0; i < n; i++) {
		PROBE("movb (%0), %%al", : : "r"(nothing) : "rax", "memory");
	}
}

/* The kernel's cli is refused by the CPU and emulated; so is its port I/O. */
static void trapped_cli(unsigned long n)
{
	for (unsigned long i = 0; i < n; i++) {
		asm volatile("cli" : : : "memory");
	}
}

/* Trapped for a traced guest alone. */
static void clock_read(unsigned long n)
{
	for (unsigned long i = 0; i < n; i++) {
		asm volatile("rdtsc" : : : "rax", "rdx", "memory");
	}
}

static void port_read(unsigned long n)
{
	unsigned char got;

	for (unsigned long i = 0; i < n; i++) {
		asm volatile("inb $0x42, %0" : "=a"(got) : : "memory");
	}
}

static void va_mapping(unsigned long n)
{
	uint64_t frame[2] = {va_to_mfn(page), va_to_mfn(other)};

	for (unsigned long i = 0; i < n; i++) {
		va_map(page, pte_make(frame[i & 1], PTE_KERNEL));
	}
	va_map(page, pte_make(frame[0], PTE_KERNEL));
}

static void mmu_update(unsigned long n)
{
	uint64_t frame[2] = {va_to_mfn(page), va_to_mfn(other)};
	volatile uint64_t *entry = pt_populate(pt_root(), MM_WINDOW);

	for (unsigned long i = 0; i < n; i++) {
		pt_write(entry + i % 512,
		         pte_make(frame[i / 512 & 1], PTE_KERNEL));
	}
	for (unsigned long i = 0; i < 512; i++) {
		pt_write(entry + i, 0);
	}
}

static void event_channel(unsigned long n)
{
	for (unsigned long i = 0; i < n; i++) {
		port_close((evtchn_port_t)port_alloc_unbound(DOMID_SELF,
		                                             DOMID_SELF));
	}
}

static void new_root(unsigned long n)
{
	for (unsigned long i = 0; i < n; i++) {
		mmuext(MMUEXT_NEW_BASEPTR, pt_root(), 0);
	}
}

static void user_syscall(unsigned long n)
{
	struct regs regs;

	user_run(&regs, user_address(bench_user), 0);
	for (unsigned long i = 0; i < n; i++) {
		user_resume(&regs);
	}
}

static const struct {
	const char *name;
	void (*run)(unsigned long n);
	unsigned long count;
} parts[] = {
	{"null-call", null_call, 400000},
	{"exception", exception, 100000},
	{"page-fault", page_fault, 100000},
	{"trapped-cli", trapped_cli, 100000},
	{"clock-read", clock_read, 100000},
	{"port-read", port_read, 100000},
	{"va-mapping", va_mapping, 100000},
	{"mmu-update", mmu_update, 50000},
	{"event-channel", event_channel, 100000},
	{"new-root", new_root, 50000},
	{"user-syscall", user_syscall, 50000},
};

GUEST_TEST(bench)
{
	/* What the guest kernel needs for cli and port I/O. */
	struct physdev_set_iopl iopl = {.iopl = 1};

	hc_physdev_op(PHYSDEVOP_set_iopl, &iopl);
	for (unsigned int i = 0; i < ARRAY_LEN(parts); i++) {
		unsigned long count = boot_option("count", parts[i].count);

		if (boot_option("part", i) != i) {
			continue;
		}
		print("bench: %s start %lu\n", parts[i].name, count);
		parts[i].run(count);
		print("bench: %s done\n", parts[i].name);
	}
}
