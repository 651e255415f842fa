/* SPDX-License-Identifier: MIT */
/*
 * Memory management, case by case: the frame allocator, numbers of frames,
 * references, cuts, accessed and dirty bits of the twin, and that the recount
 * notices what is wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake/fake_core.h"
#include "fake/mm_cpu.h"
#include <arch/entry.h>
#include <mm/frames.h>
#include <mm/table.h>
#include <xen/memory.h>

#define MAX_FRAMES 2000

static struct domain *d;
static struct vcpu *v;
static struct page *l4, *l3, *l2, *l1;
static u64 free_before;

static struct page *take(void)
{
	struct page *pg = domain_frame_alloc(d, GMFN_NONE);

	assert_non_null(pg);
	return pg;
}

static u64 pte(const struct page *pg, u64 flags)
{
	return page_gmfn(pg) << PAGE_SHIFT | PTE_P | flags;
}

static void set_entry(struct page *table, unsigned int index, u64 value)
{
	table_entries(table)[index] = value;
}

static u64 entry(const struct page *table, unsigned int index)
{
	return table_entries(table)[index];
}

static void start(bool traced)
{
	struct domain_config c = {
		.id = 1,
		.max_vcpus = 1,
		.max_port = 100,
		.max_grant_frames = 1,
		.traced = traced,
		.max_frames = MAX_FRAMES,
	};
	int err;

	fake_core_reset();
	mm_cpu_reset();
	free_before = frames_free_count();
	d = domain_create(&c, &err);
	assert_non_null(d);
	d->max_pages = MAX_FRAMES;
	assert_int_equal(vcpu_create(d, 0), 0);
	v = d->vcpu[0];
	v->s.kernel_mode = 1;
	fake.loaded = v;
	l4 = take();
	l3 = take();
	l2 = take();
	l1 = take();
	set_entry(l4, 0, pte(l3, PTE_RW));
	set_entry(l3, FAKE_VA >> 30, pte(l2, PTE_RW));
	set_entry(l2, 0, pte(l1, PTE_RW));
}

static void load_root(void)
{
	int err;

	do {
		err = vcpu_set_kernel_root(v, page_gmfn(l4));
	} while (err == -XEN_ERESTART);
	assert_int_equal(err, 0);
}

/* Where a guest's own load of a root is cut must not depend on what somebody
 * else's last call left of the budget. */
static void test_load_budget(void **s)
{
	(void)s;
	mm_refill();
	for (unsigned int i = 0; i < MM_CUT_ENTRIES - 100; i++) {
		assert_true(mm_spend());
	}
	assert_int_equal(vcpu_load_root(v, page_gmfn(l4)), 0);
}

static int setup_direct(void **s)
{
	(void)s;
	start(false);
	return 0;
}

static int setup_twin(void **s)
{
	(void)s;
	start(true);
	return 0;
}

/* Every test ends with a recount, and with all frames back. */
static int teardown(void **s)
{
	int err;

	(void)s;
	if (mm_audit() != 0) {
		return -1;
	}
	do {
		err = domain_kill(d);
	} while (err == -XEN_ERESTART);
	return err == 0 && mm_audit() == 0 && frames_free_count() == free_before
	               ? 0
	               : -1;
}

static u64 largest_order(void)
{
	unsigned int order = FRAMES_MAX_ORDER;

	for (; order > 0; order--) {
		struct page *pg = frames_alloc(order);

		if (pg != NULL) {
			frames_free(pg, order);
			break;
		}
	}
	return order;
}

static void test_buddies_join(void **s)
{
	static struct page *blocks[64];
	unsigned int before = (unsigned int)largest_order();
	u64 count = frames_free_count();

	(void)s;
	for (unsigned int i = 0; i < 64; i++) {
		blocks[i] = frames_alloc(i % 5);
		assert_non_null(blocks[i]);
		assert_int_equal(page_mfn(blocks[i]) % (1UL << i % 5), 0);
		memset(page_va(blocks[i]), 0xaa, PAGE_SIZE << i % 5);
	}
	for (unsigned int i = 0; i < 64; i++) {
		unsigned int n = i * 37 % 64;

		frames_free(blocks[n], n % 5);
	}
	assert_int_equal(frames_free_count(), count);
	assert_int_equal(largest_order(), before);
}

