/* SPDX-License-Identifier: MIT */
/*
 * Panic: message, registers, symbolised backtrace by frame pointers, the ring
 * of last entries, then the end of the machine with status 15.
 */
#include <arch/cpu.h>
#include <arch/entry.h>
#include <arch/percpu.h>
#include <hv/lib.h>
#include <hv/panic.h>
#include <hv/timer.h>

#define PANIC_STATUS    15
#define BACKTRACE_DEPTH 24
#define RING_SIZE       32

struct entry_note {
	u64 rip, rax, rsp;
	u32 vector, error;
	domid_t domid;
};

static struct entry_note ring[RING_SIZE];
static u64 ring_next;

void entry_ring_add(const struct vcpu *v)
{
	ring[ring_next++ % RING_SIZE] = (struct entry_note){
		.rip = v->s.regs.rip,
		.rax = v->s.regs.rax,
		.rsp = v->s.regs.rsp,
		.vector = v->s.regs.vector,
		.error = v->s.regs.error_code,
		.domid = v->domain->id,
	};
}

static void print_ring(void)
{
	u64 first = ring_next > RING_SIZE ? ring_next - RING_SIZE : 0;

	log_error("last entries, oldest first:");
	for (u64 i = first; i < ring_next; i++) {
		const struct entry_note *e = &ring[i % RING_SIZE];

		log_error(
			"  d%u vector %u error %#x rip %#lx rsp %#lx rax %#lx",
			e->domid, e->vector, e->error, e->rip, e->rsp, e->rax);
	}
}

static void print_address(u64 addr)
{
	u64 off;
	const char *name = symbol_find(addr, &off);

	log_error("  %#lx %s+%#lx", addr, name ? name : "?", name ? off : 0);
}

/* A frame pointer is followed only inside the stack it started on. */
static void backtrace(u64 rip, u64 rbp)
{
	u64 stack = rbp & ~(STACK_SIZE - 1UL);

	log_error("backtrace:");
	print_address(rip);
	for (unsigned int i = 0; i < BACKTRACE_DEPTH; i++) {
		const u64 *frame = (const u64 *)rbp;

		if (rbp < stack || rbp >= stack + STACK_SIZE - 32 || rbp & 7 ||
		    !is_hv_va(rbp)) {
			break;
		}
		print_address(frame[1]);
		rbp = frame[0];
	}
}

static void __noreturn end(u64 rip, u64 rbp)
{
	backtrace(rip, rbp);
	print_ring();
	arch_shutdown(PANIC_STATUS);
}

void panic(const char *fmt, ...)
{
	static bool again;
	char buf[256];
	va_list ap;

	irq_disable();
	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	log_error("PANIC: %s", buf);
	if (again) {
		arch_shutdown(PANIC_STATUS);
	}
	again = true;
	end((u64)__builtin_return_address(0), (u64)__builtin_frame_address(0));
}

void panic_regs(const struct cpu_regs *r, u64 cr2)
{
	log_error("PANIC: vector %u error %#x in the hypervisor, cr2 %#lx",
	          r->vector, r->error_code, cr2);
	log_error("rip %#lx rsp %#lx rflags %#lx cs %#x", r->rip, r->rsp,
	          r->rflags, r->cs);
	log_error("rax %#lx rbx %#lx rcx %#lx rdx %#lx", r->rax, r->rbx, r->rcx,
	          r->rdx);
	log_error("rsi %#lx rdi %#lx rbp %#lx r8 %#lx", r->rsi, r->rdi, r->rbp,
	          r->r8);
	log_error("r9 %#lx r10 %#lx r11 %#lx r12 %#lx", r->r9, r->r10, r->r11,
	          r->r12);
	log_error("r13 %#lx r14 %#lx r15 %#lx", r->r13, r->r14, r->r15);
	end(r->rip, r->rbp);
}
