/* SPDX-License-Identifier: MIT */
/*
 * What a new domain finds in its memory: every address of its bootstrap
 * mapping, its frame list and start_info, checked by walking what the builder
 * wrote as the CPU would. The machine is an array whose frames are handed out
 * in an odd order; a traced domain has frame numbers of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "boot_fake.h"
#include <hv/builder.h>
#include <hv/evtchn.h>
#include <hv/first_domain.h>
#include <hv/mm.h>
#include <xen/xen.h>

#define MACHINE_FRAMES 16384UL
#define STRIDE         7919UL /* odd, so that it visits every frame */
#define GMFN_OFFSET    5UL    /* a traced domain's first number */
#define CONSOLE_PORT   7

static struct domain dom;
static struct vcpu vcpu0;
static u64 nr_given, pinned_gmfn, root_gmfn;
static u64 m2p[MACHINE_FRAMES];
static struct page *frames[GMFN_OFFSET + MACHINE_FRAMES];
u64 frame_table_end = MACHINE_FRAMES;

/* ---- the machine -----------------------------------------------------------
 */

struct page *domain_frame_alloc(struct domain *d, u64 gmfn)
{
	u64 mfn = nr_given * STRIDE % MACHINE_FRAMES;
	struct page *pg = mfn_page(mfn);

	assert_int_equal(gmfn, GMFN_NONE);
	if (nr_given == MACHINE_FRAMES || nr_given == d->max_pages) {
		return NULL;
	}
	pg->owner = d;
	pg->flags = PGF_RAM;
	pg->gmfn = (u32)(d->traced ? GMFN_OFFSET + nr_given : mfn);
	frames[GMFN_OFFSET + nr_given] = pg;
	nr_given++;
	memset(page_va(pg), 0, PAGE_SIZE);
	return pg;
}

static struct page *frame_of(const struct domain *d, u64 gmfn)
{
	struct page *pg = domain_frame(d, gmfn);

	assert_non_null(pg);
	assert_ptr_equal(pg->owner, d);
	return pg;
}

void m2p_set(struct domain *d, struct page *pg, u64 pfn)
{
	assert_ptr_equal(pg->owner, d);
	m2p[page_mfn(pg)] = pfn;
}

unsigned int evtchn_reserve_console(struct domain *d)
{
	d->s.console_port = CONSOLE_PORT;
	return CONSOLE_PORT;
}

/* Cut once, to be called again. */
int domain_pin_table(struct domain *d, u64 gmfn, enum page_type type)
{
	static bool cut;

	assert_ptr_equal(d, &dom);
	assert_int_equal(type, PGT_L4);
	cut = !cut;
	if (cut) {
		return -XEN_ERESTART;
	}
	pinned_gmfn = gmfn;
	return 0;
}

int vcpu_set_kernel_root(struct vcpu *v, u64 gmfn)
{
	assert_ptr_equal(v, &vcpu0);
	root_gmfn = gmfn;
	return 0;
}

static void *map_at(u64 va, size_t size)
{
	void *p = mmap((void *)va, size, PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
	                       MAP_FIXED_NOREPLACE,
	               -1, 0);

	assert_ptr_equal(p, (void *)va);
	return p;
}

static int setup(void **state)
{
	(void)state;
	map_at(FRAMES_VIRT, MACHINE_FRAMES * sizeof(struct page));
	map_at(DIRECT_VIRT, MACHINE_FRAMES << PAGE_SHIFT);
	return 0;
}

/* ---- building --------------------------------------------------------------
 */

static void new_domain(bool traced, bool privileged, u64 max_pages)
{
	memset(frame_table, 0, MACHINE_FRAMES * sizeof(struct page));
	memset(m2p, 0xff, sizeof(m2p));
	memset(&dom, 0, sizeof(dom));
	memset(&vcpu0, 0, sizeof(vcpu0));
	nr_given = 0;
	if (traced) {
		dom.frames = frames;
		dom.s.nr_frames = ARRAY_SIZE(frames);
	}
	dom.traced = traced;
	dom.privileged = privileged;
	dom.max_pages = max_pages;
	dom.s.shared_gmfn = 0x1234;
	dom.vcpu[0] = &vcpu0;
	boot_fake_reset();
}