static void test_frames_are_scrubbed(void **s)
{
	static struct page *blocks[256];

	(void)s;
	for (unsigned int round = 0; round < 2; round++) {
		for (unsigned int i = 0; i < 256; i++) {
			const u8 *p;

			blocks[i] = frames_alloc(i % 2);
			p = page_va(blocks[i]);
			for (u64 k = 0; k < PAGE_SIZE << i % 2; k++) {
				assert_int_equal(p[k], 0);
			}
			memset(page_va(blocks[i]), 0x5a, PAGE_SIZE << i % 2);
		}
		for (unsigned int i = 0; i < 256; i++) {
			frames_free(blocks[i], i % 2);
		}
	}
}

static void test_memory_ends(void **s)
{
	static struct page *taken[20000];
	unsigned int n = 0;

	(void)s;
	while (n < ARRAY_SIZE(taken) && (taken[n] = frames_alloc(0)) != NULL) {
		n++;
	}
	assert_int_equal(frames_free_count(), 0);
	assert_null(hv_page_alloc());
	assert_null(hv_pages_alloc(3 * PAGE_SIZE));
	assert_null(domain_frame_alloc(d, GMFN_NONE));
	/* A trace must not hold that there was none (R7). */
	assert_int_equal(fake.out_of_memory, d->traced);
	while (n > 0) {
		frames_free(taken[--n], 0);
	}
}

/* Beyond what the domain may have, and in one piece. */
static void test_quota(void **s)
{
	struct page *pg;

	(void)s;
	d->max_pages = d->nr_pages + 511;
	assert_null(domain_frames_alloc(d, 9));
	d->max_pages++;
	pg = domain_frames_alloc(d, 9);
	assert_non_null(pg);
	for (unsigned int i = 0; i < 512; i++) {
		assert_int_equal(page_gmfn(&pg[i]), page_gmfn(pg) + i);
	}
	assert_null(domain_frame_alloc(d, GMFN_NONE));
}

/* The lowest free number, and never 0. */
static void test_traced_numbers(void **s)
{
	struct page *pg;

	(void)s;
	assert_int_equal(page_gmfn(va_page(d->shared)), 1);
	assert_int_equal(page_gmfn(l4), 2);
	assert_int_equal(page_gmfn(l1), 5);
	pg = take();
	assert_int_equal(page_gmfn(pg), 6);
	assert_int_equal(page_gmfn(take()), 7);
	assert_ptr_equal(domain_frame(d, 6), pg);
	pg->flags &= ~PGF_ALLOCATED;
	page_put(pg);
	assert_null(domain_frame(d, 6));
	assert_int_equal(page_gmfn(domain_frame_alloc(d, 100)), 100);
	assert_null(domain_frame_alloc(d, 100));
	assert_int_equal(page_gmfn(take()), 6);
	assert_int_equal(page_gmfn(take()), 8);
	assert_null(domain_frame(d, 0));
	assert_null(domain_frame(d, MAX_FRAMES));
}

static void test_validation_adjusts(void **s)
{
	struct page *data = take();

	(void)s;
	set_entry(l1, 0, pte(data, PTE_RW));
	set_entry(l1, 1, pte(data, PTE_U | PTE_G));
	load_root();
	assert_int_equal(entry(l1, 0),
	                 pte(data, PTE_RW | PTE_U | PTE_GUEST_KERNEL));
	assert_int_equal(entry(l1, 1), pte(data, PTE_U));
	assert_int_equal(entry(l2, 0), pte(l1, PTE_RW | PTE_U | PTE_A));
	assert_int_equal(data->refs, 3);
	assert_int_equal(data->type_refs, 1);
}

/* Nobody, not even by a detour, maps a table writable. */
static void test_tables_stay_unwritable(void **s)
{
	(void)s;
	load_root();
	for (unsigned int i = 0; i < 4; i++) {
		struct page *tables[] = {l4, l3, l2, l1};

		assert_int_equal(
			table_update(l1, 9, pte(tables[i], PTE_RW), d, false),
			-XEN_EBUSY);
		assert_int_equal(
			table_update(l1, 9, pte(tables[i], 0), d, false), 0);
		/* Only RW changes: the way round the checks (M3). */
		assert_int_equal(
			table_update(l1, 9, pte(tables[i], PTE_RW), d, false),
			-XEN_EBUSY);
	}
	assert_int_equal(table_update(l2, 1, pte(l2, PTE_RW), d, false),
	                 -XEN_EINVAL);
	assert_int_equal(table_update(l2, 1, pte(l1, PTE_PS), d, false),
	                 -XEN_EINVAL);
	assert_int_equal(table_update(l4, 256, 0, d, false), -XEN_EINVAL);
}

