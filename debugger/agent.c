/* SPDX-License-Identifier: MIT */
/*
 * The evaluator of GDB's agent expressions: see agent.h.
 *
 * Only what conditions need is here: arithmetic, memory, registers, jumps.
 * Tracing, floating point and trace state variables are unknown opcodes,
 * which makes the guest stop and GDB evaluate the condition itself.
 */
#include <chv/agent.h>

#include <string.h>

/* Opcode numbers: GDB's manual, "Bytecode Descriptions". */
enum {
	OP_ADD = 0x02,
	OP_SUB = 0x03,
	OP_MUL = 0x04,
	OP_DIV_SIGNED = 0x05,
	OP_DIV_UNSIGNED = 0x06,
	OP_REM_SIGNED = 0x07,
	OP_REM_UNSIGNED = 0x08,
	OP_LSH = 0x09,
	OP_RSH_SIGNED = 0x0a,
	OP_RSH_UNSIGNED = 0x0b,
	OP_LOG_NOT = 0x0e,
	OP_BIT_AND = 0x0f,
	OP_BIT_OR = 0x10,
	OP_BIT_XOR = 0x11,
	OP_BIT_NOT = 0x12,
	OP_EQUAL = 0x13,
	OP_LESS_SIGNED = 0x14,
	OP_LESS_UNSIGNED = 0x15,
	OP_EXT = 0x16,
	OP_REF8 = 0x17,
	OP_REF16 = 0x18,
	OP_REF32 = 0x19,
	OP_REF64 = 0x1a,
	OP_IF_GOTO = 0x20,
	OP_GOTO = 0x21,
	OP_CONST8 = 0x22,
	OP_CONST16 = 0x23,
	OP_CONST32 = 0x24,
	OP_CONST64 = 0x25,
	OP_REG = 0x26,
	OP_END = 0x27,
	OP_DUP = 0x28,
	OP_POP = 0x29,
	OP_ZERO_EXT = 0x2a,
	OP_SWAP = 0x2b,
	OP_PICK = 0x32,
	OP_ROT = 0x33,
};

struct vm {
	const uint8_t *code;
	size_t len;
	size_t pc;
	const struct agent_env *env;
	enum agent_status status;
	unsigned int depth;
	uint64_t stack[AGENT_STACK];
};

static void fail(struct vm *vm, enum agent_status status)
{
	if (vm->status == AGENT_OK) {
		vm->status = status;
	}
}

static void push(struct vm *vm, uint64_t value)
{
	if (vm->depth >= AGENT_STACK) {
		fail(vm, AGENT_STACK_FAULT);
		return;
	}
	vm->stack[vm->depth++] = value;
}

static uint64_t pop(struct vm *vm)
{
	if (vm->depth == 0) {
		fail(vm, AGENT_STACK_FAULT);
		return 0;
	}
	return vm->stack[--vm->depth];
}

/* Operands are big-endian whatever the guest is. */
static uint64_t operand(struct vm *vm, size_t len)
{
	uint64_t value = 0;

	if (vm->len - vm->pc < len) {
		fail(vm, AGENT_BAD_OPERAND);
		return 0;
	}
	for (size_t i = 0; i < len; i++) {
		value = value << 8 | vm->code[vm->pc++];
	}
	return value;
}

static uint64_t sign_extend(uint64_t value, unsigned int bits)
{
	uint64_t sign = 1ULL << (bits - 1);

	return ((value & (sign | (sign - 1))) ^ sign) - sign;
}

static uint64_t divide_signed(struct vm *vm, uint8_t op, uint64_t a, uint64_t b)
{
	if (b == 0) {
		fail(vm, AGENT_DIVIDE_BY_ZERO);
		return 0;
	}
	if (b == UINT64_MAX) {
		/* The one quotient that does not fit wraps to itself. */
		return op == OP_DIV_SIGNED ? 0 - a : 0;
	}
	return op == OP_DIV_SIGNED ? (uint64_t)((int64_t)a / (int64_t)b)
	                           : (uint64_t)((int64_t)a % (int64_t)b);
}

static uint64_t divide_unsigned(struct vm *vm, uint8_t op, uint64_t a,
                                uint64_t b)
{
	if (b == 0) {
		fail(vm, AGENT_DIVIDE_BY_ZERO);
		return 0;
	}
	return op == OP_DIV_UNSIGNED ? a / b : a % b;
}

static uint64_t shift(uint8_t op, uint64_t a, uint64_t count)
{
	bool out = count >= 64;

	switch (op) {
	case OP_LSH:
		return out ? 0 : a << count;
	case OP_RSH_UNSIGNED:
		return out ? 0 : a >> count;
	default:
		return (uint64_t)((int64_t)a >> (out ? 63 : count));
	}
}

static bool is_binary(uint8_t op)
{
	return (op >= OP_ADD && op <= OP_RSH_UNSIGNED) ||
	       (op >= OP_BIT_AND && op <= OP_BIT_XOR) ||
	       (op >= OP_EQUAL && op <= OP_LESS_UNSIGNED);
}

