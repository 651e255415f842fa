/* SPDX-License-Identifier: MIT */
/*
 * Seeded random guests against memory management, on both MMUs: hypercalls
 * with wild arguments, writes to whatever is writable, cuts. The model CPU
 * checks each access, the recount each state, and at the end every frame must
 * come back.
 *
 *     mm_random_test [seed [operations]]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake/fake_core.h"
#include "fake/mm_cpu.h"
#include <arch/entry.h>
#include <mm/frames.h>
#include <mm/table.h>
#include <xen/memory.h>

#define NR_FRAMES  48
#define MAX_FRAMES 64
#define WINDOW     12 /* pages of address space that the guest plays with */

static unsigned long start_seed = 1, operations = 10000;
static unsigned long state;
static struct domain *d;
static struct vcpu *v;

/* What happened, so that a run that tries nothing shows. */
static struct {
	unsigned long calls, accepted, cut, accesses, done;
} seen;

static u64 rnd(u64 below)
{
	u64 z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % below;
}

static bool chance(u64 percent)
{
	return rnd(100) < percent;
}

/* A frame number: mostly one of the guest's own, sometimes anything. */
static u64 random_gmfn(void)
{
	struct page *pg = CONTAINER_OF(d->pages.next, struct page, link);

	if (chance(2)) {
		return rnd(1UL << 40);
	}
	if (chance(3)) {
		return rnd(frame_table_end);
	}
	if (chance(3)) {
		return page_gmfn(va_page(d->shared));
	}
	for (u64 n = rnd(MAX(d->nr_pages, 1UL)); n > 0; n--) {
		pg = CONTAINER_OF(pg->link.next, struct page, link);
	}
	return page_gmfn(pg);
}

/* The same few entries again and again, so that tables become shared. */
static unsigned int random_index(void)
{
	static const u16 some[] = {0, 1, 2, 3, 255, 256, 271, 272, 510, 511};

	return chance(3) ? (unsigned int)rnd(512) : some[rnd(ARRAY_SIZE(some))];
}

static u64 random_pte(void)
{
	static const u64 rare[] = {
		PTE_PS,           PTE_PCD,   PTE_PWT, PTE_G,
		PTE_GUEST_KERNEL, 1UL << 55, PTE_NX,  PTE_NX};
	u64 pte = random_gmfn() << PAGE_SHIFT & PTE_FRAME;

	pte |= chance(85) ? PTE_P : 0;
	pte |= chance(40) ? PTE_RW : 0;
	pte |= chance(50) ? PTE_U : 0;
	pte |= chance(60) ? PTE_A : 0;
	pte |= chance(40) ? PTE_D : 0;
	return chance(8) ? pte | rare[rnd(ARRAY_SIZE(rare))] : pte;
}

static u64 random_va(void)
{
	u64 va = FAKE_VA + rnd(WINDOW) * PAGE_SIZE;

	if (chance(20)) {
		va = (u64)random_index() << 39 | (u64)random_index() << 30 |
		     (u64)random_index() << 21 | (u64)random_index() << 12;
		va = (u64)((s64)(va << 16) >> 16);
	}
	return va + random_index() * sizeof(u64);
}

static long call(hc_handler *fn, u64 a0, u64 a1, u64 a2, u64 a3)
{
	struct hc_frame f = {.args = {a0, a1, a2, a3}};
	unsigned int cuts = 0;
	long ret;

	do {
		ret = fn(v, &f);
		seen.cut += ret == HC_RESTART;
		/* Sometimes the guest never comes back for the rest. */
		if (ret == HC_RESTART && chance(10)) {
			return ret;
		}
		assert_true(cuts++ < 100000);
	} while (ret == HC_RESTART);
	seen.calls++;
	seen.accepted += ret >= 0;
	return ret;
}