static void build(struct builder *b, const struct boot_layout_request *r,
                  bool traced, bool privileged)
{
	struct boot_layout l;

	new_domain(traced, privileged, r->nr_pages);
	assert_int_equal(boot_layout_plan(&l, r), 0);
	assert_int_equal(builder_init(b, &dom, &l), 0);
	assert_int_equal(builder_populate(b, l.kernel_end_pfn), 0);
	assert_int_equal(builder_populate(b, l.nr_pages), 0);
	assert_int_equal(nr_given, l.nr_pages);
	builder_fill_p2m(b);
	builder_fill_tables(b);
	assert_int_equal(first_domain_start(b, 0xffffffff80100000,
	                                    r->initrd_size, "quiet"),
	                 0);
}

/* ---- checking --------------------------------------------------------------
 */

/* The leaf entry that maps @va, or 0. */
static u64 walk(const struct builder *b, u64 va)
{
	const u64 *table = builder_va(b, b->l.tables_pfn);

	for (unsigned int shift = 39; shift > 12; shift -= 9) {
		u64 pte = table[va >> shift & 511];

		if (pte == 0) {
			return 0;
		}
		assert_int_equal(pte & ~PTE_FRAME, 0x67);
		table = page_va(frame_of(&dom, pte_frame(pte)));
	}
	return table[va >> 12 & 511];
}

static void assert_maps(const struct builder *b, u64 va, u64 pfn)
{
	const struct boot_layout *l = &b->l;
	bool table = pfn >= l->tables_pfn && pfn < l->tables_pfn + l->nr_tables;
	u64 pte = walk(b, va);

	assert_int_equal(pte & ~PTE_FRAME, table ? 0x21 : 0x23);
	assert_int_equal(pte_frame(pte), page_gmfn(builder_page(b, pfn)));
}

static void check_mappings(const struct builder *b)
{
	const struct boot_layout *l = &b->l;

	for (u64 pfn = 0; pfn < l->end_pfn; pfn++) {
		assert_maps(b, boot_layout_va(l, pfn), pfn);
	}
	assert_int_equal(walk(b, boot_layout_va(l, l->end_pfn)), 0);
	assert_int_equal(walk(b, l->virt_base - PAGE_SIZE), 0);
	if (l->p2m_apart) {
		for (u64 i = 0; i < l->nr_p2m; i++) {
			assert_maps(b, l->p2m_va + (i << 12), l->p2m_pfn + i);
		}
	}
}

/* Through the list and back through the M2P. */
static void check_numbers(const struct builder *b)
{
	for (u64 pfn = 0; pfn < b->l.nr_pages; pfn++) {
		const u64 *list = builder_va(b, b->l.p2m_pfn + pfn / 512);
		struct page *pg = frame_of(&dom, list[pfn % 512]);

		assert_ptr_equal(pg, builder_page(b, pfn));
		assert_int_equal(m2p[page_mfn(pg)], pfn);
	}
}

static void check_start(const struct builder *b, u64 initrd_size)
{
	const struct boot_layout *l = &b->l;
	const struct start_info *si = builder_va(b, l->start_info_pfn);
	u64 l4 = page_gmfn(builder_page(b, l->tables_pfn));

	assert_int_equal(si->nr_pages, l->nr_pages);
	assert_int_equal(si->shared_info, 0x1234000);
	assert_int_equal(si->pt_base, boot_layout_va(l, l->tables_pfn));
	assert_int_equal(si->nr_pt_frames, l->nr_tables);
	assert_int_equal(si->mod_len, initrd_size);
	assert_int_equal(si->store_evtchn, 0);
	assert_string_equal((const char *)si->cmd_line, "quiet");
	assert_int_equal(pinned_gmfn, l4);
	assert_int_equal(root_gmfn, l4);
	assert_int_equal(vcpu0.s.regs.rip, 0xffffffff80100000);
	assert_int_equal(vcpu0.s.regs.cs, 0xe033);
	assert_int_equal(vcpu0.s.regs.ss, 0xe02b);
	assert_int_equal(vcpu0.s.regs.rflags, 0x202);
	assert_int_equal(vcpu0.s.regs.rsi,
	                 boot_layout_va(l, l->start_info_pfn));
	assert_int_equal(walk(b, vcpu0.s.regs.rsp - 8) & ~PTE_FRAME, 0x23);
}

