/* SPDX-License-Identifier: MIT */
/*
 * See fake_pv.h.
 */
#include "fake_pv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arch/desc.h>
#include <arch/entry.h>
#include <hv/evtchn.h>
#include <hv/mm.h>
#include <hv/rr.h>
#include <hv/timer.h>
#include <hv/traps.h>
#include <pv/cpu_state.h>
#include <xen/callback.h>

#define HANDLERS  (FAKE_KERNEL_VA + 0x100000)
#define CALLBACKS (FAKE_KERNEL_VA + 0x200000)

struct fake_pv fake;
u64 gdt_reserved_pa[2];
u64 frame_table_end; /* no guest here has frames by number */

/* The physical address that the direct map shows at host address @p. */
static u64 host_pa(const void *p)
{
	return (u64)p - DIRECT_VIRT;
}

/* The struct page of host memory; its address is all that may be used. */
static struct page *host_page(const void *p)
{
	u64 mfn = host_pa(p) >> PAGE_SHIFT;

	return (struct page *)(FRAMES_VIRT + mfn * sizeof(struct page));
}

static u64 *reserved(u16 selector)
{
	unsigned int index = (selector - HV_CS + 8) / 8;

	return &fake.reserved_gdt[index / 512][index % 512];
}

static void fill_reserved(void)
{
	*reserved(HV_CS) = 0x00af9b000000ffff;
	*reserved(HV_DS) = 0x00cf93000000ffff;
	*reserved(GUEST_CS32) = 0x00cffb000000ffff;
	*reserved(GUEST_DS) = 0x00cff3000000ffff;
	*reserved(GUEST_CS64) = 0x00affb000000ffff;
	*reserved(TSS_SELECTOR) = 0x00008b0000000067;
	for (unsigned int i = 0; i < 2; i++) {
		gdt_reserved_pa[i] = host_pa(fake.reserved_gdt[i]);
	}
}

u64 fake_handler(unsigned int vector)
{
	return HANDLERS + vector * 16;
}

u64 fake_callback(unsigned int type)
{
	return CALLBACKS + type * 16;
}

void fake_reset(void)
{
	struct vcpu *v = &fake.v;

	memset(&fake, 0, sizeof(fake));
	fill_reserved();
	fake.loaded = true;
	v->domain = &fake.d;
	v->info = &fake.info;
	vcpu_state_init(v);
	v->user_root = host_page(fake.user);
	v->gdt_pages[0] = host_page(fake.gdt);
	v->s.gdt_entries = 512;
	v->s.regs.rip = FAKE_KERNEL_VA;
	v->s.regs.rsp = FAKE_KERNEL_VA + FAKE_MEMORY / 2;
	v->s.kernel_sp = FAKE_KERNEL_VA + FAKE_MEMORY;
	for (unsigned int i = 0; i < NR_TRAPS; i++) {
		v->s.traps[i] = (struct guest_trap){
			.address = fake_handler(i),
		};
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(v->s.callbacks); i++) {
		v->s.callbacks[i].address = fake_callback(i);
	}
}

u64 fake_frame(unsigned int n)
{
	u64 word = 0;

	if (vcpu_copy_from(&fake.v, &word, fake.v.s.regs.rsp + 8 * n, 8) != 0) {
		abort();
	}
	return word;
}

void fake_code(const void *code, size_t size)
{
	if (vcpu_copy_to(&fake.v, fake.v.s.regs.rip, code, size) != 0) {
		abort();
	}
}

long fake_call(hc_handler *fn, u64 a0, u64 a1)
{
	struct hc_frame f = {.args = {a0, a1}};

	return fn(&fake.v, &f);
}

/* ---- the CPU ------------------------------------------------------------- */

struct vcpu *current_vcpu(void)
{
	return fake.loaded ? &fake.v : NULL;
}

u64 arch_read_fs_base(void)
{
	return fake.hw.fs_base;
}

u64 arch_read_gs_base(void)
{
	return fake.hw.gs_base;
}

void arch_write_fs_base(u64 base)
{
	fake.hw.fs_base = base;
}

void arch_write_gs_base(u64 base)
{
	fake.hw.gs_base = base;
}

void arch_load_cr3(struct vcpu *v)
{
	fake.hw.user_root = !v->s.kernel_mode;
	fake.hw.cr3_loads++;
}

void arch_load_ts(struct vcpu *v)
{
	fake.hw.ts = v->s.cr0_ts;
}

void arch_load_cr4(struct vcpu *v)
{
	(void)v;
	fake.hw.cr4_loads++;
}