/* A tree of 16 L1 tables: how often is it cut, and does each piece move on? */
static void test_cuts(void **s)
{
	struct page *data = take();
	unsigned int cuts = 0;
	int err;

	(void)s;
	for (unsigned int i = 0; i < 16; i++) {
		struct page *table = take();

		for (unsigned int k = 0; k < TABLE_ENTRIES; k++) {
			set_entry(table, k, pte(data, PTE_RW));
		}
		set_entry(l2, 1 + i, pte(table, PTE_RW));
	}
	mm_refill();
	while ((err = domain_pin_table(d, page_gmfn(l4), PGT_L4)) ==
	       -XEN_ERESTART) {
		cuts++;
		assert_int_equal(mm_audit(), 0);
		assert_true(cuts < 20);
	}
	assert_int_equal(err, 0);
	assert_int_equal(cuts, 20 * 512 / MM_CUT_ENTRIES);
	assert_int_equal(data->type_refs, 16 * 512);
	assert_int_equal(domain_unpin_table(d, page_gmfn(l4)), 0);
	for (cuts = 0; mm_begin(d) == -XEN_ERESTART; cuts++) {
		assert_int_equal(mm_audit(), 0);
	}
	assert_true(cuts >= 3);
	assert_int_equal(data->type_refs, 0);
	assert_int_equal(data->refs, 1);
}

/* Cut in the middle, the guest goes on with something else and dies. */
static void test_cut_and_left(void **s)
{
	(void)s;
	for (unsigned int i = 0; i < 16; i++) {
		struct page *table = take();

		set_entry(table, 500, pte(l1, 0));
		set_entry(l2, 1 + i, pte(table, PTE_RW));
	}
	mm_refill();
	assert_int_equal(domain_pin_table(d, page_gmfn(l4), PGT_L4),
	                 -XEN_ERESTART);
	assert_true(l4->flags & PGF_PARTIAL);
	assert_int_equal(table_update(l4, 5, 0, d, false), -XEN_EINVAL);
	assert_int_equal(page_get_and_type(l4, d, PGT_WRITABLE), -XEN_EINVAL);
}

static void test_twin_hides_clean(void **s)
{
	struct page *data = take();
	u32 code;

	(void)s;
	set_entry(l1, 0, pte(data, PTE_RW));
	load_root();
	assert_int_equal(entry(l1->twin, 0), 0);
	assert_int_equal(mm_cpu_access(v, FAKE_VA, false, 0, &code), MM_DONE);
	assert_true(entry(l1, 0) & PTE_A);
	assert_false(entry(l1, 0) & PTE_D);
	assert_false(entry(l1->twin, 0) & PTE_RW);
	assert_int_equal(mm_cpu_access(v, FAKE_VA, true, 5, &code), MM_DONE);
	assert_true(entry(l1, 0) & PTE_D);
	assert_true(entry(l1->twin, 0) & PTE_RW);
	assert_int_equal(entry(l1->twin, 0) & PTE_FRAME, page_pa(data));
}

static void test_twin_epoch(void **s)
{
	struct page *data = take();
	u32 code;

	(void)s;
	set_entry(l1, 0, pte(data, PTE_RW));
	load_root();
	assert_int_equal(mm_cpu_access(v, FAKE_VA, true, 5, &code), MM_DONE);
	mmu_twin_epoch(d);
	assert_false(data->flags & PGF_DIRTY);
	assert_int_equal(mm_cpu_access(v, FAKE_VA, false, 5, &code), MM_DONE);
	assert_false(data->flags & PGF_DIRTY);
	assert_int_equal(mm_cpu_access(v, FAKE_VA, true, 6, &code), MM_DONE);
	assert_true(data->flags & PGF_DIRTY);
	mmu_twin_epoch(d);
	code = 7;
	assert_int_equal(copy_to_guest(FAKE_VA, &code, sizeof(code)), 0);
	assert_true(data->flags & PGF_DIRTY);
}