static void test_every_kind(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < 16; kind++) {
		struct boot_layout_request r = {
			.virt_base = kind & 1 ? 0xffffffff80000000 : 0x7fe000,
			.kernel_end = 0x212345,
			.nr_pages = 4096,
			.initrd_size = 70000,
			.initrd_unmapped = kind & 2,
			.p2m_apart = kind & 2,
			.p2m_va = 0x80ffffe000, /* across two L1 tables */
			.console = kind & 8,
		};
		struct builder b;

		build(&b, &r, kind & 4, !(kind & 8));
		check_mappings(&b);
		check_numbers(&b);
		check_start(&b, 70000);
		builder_release(&b);
		assert_int_equal(boot_fake_bytes, 0);
	}
}

static void test_control_domain(void **state)
{
	struct boot_layout_request r = {
		.kernel_end = 0x200000,
		.nr_pages = 4096,
		.initrd_size = 5000,
		.initrd_unmapped = true,
		.p2m_apart = true,
		.p2m_va = 0x8000000000,
	};
	struct builder b;
	const struct start_info *si;

	(void)state;
	build(&b, &r, false, true);
	si = builder_va(&b, b.l.start_info_pfn);
	assert_string_equal(si->magic, "xen-3.0-x86_64p");
	assert_int_equal(si->flags,
	                 SIF_PRIVILEGED | SIF_INITDOMAIN | SIF_MOD_START_PFN);
	assert_int_equal(si->mod_start, b.l.initrd_pfn);
	assert_int_equal(si->mfn_list, 0x8000000000);
	assert_int_equal(si->first_p2m_pfn, b.l.p2m_pfn);
	assert_int_equal(si->nr_p2m_frames, b.l.nr_p2m + 3);
	assert_true(si->console.dom0.info_off + si->console.dom0.info_size <=
	            PAGE_SIZE);
	assert_int_equal(dom.s.console_gmfn, GMFN_NONE);
	builder_release(&b);
}

static void test_other_domain(void **state)
{
	struct boot_layout_request r = {
		.kernel_end = 0x200000,
		.nr_pages = 4096,
		.initrd_size = 5000,
		.console = true,
	};
	struct builder b;
	const struct start_info *si;

	(void)state;
	build(&b, &r, true, false);
	si = builder_va(&b, b.l.start_info_pfn);
	assert_string_equal(si->magic, "xen-3.0-x86_64");
	assert_int_equal(si->flags, 0);
	assert_int_equal(si->mod_start, b.l.initrd_pfn << PAGE_SHIFT);
	assert_int_equal(si->mfn_list, b.l.p2m_pfn << PAGE_SHIFT);
	assert_int_equal(si->console.domU.mfn,
	                 page_gmfn(builder_page(&b, b.l.console_pfn)));
	assert_int_equal(si->console.domU.evtchn, CONSOLE_PORT);
	assert_int_equal(dom.s.console_gmfn, si->console.domU.mfn);
	builder_release(&b);
}

static void test_copy_across_pages(void **state)
{
	struct boot_layout_request r = {
		.kernel_end = 0x200000,
		.nr_pages = 2048,
	};
	struct builder b;
	u8 bytes[3 * PAGE_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (u8)(i * 31 >> 3);
	}
	build(&b, &r, false, true);
	builder_copy(&b, 0x12ff0, bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		u64 at = 0x12ff0 + i;
		const u8 *page = builder_va(&b, at >> PAGE_SHIFT);

		assert_int_equal(page[at % PAGE_SIZE], bytes[i]);
	}
	builder_release(&b);
}

static void test_memory_runs_out(void **state)
{
	struct boot_layout_request r = {
		.kernel_end = 0x200000,
		.nr_pages = 2048,
	};
	struct boot_layout l;
	struct builder b;

	(void)state;
	new_domain(false, true, 1000);
	assert_int_equal(boot_layout_plan(&l, &r), 0);
	assert_int_equal(builder_init(&b, &dom, &l), 0);
	assert_int_equal(builder_populate(&b, 1000), 0);
	assert_int_equal(builder_populate(&b, 2048), -XEN_ENOMEM);
	assert_int_equal(boot_fake_lines, 1);
	builder_release(&b);
	boot_fake_limit = 100;
	assert_int_equal(builder_init(&b, &dom, &l), -XEN_ENOMEM);
	assert_int_equal(boot_fake_lines, 2);
	assert_int_equal(boot_fake_bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind),
		cmocka_unit_test(test_control_domain),
		cmocka_unit_test(test_other_domain),
		cmocka_unit_test(test_copy_across_pages),
		cmocka_unit_test(test_memory_runs_out),
	};

	return cmocka_run_group_tests_name("builder", tests, setup, NULL);
}
