/* SPDX-License-Identifier: MIT */
/*
 * The instructions that memory management uses, for the modelled CPU of
 * mm_cpu.h.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <hv/types.h>

void invlpg(u64 va);
u64 read_cr3(void);
void write_cr3(u64 pa);

#endif
