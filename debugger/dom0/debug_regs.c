/* SPDX-License-Identifier: MIT */
/*
 * Registers between the hypervisor's structure and GDB's: names, widths, and
 * the FXSAVE image (SDM 1, table 10-2).
 */
#include <string.h>

#include <chrono.h>

#include "debug.h"

enum {
	FX_FCW = 0,
	FX_FSW = 2,
	FX_FTW = 4,
	FX_FOP = 6,
	FX_FIP = 8,
	FX_FDP = 16,
	FX_MXCSR = 24,
	FX_ST = 32,
	FX_XMM = 160,
};

static uint32_t load(const uint8_t *fx, size_t at, size_t len)
{
	uint32_t value = 0;

	memcpy(&value, fx + at, len);
	return value;
}

/* FXSAVE keeps "empty or not" per register, GDB wants two bits each. */
static uint32_t full_tags(uint32_t abridged)
{
	uint32_t tags = 0;

	for (unsigned int i = 0; i < 8; i++) {
		if ((abridged & 1u << i) == 0) {
			tags |= 3u << 2 * i;
		}
	}
	return tags;
}

static uint8_t abridged_tags(uint32_t full)
{
	uint8_t tags = 0;

	for (unsigned int i = 0; i < 8; i++) {
		if ((full >> 2 * i & 3) != 3) {
			tags = (uint8_t)(tags | 1u << i);
		}
	}
	return tags;
}

static void fpu_from(struct chv_regs *out, const uint8_t *fx)
{
	out->fpu[0] = load(fx, FX_FCW, 2);
	out->fpu[1] = load(fx, FX_FSW, 2);
	out->fpu[2] = full_tags(load(fx, FX_FTW, 1));
	out->fpu[4] = load(fx, FX_FIP, 4);
	out->fpu[6] = load(fx, FX_FDP, 4);
	out->fpu[7] = load(fx, FX_FOP, 2);
	out->mxcsr = load(fx, FX_MXCSR, 4);
	for (size_t i = 0; i < 8; i++) {
		memcpy(out->st[i], fx + FX_ST + 16 * i, 10);
	}
	memcpy(out->xmm, fx + FX_XMM, sizeof(out->xmm));
}

static void fpu_to(uint8_t *fx, const struct chv_regs *in)
{
	uint8_t tags = abridged_tags(in->fpu[2]);

	memcpy(fx + FX_FCW, &in->fpu[0], 2);
	memcpy(fx + FX_FSW, &in->fpu[1], 2);
	memcpy(fx + FX_FTW, &tags, 1);
	memcpy(fx + FX_FOP, &in->fpu[7], 2);
	memcpy(fx + FX_MXCSR, &in->mxcsr, 4);
	for (size_t i = 0; i < 8; i++) {
		memcpy(fx + FX_ST + 16 * i, in->st[i], 10);
	}
	memcpy(fx + FX_XMM, in->xmm, sizeof(in->xmm));
}

void dom0_regs_from(struct chv_regs *out, const struct chrono_regs *in)
{
	const uint64_t gpr[16] = {in->rax, in->rbx, in->rcx, in->rdx,
	                          in->rsi, in->rdi, in->rbp, in->rsp,
	                          in->r8,  in->r9,  in->r10, in->r11,
	                          in->r12, in->r13, in->r14, in->r15};
	const uint32_t seg[6] = {in->cs, in->ss, in->ds,
	                         in->es, in->fs, in->gs};

	memcpy(out->gpr, gpr, sizeof(gpr));
	memcpy(out->seg, seg, sizeof(seg));
	memcpy(out->dr, in->dr, sizeof(out->dr));
	out->rip = in->rip;
	out->eflags = (uint32_t)in->rflags;
	out->fs_base = in->fs_base;
	out->gs_base = in->gs_base;
	out->k_gs_base = in->gs_base_inactive;
	out->cr0 = in->cr0;
	out->cr2 = in->cr2;
	out->cr3 = in->cr3;
	out->cr3_user = in->cr3_user;
	out->cr4 = in->cr4;
	out->efer = in->efer;
	out->kernel_mode = in->kernel_mode;
	out->upcall_mask = in->upcall_mask;
	out->upcall_pending = in->upcall_pending;
	fpu_from(out, in->fpu);
}

void dom0_regs_to(struct chrono_regs *out, const struct chv_regs *in)
{
	uint64_t *const gpr[16] = {&out->rax, &out->rbx, &out->rcx, &out->rdx,
	                           &out->rsi, &out->rdi, &out->rbp, &out->rsp,
	                           &out->r8,  &out->r9,  &out->r10, &out->r11,
	                           &out->r12, &out->r13, &out->r14, &out->r15};
	uint16_t *const seg[6] = {&out->cs, &out->ss, &out->ds,
	                          &out->es, &out->fs, &out->gs};

	for (size_t i = 0; i < 16; i++) {
		*gpr[i] = in->gpr[i];
	}
	for (size_t i = 0; i < 6; i++) {
		*seg[i] = (uint16_t)in->seg[i];
	}
	out->rip = in->rip;
	out->rflags = (out->rflags & ~(uint64_t)UINT32_MAX) | in->eflags;
	out->fs_base = in->fs_base;
	out->gs_base = in->gs_base;
	out->gs_base_inactive = in->k_gs_base;
	fpu_to(out->fpu, in);
}