static void op_mmu_update(void)
{
	struct mmu_update req[4];
	u32 done = 0;
	u64 n = 1 + rnd(4);

	for (u64 i = 0; i < n; i++) {
		req[i].ptr = random_gmfn() << PAGE_SHIFT |
		             random_index() * sizeof(u64) |
		             (chance(80) ? 0 : rnd(8));
		req[i].val = random_pte();
	}
	call(hc_mmu_update, (u64)req, n, (u64)&done, DOMID_SELF);
	assert_true(done <= n);
}

static void op_va_mapping(void)
{
	call(hc_update_va_mapping, random_va(), random_pte(), rnd(8), 0);
}

static void op_mmuext(void)
{
	static const u8 often[] = {
		MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE,
		MMUEXT_PIN_L3_TABLE, MMUEXT_PIN_L4_TABLE,
		MMUEXT_UNPIN_TABLE,  MMUEXT_UNPIN_TABLE,
		MMUEXT_NEW_BASEPTR,  MMUEXT_NEW_USER_BASEPTR,
	};
	struct mmuext_op op[2];
	u64 n = 1 + rnd(2);

	for (u64 i = 0; i < n; i++) {
		op[i].cmd = chance(80) ? often[rnd(ARRAY_SIZE(often))]
		                       : (unsigned int)rnd(24);
		op[i].arg1.mfn = random_gmfn();
		op[i].arg2.src_mfn = random_gmfn();
		if (op[i].cmd == MMUEXT_TLB_FLUSH_MULTI ||
		    op[i].cmd == MMUEXT_INVLPG_MULTI) {
			op[i].cmd = MMUEXT_TLB_FLUSH_ALL;
		}
	}
	call(hc_mmuext_op, (u64)op, n, 0, DOMID_SELF);
}

static void op_reservation(void)
{
	xen_pfn_t list[4];
	struct xen_memory_reservation r = {
		.nr_extents = 1 + rnd(4),
		.extent_order = chance(90) ? 0 : (unsigned int)rnd(12),
		.domid = DOMID_SELF,
	};

	for (unsigned int i = 0; i < 4; i++) {
		list[i] = random_gmfn();
	}
	r.extent_start.p = list;
	call(d->nr_pages > NR_FRAMES / 2 && chance(50) ? hc_decrease_reservation
	                                               : hc_populate_physmap,
	     0, (u64)&r, 0, 0);
}

static void op_exchange(void)
{
	xen_pfn_t in[4], out[4];
	struct xen_memory_exchange x = {
		.in = {.nr_extents = 2, .domid = DOMID_SELF},
		.out = {.nr_extents = 2, .domid = DOMID_SELF},
	};

	for (unsigned int i = 0; i < 4; i++) {
		in[i] = random_gmfn();
		out[i] = rnd(1000);
	}
	x.in.extent_start.p = in;
	x.out.extent_start.p = out;
	fake_call(hc_memory_exchange, &x, sizeof(x));
	assert_true(x.nr_exchanged <= 2);
}

static void op_access(void)
{
	u32 code;

	/* Wild values, so that frames hold what looks like a table. */
	for (unsigned int i = 0; i < 4; i++) {
		seen.accesses++;
		seen.done += mm_cpu_access(v, random_va(), chance(70),
		                           chance(80) ? random_pte() : 0,
		                           &code) == MM_DONE;
	}
}

static void update_va(u64 va, u64 pte)
{
	call(hc_update_va_mapping, va, pte, UVMF_NONE, 0);
}

static void ext(unsigned int cmd, u64 gmfn)
{
	struct mmuext_op op = {.cmd = cmd, .arg1.mfn = gmfn};

	call(hc_mmuext_op, (u64)&op, 1, 0, DOMID_SELF);
}

static void write_page(u64 va, u64 value)
{
	u32 code;

	mm_cpu_access(v, va, true, value, &code);
}

/* A frame is written through a mapping that is then taken away without a
 * flush; it becomes a table, or leaves the domain; it is written again. */