static void binary(struct vm *vm, uint8_t op)
{
	uint64_t b = pop(vm);
	uint64_t a = pop(vm);
	uint64_t value;

	switch (op) {
	case OP_ADD:
		value = a + b;
		break;
	case OP_SUB:
		value = a - b;
		break;
	case OP_MUL:
		value = a * b;
		break;
	case OP_DIV_SIGNED:
	case OP_REM_SIGNED:
		value = divide_signed(vm, op, a, b);
		break;
	case OP_DIV_UNSIGNED:
	case OP_REM_UNSIGNED:
		value = divide_unsigned(vm, op, a, b);
		break;
	case OP_LSH:
	case OP_RSH_SIGNED:
	case OP_RSH_UNSIGNED:
		value = shift(op, a, b);
		break;
	case OP_BIT_AND:
		value = a & b;
		break;
	case OP_BIT_OR:
		value = a | b;
		break;
	case OP_BIT_XOR:
		value = a ^ b;
		break;
	case OP_EQUAL:
		value = a == b;
		break;
	case OP_LESS_SIGNED:
		value = (int64_t)a < (int64_t)b;
		break;
	default:
		value = a < b;
		break;
	}
	push(vm, value);
}

static void extend(struct vm *vm, bool is_signed)
{
	uint64_t bits = operand(vm, 1);
	uint64_t value = pop(vm);

	if (bits == 0 || bits > 64) {
		fail(vm, AGENT_BAD_OPERAND);
		return;
	}
	if (is_signed) {
		push(vm, sign_extend(value, (unsigned int)bits));
	} else {
		push(vm, bits == 64 ? value : value & ((1ULL << bits) - 1));
	}
}

static void reference(struct vm *vm, size_t len)
{
	uint64_t value = 0;
	uint64_t addr = pop(vm);

	if (vm->status != AGENT_OK) {
		return;
	}
	if (!vm->env->read_mem(vm->env->ctx, addr, &value, len)) {
		fail(vm, AGENT_MEMORY_FAULT);
		return;
	}
	push(vm, value);
}

static void jump(struct vm *vm, bool conditional)
{
	uint64_t to = operand(vm, 2);

	if (conditional && pop(vm) == 0) {
		return;
	}
	if (to >= vm->len) {
		fail(vm, AGENT_BAD_JUMP);
		return;
	}
	vm->pc = (size_t)to;
}

static void read_register(struct vm *vm)
{
	uint64_t value = 0;
	uint64_t nr = operand(vm, 2);

	if (vm->status != AGENT_OK) {
		return;
	}
	if (!vm->env->read_reg(vm->env->ctx, (unsigned int)nr, &value)) {
		fail(vm, AGENT_REGISTER_FAULT);
		return;
	}
	push(vm, value);
}

static void pick(struct vm *vm)
{
	uint64_t n = operand(vm, 1);

	if (n >= vm->depth) {
		fail(vm, AGENT_STACK_FAULT);
		return;
	}
	push(vm, vm->stack[vm->depth - 1 - n]);
}

/* a b c -> c a b, c on the top before. */
static void rotate(struct vm *vm)
{
	uint64_t c = pop(vm);
	uint64_t b = pop(vm);
	uint64_t a = pop(vm);

	push(vm, c);
	push(vm, a);
	push(vm, b);
}

static void swap(struct vm *vm)
{
	uint64_t b = pop(vm);
	uint64_t a = pop(vm);

	push(vm, b);
	push(vm, a);
}

/* Returns false for an opcode that only moves or makes no values. */
static bool stack_op(struct vm *vm, uint8_t op)
{
	switch (op) {
	case OP_CONST8:
	case OP_CONST16:
	case OP_CONST32:
	case OP_CONST64:
		push(vm, operand(vm, (size_t)1 << (op - OP_CONST8)));
		return true;
	case OP_DUP:
		push(vm, pop(vm));
		push(vm, vm->depth > 0 ? vm->stack[vm->depth - 1] : 0);
		return true;
	case OP_POP:
		pop(vm);
		return true;
	case OP_SWAP:
		swap(vm);
		return true;
	case OP_PICK:
		pick(vm);
		return true;
	case OP_ROT:
		rotate(vm);
		return true;
	case OP_LOG_NOT:
		push(vm, pop(vm) == 0);
		return true;
	case OP_BIT_NOT:
		push(vm, ~pop(vm));
		return true;
	default:
		return false;
	}
}

static bool machine_op(struct vm *vm, uint8_t op)
{
	switch (op) {
	case OP_EXT:
	case OP_ZERO_EXT:
		extend(vm, op == OP_EXT);
		return true;
	case OP_REF8:
	case OP_REF16:
	case OP_REF32:
	case OP_REF64:
		reference(vm, (size_t)1 << (op - OP_REF8));
		return true;
	case OP_IF_GOTO:
	case OP_GOTO:
		jump(vm, op == OP_IF_GOTO);
		return true;
	case OP_REG:
		read_register(vm);
		return true;
	default:
		return false;
	}
}

static void execute(struct vm *vm, uint8_t op)
{
	if (stack_op(vm, op) || machine_op(vm, op)) {
		return;
	}
	if (!is_binary(op)) {
		fail(vm, AGENT_BAD_OPCODE);
		return;
	}
	binary(vm, op);
}

enum agent_status agent_eval(const uint8_t *code, size_t len,
                             const struct agent_env *env, uint64_t *result)
{
	struct vm vm = {.code = code, .len = len, .env = env};

	for (unsigned int step = 0; step < AGENT_STEPS; step++) {
		uint8_t op = (uint8_t)operand(&vm, 1);

		if (vm.status == AGENT_OK && op == OP_END) {
			*result = vm.depth > 0 ? vm.stack[vm.depth - 1] : 0;
			return AGENT_OK;
		}
		if (vm.status == AGENT_OK) {
			execute(&vm, op);
		}
		if (vm.status != AGENT_OK) {
			return vm.status;
		}
	}
	return AGENT_TOO_LONG;
}
