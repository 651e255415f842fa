/* SPDX-License-Identifier: MIT */
/*
 * MSRs as a guest kernel sees them: a table of numbers with what reading gives
 * and whether writing is obeyed, ignored or refused. A number that is not in
 * the table is a #GP in both directions.
 */
#include <arch/cpu.h>
#include <hv/lib.h>
#include <hv/traps.h>
#include <pv/cpu_state.h>
#include <pv/emul.h>

#define MSR_TSC           0x10
#define MSR_PLATFORM_ID   0x17
#define MSR_UCODE_REV     0x8b
#define MSR_MCG_CAP       0x179
#define MSR_MCG_STATUS    0x17a
#define MSR_MISC_ENABLE   0x1a0
#define MSR_AMD_SYSCFG    0xc0010010
#define MSR_AMD_HWCR      0xc0010015
#define MSR_AMD_OSVW_LEN  0xc0010140
#define MSR_AMD_OSVW_BITS 0xc0010141
#define MSR_AMD_DE_CFG    0xc0011029

#define EFER_GUEST 0xd01UL              /* SCE LME LMA NX */
#define PAT_GUEST  0x0000050100070406UL /* fixed by the ABI */

#define APIC_BASE_ADDRESS 0xfee00000UL
#define APIC_BASE_ENABLED 0x800UL
#define APIC_BASE_BSP     0x100UL
/* Fast strings; neither branch trace store nor PEBS. */
#define MISC_ENABLE_GUEST 0x1801UL
/* LFENCE serialises. */
#define DE_CFG_GUEST      0x2UL

enum on_write { REFUSE, IGNORE, SAME_ONLY, OBEY };

struct msr_row {
	u32 msr;
	u8 on_write;
	u64 constant; /* read when @read is NULL */
	u64 (*read)(struct vcpu *v);
	int (*write)(struct vcpu *v, u64 value);
};

static u64 read_fs(struct vcpu *v)
{
	return segment_base_get(v, SEGBASE_FS);
}

static int write_fs(struct vcpu *v, u64 value)
{
	return segment_base_set(v, SEGBASE_FS, value);
}

static u64 read_gs(struct vcpu *v)
{
	return segment_base_get(v, SEGBASE_GS_KERNEL);
}

static int write_gs(struct vcpu *v, u64 value)
{
	return segment_base_set(v, SEGBASE_GS_KERNEL, value);
}

static u64 read_gs_user(struct vcpu *v)
{
	return segment_base_get(v, SEGBASE_GS_USER);
}

static int write_gs_user(struct vcpu *v, u64 value)
{
	return segment_base_set(v, SEGBASE_GS_USER, value);
}

static u64 read_apic_base(struct vcpu *v)
{
	u64 base = APIC_BASE_ADDRESS | APIC_BASE_ENABLED;

	return v->id == 0 ? base | APIC_BASE_BSP : base;
}

static const struct msr_row rows[] = {
	{MSR_TSC, REFUSE, 0, vcpu_read_tsc, NULL},
	{MSR_PLATFORM_ID, IGNORE, 0, NULL, NULL},
	{MSR_APIC_BASE, IGNORE, 0, read_apic_base, NULL},
	{MSR_UCODE_REV, IGNORE, 0, NULL, NULL},
	{MSR_MCG_CAP, IGNORE, 0, NULL, NULL},
	{MSR_MCG_STATUS, IGNORE, 0, NULL, NULL},
	{MSR_MISC_ENABLE, IGNORE, MISC_ENABLE_GUEST, NULL, NULL},
	{MSR_PAT, REFUSE, PAT_GUEST, NULL, NULL},
	{MSR_EFER, SAME_ONLY, EFER_GUEST, NULL, NULL},
	{MSR_FS_BASE, OBEY, 0, read_fs, write_fs},
	{MSR_GS_BASE, OBEY, 0, read_gs, write_gs},
	{MSR_KERNEL_GS_BASE, OBEY, 0, read_gs_user, write_gs_user},
	{MSR_AMD_SYSCFG, IGNORE, 0, NULL, NULL},
	{MSR_AMD_HWCR, IGNORE, 0, NULL, NULL},
	{MSR_AMD_OSVW_LEN, IGNORE, 0, NULL, NULL},
	{MSR_AMD_OSVW_BITS, IGNORE, 0, NULL, NULL},
	{MSR_AMD_DE_CFG, IGNORE, DE_CFG_GUEST, NULL, NULL},
};

static const struct msr_row *row_find(u32 msr)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].msr == msr) {
			return &rows[i];
		}
	}
	return NULL;
}

/* Kernels read MSRs before they have a handler for the #GP: until then an
 * unknown one reads as 0. */
static bool read_unknown(const struct vcpu *v, u64 *value)
{
	*value = 0;
	return v->s.traps[X86_GP].address == 0;
}

bool guest_rdmsr(struct vcpu *v, u32 msr, u64 *value)
{
	const struct msr_row *row = row_find(msr);

	if (row == NULL) {
		return read_unknown(v, value);
	}
	*value = row->read != NULL ? row->read(v) : row->constant;
	return true;
}

bool guest_wrmsr(struct vcpu *v, u32 msr, u64 value)
{
	const struct msr_row *row = row_find(msr);

	switch (row != NULL ? row->on_write : REFUSE) {
	case OBEY:
		return row->write(v, value) == 0;
	case SAME_ONLY:
		return value == row->constant;
	case IGNORE:
		return true;
	default:
		return false;
	}
}