static void op_stale(void)
{
	u64 gmfn = random_gmfn(), other = random_gmfn();
	u64 va = FAKE_VA + rnd(WINDOW) * PAGE_SIZE;
	struct xen_memory_reservation r = {.nr_extents = 1,
	                                   .domid = DOMID_SELF};

	update_va(va, gmfn << PAGE_SHIFT | PTE_P | PTE_RW | PTE_A | PTE_D);
	write_page(va, 0);
	ext(MMUEXT_CLEAR_PAGE, gmfn);
	update_va(va, chance(50) ? 0 : gmfn << PAGE_SHIFT | PTE_P);
	if (chance(70)) {
		ext(MMUEXT_PIN_L1_TABLE + (unsigned int)rnd(4), gmfn);
	} else {
		r.extent_start.p = &gmfn;
		call(hc_decrease_reservation, 0, (u64)&r, 0, 0);
	}
	write_page(va, other << PAGE_SHIFT | PTE_P | PTE_RW | PTE_A | PTE_D);
}

/* An L1 table is used, unhooked and written as memory; what the CPU remembers
 * of the way to it must be gone. */
static void op_stale_table(void)
{
	u64 table = random_gmfn(), va = FAKE_VA + (1 + rnd(3)) * (1UL << 21);
	u64 window = FAKE_VA + rnd(WINDOW) * PAGE_SIZE;
	struct mmu_update req = {0};
	struct walk w;
	u32 code;

	guest_walk(v, FAKE_VA, &w);
	if (w.table[PGT_L2] == NULL) {
		return;
	}
	ext(MMUEXT_CLEAR_PAGE, table);
	req.ptr = page_gmfn(w.table[PGT_L2]) << PAGE_SHIFT |
	          (va >> 21 & 511) * sizeof(u64);
	req.val = table << PAGE_SHIFT | PTE_P | PTE_RW;
	call(hc_mmu_update, (u64)&req, 1, 0, DOMID_SELF);
	update_va(va, random_gmfn() << PAGE_SHIFT | PTE_P | PTE_A);
	mm_cpu_access(v, va, false, 0, &code);
	req.val = 0;
	call(hc_mmu_update, (u64)&req, 1, 0, DOMID_SELF);
	update_va(window, table << PAGE_SHIFT | PTE_P | PTE_RW);
	write_page(window + 8, ~0UL >> 12 << PAGE_SHIFT | PTE_P | PTE_RW |
	                               PTE_U | PTE_A | PTE_D);
	mm_cpu_access(v, va + PAGE_SIZE, false, 0, &code);
}

static void op_copy(void)
{
	u64 word = random_pte();
	int err = chance(50)
	                  ? copy_to_guest(random_va(), &word, sizeof(word))
	                  : copy_from_guest(&word, random_va(), sizeof(word));

	(void)err;
}

static void op_mode(void)
{
	v->s.kernel_mode = !v->s.kernel_mode;
	arch_load_cr3(v);
}

static void op_epoch(void)
{
	if (d->traced && chance(10)) {
		mmu_twin_epoch(d);
	}
}

/* The frames as they were when they were last looked at. */
static u8 digested[2 * MAX_FRAMES][PAGE_SIZE];

static void op_digest(void)
{
	if (!d->dirty_by_cpu) {
		return;
	}
	mmu_twin_harvest(d);
	for (u64 g = 0; g < d->s.nr_frames; g++) {
		struct page *pg = d->frames[g];

		if (pg == NULL) {
			continue;
		}
		if (pg->flags & PGF_DIGESTED) {
			assert_memory_equal(digested[g], page_va(pg),
			                    PAGE_SIZE);
		}
		memcpy(digested[g], page_va(pg), PAGE_SIZE);
		pg->flags |= PGF_DIGESTED;
	}
}

static void random_operation(void)
{
	static const struct {
		void (*fn)(void);
		unsigned int weight;
	} ops[] = {
		{op_mmu_update, 30}, {op_va_mapping, 20}, {op_mmuext, 20},
		{op_access, 20},     {op_copy, 5},        {op_reservation, 3},
		{op_exchange, 2},    {op_epoch, 2},       {op_stale, 4},
		{op_stale_table, 4}, {op_digest, 4},
	};
	u64 n = rnd(114);

	if (!v->s.kernel_mode) {
		op_access();
		op_mode();
		return;
	}
	if (chance(2)) {
		op_mode();
		return;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++) {
		if (n < ops[i].weight) {
			ops[i].fn();
			return;
		}
		n -= ops[i].weight;
	}
}