/* The CPU's dirty bits tell what was written after the fact, and stay with the
 * frame when its leaf goes. */
static void test_twin_harvest(void **s)
{
	struct page *data = take(), *other = take();
	u32 code;

	(void)s;
	d->dirty_by_cpu = true;
	set_entry(l1, 0, pte(data, PTE_RW | PTE_A | PTE_D));
	set_entry(l1, 1, pte(other, PTE_RW | PTE_A | PTE_D));
	load_root();
	assert_false(entry(l1->twin, 0) & PTE_D);
	mmu_twin_epoch(d);
	data->flags |= PGF_DIGESTED;
	other->flags |= PGF_DIGESTED;
	assert_true(entry(l1->twin, 0) & PTE_RW);
	for (u64 i = 0; i < 2; i++) {
		assert_int_equal(mm_cpu_access(v, FAKE_VA + i * PAGE_SIZE, true,
		                               5, &code),
		                 MM_DONE);
	}
	mm_refill();
	assert_int_equal(table_update(l1, 1, 0, d, false), 0);
	assert_false(other->flags & PGF_DIGESTED);
	assert_true(data->flags & PGF_DIGESTED);
	mmu_twin_harvest(d);
	assert_false(data->flags & PGF_DIGESTED);
	assert_true(data->flags & PGF_DIRTY);
	assert_false(entry(l1->twin, 0) & PTE_D);
	assert_int_equal(mm_cpu_access(v, FAKE_VA, true, 5, &code), MM_DONE);
}

/* @nr slots of the L2 refer to the L1: a page that goes, goes at all their
 * addresses, and page by page while they are few. */
static void forget_at(unsigned int nr)
{
	struct page *data = take();
	u32 code;

	set_entry(l1, 0, pte(data, PTE_RW));
	for (unsigned int i = 0; i < nr; i++) {
		set_entry(l2, i, pte(l1, PTE_RW));
	}
	load_root();
	mm_cpu_enter(v);
	for (u64 i = 0; i < nr; i++) {
		assert_int_equal(
			mm_cpu_access(v, FAKE_VA + (i << 21), true, 5, &code),
			MM_DONE);
	}
	mm_refill();
	assert_int_equal(table_update(l1, 0, 0, d, false), 0);
	assert_int_equal(v->flush_tlb, nr > 2);
	for (u64 i = 0; i < nr; i++) {
		assert_int_equal(
			mm_cpu_access(v, FAKE_VA + (i << 21), false, 0, &code),
			MM_BOUNCED);
	}
}

static void test_twin_forgets(void **s)
{
	(void)s;
	forget_at(1);
}

static void test_twin_forgets_both(void **s)
{
	(void)s;
	forget_at(2);
}

static void test_twin_forgets_all(void **s)
{
	(void)s;
	forget_at(3);
}

/* A table that moves from one slot to another, and an L3 in the same slot of
 * two address spaces, translate at one address still. */
static void test_twin_forgets_moved(void **s)
{
	struct page *data = take(), *other = take();
	u32 code;

	(void)s;
	set_entry(l1, 7, pte(data, PTE_RW));
	set_entry(other, 0, pte(l3, PTE_RW));
	load_root();
	assert_int_equal(domain_pin_table(d, page_gmfn(other), PGT_L4), 0);
	assert_int_equal(domain_pin_table(d, page_gmfn(l1), PGT_L1), 0);
	assert_int_equal(table_update(l2, 0, 0, d, false), 0);
	assert_int_equal(table_update(l2, 9, pte(l1, PTE_RW), d, false), 0);
	mm_cpu_enter(v);
	assert_int_equal(mm_cpu_access(v, FAKE_VA + 0x1207000, true, 5, &code),
	                 MM_DONE);
	assert_int_equal(table_update(l1, 7, 0, d, false), 0);
	assert_false(v->flush_tlb);
	assert_int_equal(mm_cpu_access(v, FAKE_VA + 0x1207000, true, 5, &code),
	                 MM_BOUNCED);
}

