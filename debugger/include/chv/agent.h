/* SPDX-License-Identifier: MIT */
/*
 * GDB's agent expressions: the bytecode that it sends with a breakpoint's
 * condition, so that hits which do not matter cost no round trip.
 *
 * The program is hostile input: evaluation is bounded in stack and in steps,
 * and reads the guest only through the caller's functions. See "The GDB
 * Agent Expression Mechanism" in GDB's manual.
 */
#ifndef CHV_AGENT_H
#define CHV_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGENT_STACK 64
#define AGENT_STEPS 10000

/** How a program reaches the guest; false means "cannot be read". */
struct agent_env {
	bool (*read_reg)(void *ctx, unsigned int nr, uint64_t *value);
	bool (*read_mem)(void *ctx, uint64_t addr, void *buf, size_t len);
	void *ctx;
};

enum agent_status {
	AGENT_OK,
	AGENT_BAD_OPCODE,
	AGENT_BAD_OPERAND, /* The program ends inside an instruction. */
	AGENT_BAD_JUMP,
	AGENT_STACK_FAULT,
	AGENT_MEMORY_FAULT,
	AGENT_REGISTER_FAULT,
	AGENT_DIVIDE_BY_ZERO,
	AGENT_TOO_LONG,
};

/**
 * Run @len bytes of @code. On AGENT_OK @result is the top of the stack (0
 * when it is empty). Anything else means that the caller should stop the
 * guest and let GDB decide.
 */
enum agent_status agent_eval(const uint8_t *code, size_t len,
                             const struct agent_env *env, uint64_t *result);

#endif
