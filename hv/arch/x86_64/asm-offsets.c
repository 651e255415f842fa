/* SPDX-License-Identifier: MIT */
/*
 * Structure offsets for assembly. The build compiles this file to assembly
 * and turns each "->" line into a #define in build/include/asm-offsets.h.
 */
#include <arch/percpu.h>
#include <hv/domain.h>

#define OFFSET(name, type, field)                                              \
	__asm__ volatile("\n-> " #name " %0" ::"i"(offsetof(type, field)))
#define SIZE(name, type)                                                       \
	__asm__ volatile("\n-> " #name " %0" ::"i"(sizeof(type)))

void asm_offsets(void);
void asm_offsets(void)
{
	OFFSET(R_R15, struct cpu_regs, r15);
	OFFSET(R_RBP, struct cpu_regs, rbp);
	OFFSET(R_RSI, struct cpu_regs, rsi);
	OFFSET(R_RDI, struct cpu_regs, rdi);
	OFFSET(R_ERROR, struct cpu_regs, error_code);
	OFFSET(R_VECTOR, struct cpu_regs, vector);
	OFFSET(R_RIP, struct cpu_regs, rip);
	OFFSET(R_CS, struct cpu_regs, cs);
	OFFSET(R_RFLAGS, struct cpu_regs, rflags);
	OFFSET(R_RSP, struct cpu_regs, rsp);
	OFFSET(R_SS, struct cpu_regs, ss);
	SIZE(R_SIZE, struct cpu_regs);
	OFFSET(V_HV_RSP, struct vcpu, hv_rsp);
	OFFSET(V_EXIT_CR2, struct vcpu, exit_cr2);
	OFFSET(V_ENTRY_TSC, struct vcpu, entry_tsc);
	OFFSET(V_EXIT_TSC, struct vcpu, exit_tsc);
	OFFSET(V_SHOT, struct vcpu, shot_ticks);
	OFFSET(C_RUNNING, struct cpu, running);
	OFFSET(C_SCRATCH, struct cpu, scratch);
	OFFSET(C_REGS_END, struct cpu, regs_end);
}