/* The hypervisor's accesses leave the bits that the guest's would. */
static void test_copies_set_bits(void **s)
{
	struct page *data = take();
	u64 word;

	(void)s;
	set_entry(l1, 0, pte(data, PTE_RW));
	set_entry(l1, 1, pte(data, 0));
	load_root();
	assert_int_equal(copy_from_guest(&word, FAKE_VA, 8), 0);
	assert_int_equal(entry(l1, 0) & (PTE_A | PTE_D), PTE_A);
	assert_int_equal(copy_to_guest(FAKE_VA, &word, 8), 0);
	assert_int_equal(entry(l1, 0) & (PTE_A | PTE_D), PTE_A | PTE_D);
	assert_int_equal(copy_to_guest(FAKE_VA + PAGE_SIZE, &word, 8),
	                 -XEN_EFAULT);
	assert_int_equal(entry(l1, 1) & (PTE_A | PTE_D), 0);
}

/* Its own L4 tells a traced guest nothing; an untraced one's is cleaned. */
static void test_hv_slots(void **s)
{
	(void)s;
	set_entry(l4, 256, 0x1234);
	set_entry(l4, 271, 0x1235);
	load_root();
	for (unsigned int i = HV_SLOT_FIRST; d->traced && i <= HV_SLOT_LAST;
	     i++) {
		assert_int_equal(entry(l4, i), 0);
	}
	if (!d->traced) {
		hv_root[260] = 0xabc000 | PTE_P;
		assert_int_equal(vcpu_set_user_root(v, GMFN_NONE), 0);
		assert_int_equal(entry(l4, 256), hv_root[256]);
		vcpu_release_frames(v);
		while (mm_begin(d) != 0) {
		}
		assert_int_equal(entry(l4, 260), 0);
		hv_root[260] = 0;
	}
}

static void test_fault_codes(void **s)
{
	struct page *data = take();
	u32 code;

	(void)s;
	set_entry(l1, 0, pte(data, PTE_A));
	load_root();
	assert_int_equal(mm_cpu_access(v, FAKE_VA, true, 0, &code), MM_BOUNCED);
	assert_int_equal(code, PFEC_PRESENT | PFEC_WRITE);
	assert_int_equal(mm_cpu_access(v, FAKE_VA + PAGE_SIZE, true, 0, &code),
	                 MM_BOUNCED);
	assert_int_equal(code, PFEC_WRITE);
	v->s.kernel_mode = 0;
	assert_int_equal(vcpu_set_user_root(v, page_gmfn(l4)), 0);
	assert_int_equal(mm_cpu_access(v, FAKE_VA, true, 0, &code), MM_BOUNCED);
	assert_int_equal(code, PFEC_PRESENT | PFEC_WRITE | PFEC_USER);
	code = PFEC_USER;
	assert_int_equal(guest_fault(v,
	                             DIRECT_VIRT > HV_RANGE_START
	                                     ? DIRECT_VIRT
	                                     : HV_RANGE_END - 8,
	                             &code),
	                 FAULT_BOUNCE);
	assert_int_equal(code, PFEC_USER);
	v->s.kernel_mode = 1;
}

/* A write to an L1 table, as a kernel does it: lock btr $5, (address). */
static void test_ptwr(void **s)
{
	static const u8 btr[] = {0xf0, 0x48, 0x0f, 0xba, 0x37, 0x05};
	struct page *data = take(), *text = take();
	u32 code;

	(void)s;
	memcpy(page_va(text), btr, sizeof(btr));
	set_entry(l1, 0, pte(data, PTE_A));
	set_entry(l1, 1, pte(text, PTE_A));
	set_entry(l1, 2, pte(l1, PTE_A));
	load_root();
	v->s.regs.rip = FAKE_VA + PAGE_SIZE;
	assert_int_equal(
		mm_cpu_access(v, FAKE_VA + 2 * PAGE_SIZE, true, 0, &code),
		MM_BOUNCED);
	d->s.vm_assist = 1UL << VMASST_TYPE_writable_pagetables;
	assert_int_equal(
		mm_cpu_access(v, FAKE_VA + 2 * PAGE_SIZE, true, 0, &code),
		MM_EMULATED);
	assert_false(entry(l1, 0) & PTE_A);
	assert_true(v->s.regs.rflags & RFLAGS_CF);
	assert_int_equal(v->s.regs.rip, FAKE_VA + PAGE_SIZE + sizeof(btr));
}

