/* SPDX-License-Identifier: MIT */
/*
 * The emulation of page-table writes against this machine's CPU: random
 * instructions of all forms are executed natively and by ptwr_decode() and
 * ptwr_execute(), and memory, registers and defined flags must agree. What is
 * no such instruction, or is cut short, is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include <mm/ptwr_decode.h>

#define ROUNDS 200000
#define ARITH                                                                  \
	(RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

static unsigned long state = 7;
static u8 *code; /* executable */
static u64 operand[2];

static u64 rnd(void)
{
	u64 z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* Values with many equal, zero and all-ones parts. */
static u64 value(void)
{
	static const u64 some[] = {
		0, 1, ~0UL, 0x80, 0x7f, 0x8000000000000000, 0x80000000, 0xff00};

	return rnd() & 1 ? rnd() : some[rnd() % ARRAY_SIZE(some)];
}

struct builder {
	u8 bytes[16];
	unsigned int n;
	unsigned int reg; /* 0 to 15 */
};

static void put(struct builder *b, u8 byte)
{
	b->bytes[b->n++] = byte;
}

/* [rdi] in one of its encodings. */
static void put_modrm(struct builder *b, unsigned int reg)
{
	u8 r = (u8)((reg & 7) << 3);

	switch (rnd() % 4) {
	case 0:
		put(b, r | 7);
		break;
	case 1:
		put(b, 0x40 | r | 7);
		put(b, 0);
		break;
	case 2:
		put(b, 0x80 | r | 7);
		put(b, 0);
		put(b, 0);
		put(b, 0);
		put(b, 0);
		break;
	default:
		put(b, r | 4);
		put(b, 0x27); /* base rdi, no index */
		break;
	}
}

static void put_immediate(struct builder *b, unsigned int n)
{
	u64 v = value();

	for (unsigned int i = 0; i < n; i++) {
		put(b, (u8)(v >> 8 * i));
	}
}

/* Byte registers 4 to 6 without REX: ah, ch, dh. */
static bool is_high_byte(unsigned int reg)
{
	return reg >= 4 && reg <= 6;
}

/* Prefixes of an operand size: 66, REX.W, or none. Sets rex.R for reg. */
static void put_prefixes(struct builder *b, unsigned int size, bool byte,
                         bool lock)
{
	u8 rex = (u8)(0x40 | (size == 8 && !byte ? 8 : 0) |
	              (b->reg >= 8 ? 4 : 0));

	if (lock) {
		put(b, 0xf0);
	} else if (rnd() % 4 == 0) {
		put(b, 0x3e);
	}
	if (size == 2 && !byte) {
		put(b, 0x66);
	}
	if (!is_high_byte(b->reg) && (rex != 0x40 || rnd() % 4 == 0)) {
		put(b, rex);
	}
}

static const unsigned int sizes[] = {1, 2, 4, 8};
/* Registers that the native call can set and read. */
static const unsigned int registers[] = {0, 1, 2, 8, 9, 10, 11};

static void build_arith(struct builder *b, unsigned int size)
{
	static const u8 ops[] = {0, 1, 4, 5, 6};
	u8 op = ops[rnd() % ARRAY_SIZE(ops)];
	bool byte = size == 1;

	put_prefixes(b, size, byte, rnd() & 1);
	switch (rnd() % 3) {
	case 0:
		put(b, (u8)(op << 3 | !byte));
		put_modrm(b, b->reg);
		break;
	case 1:
		put(b, byte ? 0x80 : 0x81);
		put_modrm(b, op);
		put_immediate(b, MIN(size, 4u));
		break;
	default:
		put(b, byte ? 0x80 : 0x83);
		put_modrm(b, op);
		put_immediate(b, 1);
		break;
	}
}

static void build_move(struct builder *b, unsigned int size)
{
	bool byte = size == 1;

	put_prefixes(b, size, byte, false);
	switch (rnd() % 3) {
	case 0:
		put(b, 0x88 | !byte);
		put_modrm(b, b->reg);
		break;
	case 1:
		put(b, 0x86 | !byte);
		put_modrm(b, b->reg);
		break;
	default:
		put(b, 0xc6 | !byte);
		put_modrm(b, 0);
		put_immediate(b, MIN(size, 4u));
		break;
	}
}

static void build_cmpxchg(struct builder *b, unsigned int size)
{
	put_prefixes(b, size, size == 1, rnd() & 1);
	put(b, 0x0f);
	put(b, 0xb0 | (size != 1));
	put_modrm(b, b->reg);
}

static void build_bit(struct builder *b, unsigned int size)
{
	static const u8 ops[] = {0xab, 0xb3, 0xbb};

	size = MAX(size, 2u);
	put_prefixes(b, size, false, rnd() & 1);
	put(b, 0x0f);
	if (rnd() & 1) {
		put(b, 0xba);
		put_modrm(b, 5 + (unsigned int)rnd() % 3);
		put_immediate(b, 1);
	} else {
		put(b, ops[rnd() % ARRAY_SIZE(ops)]);
		put_modrm(b, b->reg);
	}
}

static void build(struct builder *b)
{
	static void (*const kinds[])(struct builder *, unsigned int) = {
		build_arith, build_move, build_cmpxchg, build_bit};

	unsigned int kind = (unsigned int)rnd() % ARRAY_SIZE(kinds);
	unsigned int size = sizes[rnd() % 4];

	*b = (struct builder){.reg = registers[rnd() % ARRAY_SIZE(registers)]};
	if (size == 1 && kinds[kind] != build_bit && rnd() % 3 == 0) {
		b->reg = 4 + (unsigned int)rnd() % 3;
	}
	kinds[kind](b, size);
}

static void run_native(struct cpu_regs *r)
{
	u64 io[8] = {r->rax, r->rcx, r->rdx,    r->r8,
	             r->r9,  r->r10, r->rflags, r->r11};

	__asm__ volatile("sub $128, %%rsp\n\t"
	                 "mov %0, %%rsi\n\t"
	                 "mov 0(%%rsi), %%rax\n\t"
	                 "mov 8(%%rsi), %%rcx\n\t"
	                 "mov 16(%%rsi), %%rdx\n\t"
	                 "mov 24(%%rsi), %%r8\n\t"
	                 "mov 32(%%rsi), %%r9\n\t"
	                 "mov 40(%%rsi), %%r10\n\t"
	                 "mov 56(%%rsi), %%r11\n\t"
	                 "pushq 48(%%rsi)\n\t"
	                 "popfq\n\t"
	                 "call *%1\n\t"
	                 "pushfq\n\t"
	                 "popq 48(%%rsi)\n\t"
	                 "mov %%rax, 0(%%rsi)\n\t"
	                 "mov %%rcx, 8(%%rsi)\n\t"
	                 "mov %%rdx, 16(%%rsi)\n\t"
	                 "mov %%r8, 24(%%rsi)\n\t"
	                 "mov %%r9, 32(%%rsi)\n\t"
	                 "mov %%r10, 40(%%rsi)\n\t"
	                 "mov %%r11, 56(%%rsi)\n\t"
	                 "add $128, %%rsp\n\t"
	                 :
	                 : "r"(io), "r"(code), "D"(operand)
	                 : "rax", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11",
	                   "memory", "cc");
	r->rax = io[0];
	r->rcx = io[1];
	r->rdx = io[2];
	r->r8 = io[3];
	r->r9 = io[4];
	r->r10 = io[5];
	r->rflags = io[6];
	r->r11 = io[7];
}

static u64 size_mask(unsigned int size)
{
	return size == 8 ? ~0UL : (1UL << 8 * size) - 1;
}

static u64 defined_flags(enum ptwr_kind kind)
{
	switch (kind) {
	case PTWR_AND:
	case PTWR_OR:
	case PTWR_XOR:
		return ARITH & ~RFLAGS_AF;
	case PTWR_BTS:
	case PTWR_BTR:
	case PTWR_BTC:
		return RFLAGS_CF | RFLAGS_ZF;
	default:
		return ARITH;
	}
}

static void random_registers(struct cpu_regs *r)
{
	memset(r, 0, sizeof(*r));
	r->rax = value();
	r->rcx = value();
	r->rdx = value();
	r->r8 = value();
	r->r9 = value();
	r->r10 = value();
	r->r11 = value();
	r->rflags = (rnd() & ARITH) | RFLAGS_IF | RFLAGS_MBS;
}

/* A bit number in a register may reach beyond the operand; the emulation is
 * told the address that the CPU would use. Keep it inside. */
static void keep_bit_inside(const struct ptwr_insn *i, struct cpu_regs *r)
{
	u64 *const slot[] = {&r->rax, &r->rcx, &r->rdx, NULL,
	                     NULL,    NULL,    NULL,    NULL,
	                     &r->r8,  &r->r9,  &r->r10, &r->r11};

	if (i->kind >= PTWR_BTS && i->from_register) {
		*slot[i->reg] &= 8 * i->size - 1;
	}
}

static void compare_one(void)
{
	struct builder b;
	struct ptwr_insn insn;
	struct ptwr_effect e;
	struct cpu_regs regs, native;
	u64 old, mask, flags;

	build(&b);
	memcpy(code, b.bytes, b.n);
	code[b.n] = 0xc3; /* ret */
	assert_true(ptwr_decode(code, INSN_MAX, &insn));
	assert_int_equal(insn.length, b.n);
	for (unsigned int n = 0; n < b.n; n++) {
		struct ptwr_insn cut;

		assert_false(ptwr_decode(code, n, &cut));
	}
	random_registers(&regs);
	keep_bit_inside(&insn, &regs);
	operand[0] = rnd() & 3 ? value() : regs.rax;
	operand[1] = 0x1122334455667788;
	old = operand[0];
	mask = size_mask(insn.size);
	native = regs;
	run_native(&native);
	ptwr_execute(&insn, &regs, old & mask, &e);
	if (e.set_reg) {
		ptwr_set_register(&regs, e.reg, insn.size, e.reg_value);
	}
	assert_int_equal(operand[0], (old & ~mask) | e.memory);
	assert_int_equal(operand[1], 0x1122334455667788);
	assert_int_equal(native.rax, regs.rax);
	assert_int_equal(native.rcx, regs.rcx);
	assert_int_equal(native.rdx, regs.rdx);
	assert_int_equal(native.r8, regs.r8);
	assert_int_equal(native.r9, regs.r9);
	assert_int_equal(native.r10, regs.r10);
	assert_int_equal(native.r11, regs.r11);
	flags = defined_flags(insn.kind);
	assert_int_equal(native.rflags & flags, e.rflags & flags);
}

static void test_native(void **s)
{
	(void)s;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		compare_one();
	}
}

