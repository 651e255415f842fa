/* SPDX-License-Identifier: MIT */
/*
 * See mm_cpu.h.
 */
#include "mm_cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arch/cpu.h>
#include <arch/entry.h>
#include <mm/table.h>

#define TLB_SIZE  4096
#define WALK_SIZE 64

struct translation {
	u64 va;    /* page address | 1 when valid */
	u64 frame; /* physical address */
	bool writable;
};

/* What the CPU remembers of a walk: the L1 table of an address range (SDM 3A
 * 4.10.3). */
struct walked {
	u64 va;    /* address of the range | 1 when valid */
	u64 table; /* physical address */
	bool writable;
};

u64 mm_cpu_resolved;

static struct translation tlb[TLB_SIZE];
static struct walked walks[WALK_SIZE];
static u64 cr3;

static void __noreturn fail(const char *what, u64 va)
{
	fprintf(stderr, "model CPU: %s at %#lx\n", what, va);
	abort();
}

static struct translation *slot(u64 va)
{
	return &tlb[(va >> 12 ^ va >> 24 ^ va >> 36) % TLB_SIZE];
}

static struct walked *walk_slot(u64 va)
{
	return &walks[(va >> 21 ^ va >> 30 ^ va >> 39) % WALK_SIZE];
}

void invlpg(u64 va)
{
	slot(va)->va = 0;
	memset(walks, 0, sizeof(walks));
}

u64 read_cr3(void)
{
	return cr3;
}

void write_cr3(u64 pa)
{
	cr3 = pa;
	memset(tlb, 0, sizeof(tlb));
	memset(walks, 0, sizeof(walks));
}

void arch_load_cr3(struct vcpu *v)
{
	write_cr3(vcpu_cr3(v));
	v->flush_tlb = false;
}

void mm_cpu_reset(void)
{
	write_cr3(va_to_pa(hv_root));
}

void mm_cpu_enter(struct vcpu *v)
{
	if (v->flush_tlb) {
		arch_load_cr3(v);
	}
}

/* The CPU sets A and D in the entries that it uses. Twins need none, but that
 * D may tell what was written. */
static void set_bits(struct vcpu *v, u64 *entry, u64 bits, u64 va)
{
	if ((*entry & bits) == bits) {
		return;
	}
	if (v->domain->traced &&
	    (!v->domain->dirty_by_cpu || (bits & ~*entry & ~PTE_D) != 0)) {
		fail("the CPU sets a bit in a twin", va);
	}
	*entry |= bits;
}

/* Finds the L1 table, if not remembered. False when an entry is absent. */
static bool walk_upper(struct vcpu *v, u64 va, struct walked *w)
{
	u64 range = (va & ~((1UL << 21) - 1)) | 1;
	u64 *table = pa_to_va(cr3);

	if (w->va == range) {
		return true;
	}
	w->va = 0;
	w->writable = true;
	for (unsigned int level = 4; level > 1; level--) {
		u64 *entry = &table[va >> (3 + 9 * level) & 511];

		if (!(*entry & PTE_P)) {
			return false;
		}
		if (!(*entry & PTE_U)) {
			fail("a supervisor entry in a guest's tables", va);
		}
		set_bits(v, entry, PTE_A, va);
		w->writable &= (*entry & PTE_RW) != 0;
		w->table = *entry & PTE_FRAME;
		table = pa_to_va(w->table);
	}
	w->va = range;
	return true;
}

/* The walk of SDM 3A 4.5. Zero, or the error code. */
static u32 walk(struct vcpu *v, u64 va, bool write, struct translation *t)
{
	struct walked *w = walk_slot(va);
	u32 code = PFEC_USER | (write ? PFEC_WRITE : 0);
	u64 *leaf;

	if (!walk_upper(v, va, w)) {
		return code;
	}
	leaf = (u64 *)pa_to_va(w->table) + (va >> PAGE_SHIFT & 511);
	if (!(*leaf & PTE_P)) {
		return code;
	}
	if (write && (!w->writable || !(*leaf & PTE_RW))) {
		return code | PFEC_PRESENT;
	}
	set_bits(v, leaf, PTE_A | (write ? PTE_D : 0), va);
	t->va = (va & PAGE_MASK) | 1;
	t->frame = *leaf & PTE_FRAME;
	t->writable = write; /* D is set on the first write only */
	return 0;
}

static void check_target(u64 frame, bool write, u64 va)
{
	struct page *pg = mfn_page(frame >> PAGE_SHIFT);

	if (frame >> PAGE_SHIFT >= frame_table_end) {
		fail("an entry that nobody checked", va);
	}
	if (pg->owner == NULL || (pg->flags & PGF_FREE)) {
		fail("a frame that is nobody's", va);
	}
	if (!write || pg->type_refs == 0) {
		return;
	}
	if (pg->type != PGT_WRITABLE && pg->type != PGT_NONE) {
		fail("a write to a table", va);
	}
}

static bool allowed_by_tables(struct vcpu *v, u64 va, bool write)
{
	struct walk w;

	return guest_walk(v, va, &w) && (!write || (w.rights & PTE_RW));
}

static u32 try(struct vcpu *v, u64 va, bool write, u64 value)
{
	struct translation *t = slot(va);
	u64 *word;
	u32 code;

	if (t->va != ((va & PAGE_MASK) | 1) || (write && !t->writable)) {
		code = walk(v, va, write, t);
		if (code != 0) {
			return code;
		}
	}
	if (is_hv_va(va)) {
		if (write || va >= M2P_VIRT + m2p_size(v->domain)) {
			fail("the hypervisor's memory", va);
		}
		return 0;
	}
	if (v->domain->traced && !allowed_by_tables(v, va, write)) {
		fail("the outcome depends on the TLB", va);
	}
	check_target(t->frame, write, va);
	word = pa_to_va(t->frame + (va & ~PAGE_MASK));
	if (write) {
		*word = value;
	}
	return 0;
}

enum mm_access mm_cpu_access(struct vcpu *v, u64 va, bool write, u64 value,
                             u32 *error_code)
{
	for (unsigned int i = 0; i < 4; i++) {
		mm_cpu_enter(v);
		*error_code = try(v, va, write, value);
		if (*error_code == 0) {
			return MM_DONE;
		}
		switch (guest_fault(v, va, error_code)) {
		case FAULT_RESOLVED:
			mm_cpu_resolved++;
			break;
		case FAULT_EMULATED:
			return MM_EMULATED;
		default:
			if (v->domain->traced &&
			    allowed_by_tables(v, va, write)) {
				fail("a permitted access bounced", va);
			}
			return MM_BOUNCED;
		}
	}
	fail("a fault is resolved for ever", va);
}
