/* SPDX-License-Identifier: MIT */
/*
 * Port I/O of a guest that has no ports: reads give all ones, writes are
 * ignored, without a fault, because kernels probe for devices. The string
 * forms move memory as the CPU would, a bounded number of elements at a time.
 */
#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/traps.h>
#include <pv/cpu_state.h>
#include <pv/emul.h>
#include <xen/xen.h>

#define STRING_BYTES 256 /* moved at most before the guest is resumed */

/* The counter by which kernels calibrate: they read it until it moves, 100,000
 * times when it reads as all ones. Zero is what none of them waits for. */
#define PORT_PIT_COUNTER2 0x42

/* Moves one element or several between guest memory and the port. */
typedef int string_move(struct vcpu *v, u64 va, size_t size);

static u16 port_of(const struct vcpu *v, const struct insn *in)
{
	bool immediate = in->opcode >= 0xe4 && in->opcode <= 0xe7;

	return immediate ? in->imm8 : (u16)v->s.regs.rdx;
}

enum emul emul_in(struct vcpu *v, const struct insn *in)
{
	u64 *rax = &v->s.regs.rax;

	switch (in->size) {
	case 1:
		*rax |= 0xff;
		if (port_of(v, in) == PORT_PIT_COUNTER2) {
			*rax &= ~0xffUL;
		}
		break;
	case 2:
		*rax |= 0xffff;
		break;
	default:
		*rax = 0xffffffff;
	}
	return EMUL_DONE;
}

enum emul emul_out(struct vcpu *v, const struct insn *in)
{
	(void)v;
	(void)in;
	return EMUL_DONE;
}

static int move_in(struct vcpu *v, u64 va, size_t size)
{
	u8 ones[STRING_BYTES];

	memset(ones, 0xff, size);
	return vcpu_copy_to(v, va, ones, size);
}

static int move_out(struct vcpu *v, u64 va, size_t size)
{
	u8 ignored[STRING_BYTES];

	return vcpu_copy_from(v, ignored, va, size);
}

static u64 width_mask(const struct insn *in)
{
	return in->address32 ? 0xffffffff : ~0UL;
}

/* How many elements this time. With TF set the CPU stops after each. */
static u64 string_count(const struct cpu_regs *r, const struct insn *in)
{
	u64 count = in->rep ? r->rcx & width_mask(in) : 1;

	if (r->rflags & (RFLAGS_DF | RFLAGS_TF)) {
		return MIN(count, 1);
	}
	return MIN(count, STRING_BYTES / in->size);
}

/* One element at @va could not be moved: the fault the CPU would report. */
static enum emul string_fault(struct vcpu *v, u64 va, const struct insn *in,
                              bool write)
{
	u64 last = va + in->size - 1;
	struct walk w;
	u32 code = write ? PFEC_WRITE : 0;

	if (!is_canonical(va) || !is_canonical(last)) {
		return EMUL_FAULT;
	}
	if (guest_walk(v, va, &w) && (!write || (w.rights & PTE_RW))) {
		va = MAX(va, ROUND_DOWN(last, PAGE_SIZE));
	}
	if (guest_walk(v, va, &w)) {
		code |= PFEC_PRESENT;
	}
	guest_page_fault(v, va, code);
	return EMUL_TRAP;
}

static void string_advance(struct cpu_regs *r, u64 *index, u64 count,
                           const struct insn *in)
{
	u64 delta = count * in->size;
	u64 mask = width_mask(in);

	*index = (r->rflags & RFLAGS_DF ? *index - delta : *index + delta) &
	         mask;
	if (in->rep) {
		r->rcx = (r->rcx - count) & mask;
	}
}

static enum emul string_io(struct vcpu *v, const struct insn *in, u64 *index,
                           u64 base, bool write)
{
	string_move *move = write ? move_in : move_out;
	struct cpu_regs *r = &v->s.regs;
	u64 count = string_count(r, in);
	u64 va = base + (*index & width_mask(in));

	if (count == 0) {
		return EMUL_DONE;
	}
	if (move(v, va, count * in->size) != 0) {
		count = 1;
		if (move(v, va, in->size) != 0) {
			return string_fault(v, va, in, write);
		}
	}
	string_advance(r, index, count, in);
	return in->rep && r->rcx != 0 ? EMUL_AGAIN : EMUL_DONE;
}

enum emul emul_ins(struct vcpu *v, const struct insn *in)
{
	return string_io(v, in, &v->s.regs.rdi, 0, true);
}

enum emul emul_outs(struct vcpu *v, const struct insn *in)
{
	u64 base = 0;

	if (in->segment == INSN_SEG_FS) {
		base = segment_base_get(v, SEGBASE_FS);
	} else if (in->segment == INSN_SEG_GS) {
		base = segment_base_get(v, v->s.kernel_mode ? SEGBASE_GS_KERNEL
		                                            : SEGBASE_GS_USER);
	}
	return string_io(v, in, &v->s.regs.rsi, base, false);
}
