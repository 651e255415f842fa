/* SPDX-License-Identifier: MIT */
/*
 * The registers of one vCPU as a debugger sees them.
 *
 * regs.def numbers them once; the structure, the description that GDB reads
 * and the wire format all come from that table, so they cannot disagree.
 * Values are in the machine's (little-endian) order in memory.
 */
#ifndef CHV_REGS_H
#define CHV_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum chv_reg_number {
#define REG(name, field, bits, type, feature) CHV_REG_##name,
#include <chv/regs.def>
#undef REG
	CHV_NR_REGS
};

/* Registers from here on are not in GDB's "g" packet. */
#define CHV_NR_G_REGS CHV_REG_k_gs_base

/* The number of bytes that one register can have at most. */
#define CHV_REG_MAX_BYTES 16

struct chv_regs {
	uint64_t gpr[16]; /* rax rbx rcx rdx rsi rdi rbp rsp r8..r15 */
	uint64_t rip;
	uint32_t eflags;
	uint32_t seg[6]; /* cs ss ds es fs gs */
	uint8_t st[8][10];
	uint32_t fpu[8]; /* fctrl fstat ftag fiseg fioff foseg fooff fop */
	uint8_t xmm[16][16];
	uint32_t mxcsr;
	uint64_t fs_base;
	uint64_t gs_base;
	uint64_t k_gs_base; /* The GS base that is not active now. */
	uint64_t cr0, cr2, cr3, cr4, cr8, efer;
	uint64_t dr[8];
	uint64_t cr3_user; /* The second root of a PV guest. */
	uint32_t upcall_mask;
	uint32_t upcall_pending;
	uint32_t kernel_mode;
	uint64_t hv_event; /* struct chv_position, as registers. */
	uint64_t hv_entry;
	uint64_t hv_offset;
	uint64_t hv_time;
	bool no_fpu; /* st, fpu, xmm and mxcsr are not known. */
};

struct chv_reg_desc {
	const char *name;
	unsigned int offset; /* In struct chv_regs. */
	unsigned int bits;
	const char *type;
	const char *feature;
};

extern const struct chv_reg_desc chv_reg_table[CHV_NR_REGS];

/** The address of register @nr in @regs; @nr < CHV_NR_REGS. */
void *chv_reg_ptr(struct chv_regs *regs, unsigned int nr);

/** False when the value of @nr is not known in @regs. */
bool chv_reg_known(const struct chv_regs *regs, unsigned int nr);

/** The value of an integer register, zero-extended; 0 for wide ones. */
uint64_t chv_reg_value(const struct chv_regs *regs, unsigned int nr);

/** The register called @name, or -1. */
int chv_reg_find(const char *name);

#endif