static void test_refused(void **s)
{
	static const u8 refused[][6] = {
		{0x48, 0x89, 0xf8},             /* mov rax, rdi */
		{0x48, 0x8b, 0x07},             /* mov rax, [rdi] */
		{0x48, 0x39, 0x07},             /* cmp [rdi], rax */
		{0x48, 0x11, 0x07},             /* adc [rdi], rax */
		{0x48, 0x83, 0x3f, 0x00},       /* cmp qword [rdi], 0 */
		{0x48, 0x0f, 0xba, 0x27, 0x05}, /* bt qword [rdi], 5 */
		{0x48, 0xc7, 0x0f, 0x00},       /* c7 /1 */
		{0xf3, 0x48, 0xab},             /* rep stosq */
		{0x0f, 0xc7, 0x0f},             /* cmpxchg8b */
		{0x0f, 0x11, 0x07},             /* movups [rdi], xmm0 */
		{0xc3},
		{0x66, 0x66, 0x66, 0x66, 0x66, 0x66},
	};

	(void)s;
	for (unsigned int i = 0; i < ARRAY_SIZE(refused); i++) {
		struct ptwr_insn insn;

		assert_false(ptwr_decode(refused[i], 6, &insn));
	}
}

static void test_any_bytes(void **s)
{
	(void)s;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct ptwr_insn insn;
		u8 bytes[INSN_MAX];

		for (unsigned int k = 0; k < INSN_MAX; k++) {
			bytes[k] = (u8)rnd();
		}
		if (ptwr_decode(bytes, INSN_MAX, &insn)) {
			assert_in_range(insn.length, 2, INSN_MAX);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_native),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_any_bytes),
	};

	code = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
	            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (code == MAP_FAILED) {
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