static struct page *frame(unsigned int n)
{
	struct page *pg = CONTAINER_OF(d->pages.next, struct page, link);

	while (n-- > 0) {
		pg = CONTAINER_OF(pg->link.next, struct page, link);
	}
	return pg;
}

/* Frames 0 to 3 are the L4 to the L1; the L1 maps the others writable. */
static void build_tables(void)
{
	for (unsigned int i = 0; i < 4; i++) {
		u64 *entries = page_va(frame(i));
		u64 flags = PTE_P | PTE_RW | PTE_A;

		for (unsigned int k = 0; i == 3 && k < WINDOW; k++) {
			entries[k] =
				page_gmfn(frame(4 + k)) << PAGE_SHIFT | flags;
		}
		if (i < 3) {
			entries[FAKE_VA >> (39 - 9 * i) & 511] =
				page_gmfn(frame(i + 1)) << PAGE_SHIFT | flags;
		}
	}
	while (vcpu_set_kernel_root(v, page_gmfn(frame(0))) == -XEN_ERESTART) {
	}
	assert_non_null(v->kernel_root);
}

static void start(bool traced)
{
	struct domain_config c = {
		.id = 1,
		.max_vcpus = 1,
		.max_port = 100,
		.max_grant_frames = 1,
		.traced = traced,
		.max_frames = 2 * MAX_FRAMES,
	};
	int err;

	fake_core_reset();
	mm_cpu_reset();
	d = domain_create(&c, &err);
	assert_non_null(d);
	d->max_pages = MAX_FRAMES;
	assert_int_equal(vcpu_create(d, 0), 0);
	v = d->vcpu[0];
	for (unsigned int i = 0; i < NR_FRAMES; i++) {
		assert_non_null(domain_frame_alloc(d, GMFN_NONE));
	}
	v->s.kernel_mode = 1;
	fake.loaded = v;
	build_tables();
}

static void finish(u64 free_before)
{
	int err;

	do {
		err = domain_kill(d);
	} while (err == -XEN_ERESTART);
	assert_int_equal(err, 0);
	assert_int_equal(mm_audit(), 0);
	assert_int_equal(frames_free_count(), free_before);
}

static void run(unsigned long seed, bool traced, unsigned long count)
{
	u64 free_before;

	fake_core_reset();
	free_before = frames_free_count();
	state = seed;
	start(traced);
	d->dirty_by_cpu = traced && seed % 2 != 0;
	for (unsigned long i = 0; i < count; i++) {
		mm_cpu_enter(v);
		random_operation();
		assert_int_equal(mm_audit(), 0);
	}
	finish(free_before);
}

static void test_random(bool traced)
{
	memset(&seen, 0, sizeof(seen));
	/* Short lives, for most of what happens happens early. */
	for (unsigned long i = 0; i < operations / 500; i++) {
		run(start_seed + i, traced, 500);
	}
	print_message("%lu of %lu calls accepted, %lu cuts, %lu of %lu "
	              "accesses done, %lu faults resolved\n",
	              seen.accepted, seen.calls, seen.cut, seen.done,
	              seen.accesses, mm_cpu_resolved);
}

static void test_direct(void **s)
{
	(void)s;
	test_random(false);
}

static void test_twin(void **s)
{
	(void)s;
	test_random(true);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_direct),
		cmocka_unit_test(test_twin),
	};

	if (argc > 1) {
		start_seed = strtoul(argv[1], NULL, 0);
	}
	if (argc > 2) {
		operations = strtoul(argv[2], NULL, 0);
	}
	printf("seed %lu, %lu operations\n", start_seed, operations);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
