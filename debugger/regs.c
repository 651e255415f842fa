/* SPDX-License-Identifier: MIT */
/*
 * The table of registers, made from regs.def: see regs.h.
 */
#include <chv/regs.h>

#include <string.h>

const struct chv_reg_desc chv_reg_table[CHV_NR_REGS] = {
#define REG(name, field, bits, type, feature)                                  \
	{#name, offsetof(struct chv_regs, field), bits, type, feature},
#include <chv/regs.def>
#undef REG
};

_Static_assert(CHV_REG_rip == 16, "GDB numbers rip 16");
_Static_assert(CHV_REG_xmm0 == 40, "GDB numbers xmm0 40");
_Static_assert(CHV_REG_mxcsr == 56, "GDB numbers mxcsr 56");

void *chv_reg_ptr(struct chv_regs *regs, unsigned int nr)
{
	return (char *)regs + chv_reg_table[nr].offset;
}

bool chv_reg_known(const struct chv_regs *regs, unsigned int nr)
{
	return !regs->no_fpu || nr < CHV_REG_st0 || nr > CHV_REG_mxcsr;
}

uint64_t chv_reg_value(const struct chv_regs *regs, unsigned int nr)
{
	uint64_t value = 0;
	const struct chv_reg_desc *desc = &chv_reg_table[nr];

	if (desc->bits <= 64) {
		memcpy(&value, (const char *)regs + desc->offset,
		       desc->bits / 8);
	}
	return value;
}

int chv_reg_find(const char *name)
{
	for (int nr = 0; nr < CHV_NR_REGS; nr++) {
		if (strcmp(chv_reg_table[nr].name, name) == 0) {
			return nr;
		}
	}
	return -1;
}