void arch_load_debugregs(struct vcpu *v)
{
	(void)v;
	fake.hw.debug_loads++;
}

u64 arch_take_dr6(void)
{
	u64 dr6 = fake.hw.dr6;

	fake.hw.dr6 = DR6_INIT;
	return dr6;
}

void arch_load_descriptors(struct vcpu *v)
{
	(void)v;
}

void arch_reload_segments(struct vcpu *v)
{
	(void)v;
}

/* Bases come from the selector, so that the tests can tell them apart. */
int load_segment_safe(unsigned int which, u16 selector)
{
	u64 desc;

	(void)which;
	fake.hw.gs = selector;
	if (selector & ~3 &&
	    (!descriptor_read(&fake.v, selector, &desc) || !(desc & DESC_P))) {
		fake.hw.gs = 0;
		return -1;
	}
	fake.hw.gs_base = selector & ~3 ? 0x1000UL * selector : 0xbad;
	return 0;
}

u64 desc_window(unsigned int slot)
{
	return DESC_VIRT + (u64)slot * DESC_WINDOW_SIZE;
}

u64 tsc_khz(void)
{
	return 2000000;
}

/* ---- memory -------------------------------------------------------------- */

static u8 *memory_at(const struct vcpu *v, u64 va, size_t size)
{
	u64 base = v->s.kernel_mode ? FAKE_KERNEL_VA : FAKE_USER_VA;
	u8 *memory = v->s.kernel_mode ? fake.kernel : fake.user;

	if (va < base || size > FAKE_MEMORY || va - base > FAKE_MEMORY - size) {
		return NULL;
	}
	return memory + (va - base);
}

int vcpu_copy_from(struct vcpu *v, void *dst, u64 va, size_t size)
{
	const u8 *from = memory_at(v, va, size);

	if (from == NULL) {
		return -XEN_EFAULT;
	}
	memcpy(dst, from, size);
	return 0;
}

int vcpu_copy_to(struct vcpu *v, u64 va, const void *src, size_t size)
{
	u8 *to = memory_at(v, va, size);

	if (to == NULL) {
		return -XEN_EFAULT;
	}
	memcpy(to, src, size);
	return 0;
}

int hc_read(struct hc_frame *f, void *dst, u64 va, size_t size)
{
	(void)f;
	return vcpu_copy_from(&fake.v, dst, va, size);
}

bool guest_walk(struct vcpu *v, u64 va, struct walk *w)
{
	u8 *at = memory_at(v, va, 1);

	*w = (struct walk){.rights = PTE_RW | PTE_U};
	if (at == NULL) {
		return false;
	}
	w->page = host_page(at);
	return true;
}

int guest_fault(struct vcpu *v, u64 va, u32 *error_code)
{
	(void)v;
	(void)va;
	*error_code = fake.fault_code;
	return fake.fault_verdict;
}

void hv_map(u64 va, u64 pa, u64 flags)
{
	(void)va;
	(void)pa;
	(void)flags;
}

void hv_unmap(u64 va)
{
	(void)va;
}

int page_get_and_type(struct page *pg, struct domain *d, enum page_type type)
{
	(void)pg;
	(void)d;
	(void)type;
	return 0;
}

void page_put_and_type(struct page *pg)
{
	(void)pg;
}

int vcpu_load_root(struct vcpu *v, u64 gmfn)
{
	return vcpu_set_kernel_root(v, gmfn);
}

int vcpu_set_kernel_root(struct vcpu *v, u64 gmfn)
{
	v->s.kernel_root = gmfn;
	return 0;
}

int vcpu_set_user_root(struct vcpu *v, u64 gmfn)
{
	v->s.user_root = gmfn;
	return 0;
}

/* ---- the rest -------------------------------------------------------------
 */

void vcpu_info_written(struct vcpu *v)
{
	(void)v;
}

bool vcpu_event_deliverable(struct vcpu *v)
{
	return v->info->evtchn_upcall_pending && !v->info->evtchn_upcall_mask;
}

u64 domain_now_ns(struct domain *d)
{
	(void)d;
	return 123456789;
}

u64 rr_tap_read_time(struct vcpu *v)
{
	(void)v;
	return 987654321;
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
	va_list ap;

	(void)d;
	va_start(ap, fmt);
	vsnprintf(fake.crash, sizeof(fake.crash), fmt, ap);
	va_end(ap);
	fake.crashed = true;
}

void guest_log(struct domain *d, const char *fmt, ...)
{
	(void)d;
	(void)fmt;
}

void hv_log(enum log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	abort();
}