static void test_exchange_is_exact(void **s)
{
	struct page *mine[4] = {take(), take(), take(), take()};
	xen_pfn_t in[4], out[2] = {70, 80};
	struct xen_memory_exchange x = {
		.in = {.nr_extents = 4, .domid = DOMID_SELF},
		.out = {.nr_extents = 2,
	                .extent_order = 1,
	                .domid = DOMID_SELF},
	};
	u64 pages = d->nr_pages;
	struct page *pg;

	(void)s;
	for (unsigned int i = 0; i < 4; i++) {
		in[i] = page_gmfn(mine[i]);
	}
	in[3] = in[2];
	x.in.extent_start.p = in;
	x.out.extent_start.p = out;
	assert_int_equal(fake_call(hc_memory_exchange, &x, sizeof(x)),
	                 -XEN_EINVAL);
	assert_int_equal(x.nr_exchanged, 2);
	assert_int_equal(d->nr_pages, pages);
	pg = domain_frame(d, out[0]);
	assert_ptr_equal(pg->owner, d);
	assert_int_equal(m2p_get(d, pg), 70);
	assert_int_equal(m2p_get(d, pg + 1), 71);
	assert_int_equal(out[1], 80);
	in[3] = page_gmfn(mine[3]);
	assert_int_equal(fake_call(hc_memory_exchange, &x, sizeof(x)), 0);
	assert_int_equal(x.nr_exchanged, 4);
	x.nr_exchanged = 1UL << 60;
	assert_int_equal(fake_call(hc_memory_exchange, &x, sizeof(x)),
	                 -XEN_EINVAL);
}

static unsigned int differences(void)
{
	/* The recount logs what it finds as errors: say that it is meant. */
	print_message("differences on purpose:\n");
	return mm_audit();
}

static void test_audit_notices(void **s)
{
	struct page *data = take();

	(void)s;
	set_entry(l1, 0, pte(data, PTE_RW | PTE_A | PTE_D));
	load_root();
	assert_int_equal(mm_audit(), 0);
	data->refs++;
	assert_int_equal(differences(), 1);
	data->refs--;
	data->type_refs--;
	assert_int_equal(differences(), 1);
	data->type_refs++;
	set_entry(l1, 1, pte(data, 0));
	assert_int_equal(differences(), 1);
	set_entry(l1, 1, 0);
	d->nr_pages++;
	assert_int_equal(differences(), 1);
	d->nr_pages--;
	if (d->traced) {
		table_entries(l1->twin)[3] = PTE_P | PTE_RW;
		assert_int_equal(differences(), 2);
		table_entries(l1->twin)[3] = 0;
	}
}

#define DIRECT(fn) cmocka_unit_test_setup_teardown(fn, setup_direct, teardown)
#define TWIN(fn)   cmocka_unit_test_setup_teardown(fn, setup_twin, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DIRECT(test_buddies_join),
		DIRECT(test_frames_are_scrubbed),
		DIRECT(test_memory_ends),
		TWIN(test_memory_ends),
		DIRECT(test_quota),
		TWIN(test_quota),
		TWIN(test_traced_numbers),
		TWIN(test_load_budget),
		DIRECT(test_validation_adjusts),
		TWIN(test_validation_adjusts),
		DIRECT(test_tables_stay_unwritable),
		TWIN(test_tables_stay_unwritable),
		DIRECT(test_cuts),
		TWIN(test_cuts),
		DIRECT(test_cut_and_left),
		TWIN(test_cut_and_left),
		TWIN(test_twin_hides_clean),
		TWIN(test_twin_epoch),
		TWIN(test_twin_harvest),
		TWIN(test_twin_forgets),
		TWIN(test_twin_forgets_both),
		TWIN(test_twin_forgets_all),
		TWIN(test_twin_forgets_moved),
		TWIN(test_copies_set_bits),
		DIRECT(test_hv_slots),
		TWIN(test_hv_slots),
		DIRECT(test_fault_codes),
		TWIN(test_fault_codes),
		DIRECT(test_ptwr),
		TWIN(test_ptwr),
		DIRECT(test_exchange_is_exact),
		DIRECT(test_audit_notices),
		TWIN(test_audit_notices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
