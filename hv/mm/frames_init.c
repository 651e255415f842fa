/* SPDX-License-Identifier: MIT */
/*
 * The start of memory: which ranges of RAM are free, and the frame table that
 * describes all of it.
 *
 * The frame table is mapped in pieces of 2 MiB, each of which describes 128
 * MiB. Pieces without RAM all show one zero page, so every number below
 * frame_table_end has a struct page to look at.
 */
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <mm/frames.h>

#define MAX_RANGES       (2 * BOOT_MAX_REGIONS + 32)
#define LOW_MEMORY       0x100000UL
#define RAM_LIMIT        (64UL << 30) /* of the direct map */
#define E820_RAM         1
#define MAX_WINDOWS      1024UL /* vCPUs of all domains (core/vcpu.c) */
#define FRAMES_PER_PIECE (SIZE_2M / sizeof(struct page))

struct range {
	u64 start, end; /* bytes, whole pages */
};

/* Free memory, while the allocator is not there. */
static struct range ranges[MAX_RANGES];
static unsigned int nr_ranges;

static void range_add(u64 start, u64 end)
{
	if (start < end) {
		BUG_ON(nr_ranges == MAX_RANGES);
		ranges[nr_ranges++] = (struct range){start, end};
	}
}

static void range_remove(u64 start, u64 end)
{
	unsigned int n = nr_ranges;

	for (unsigned int i = 0; i < n; i++) {
		struct range r = ranges[i];

		if (start >= r.end || end <= r.start) {
			continue;
		}
		ranges[i] = (struct range){r.start, MAX(r.start, start)};
		range_add(MIN(r.end, end), r.end);
	}
}

static struct range region_range(const struct boot_region *r)
{
	u64 end = MIN(r->start + r->size, RAM_LIMIT);

	if (r->start >= RAM_LIMIT || r->start + r->size < r->start) {
		return (struct range){0, 0};
	}
	return (struct range){ROUND_UP(r->start, PAGE_SIZE),
	                      ROUND_DOWN(end, PAGE_SIZE)};
}

/* RAM that overlaps a region of another type is not RAM. */
static void find_ranges(void)
{
	for (unsigned int i = 0; i < boot_info.nr_regions; i++) {
		struct range r = region_range(&boot_info.region[i]);

		if (boot_info.region[i].type == E820_RAM) {
			range_remove(r.start, r.end);
			range_add(r.start, r.end);
		}
	}
	for (unsigned int i = 0; i < boot_info.nr_regions; i++) {
		const struct boot_region *r = &boot_info.region[i];

		if (r->type != E820_RAM && r->size != 0) {
			range_remove(ROUND_DOWN(r->start, PAGE_SIZE),
			             ROUND_UP(r->start + r->size, PAGE_SIZE));
		}
	}
}

static void remove_reserved(void)
{
	range_remove(0, LOW_MEMORY);
	range_remove(ROUND_DOWN(boot_info.image_start, PAGE_SIZE),
	             ROUND_UP(boot_info.image_end, PAGE_SIZE));
	for (unsigned int i = 0; i < boot_info.nr_modules; i++) {
		const struct boot_module *m = &boot_info.module[i];

		range_remove(ROUND_DOWN(m->start, PAGE_SIZE),
		             ROUND_UP(m->start + m->size, PAGE_SIZE));
	}
}

void *frames_early_alloc(u64 bytes, u64 align)
{
	for (unsigned int i = nr_ranges; i-- > 0;) {
		struct range *r = &ranges[i];
		u64 end = r->end, start;

		if (end - r->start < bytes) {
			continue;
		}
		start = ROUND_DOWN(end - bytes, align);
		if (start < r->start) {
			continue;
		}
		r->end = start;
		range_add(start + bytes, end);
		memset(pa_to_va(start), 0, bytes);
		return pa_to_va(start);
	}
	return NULL;
}

static void *early_must(u64 bytes, u64 align)
{
	void *p = frames_early_alloc(bytes, align);

	if (p == NULL) {
		panic("no %lu KiB of memory for the frame table", bytes >> 10);
	}
	return p;
}

static bool region_any_ram(const struct boot_region *b, u64 start, u64 end)
{
	struct range r = region_range(b);

	return b->type == E820_RAM && r.start < end && r.end > start;
}

bool frames_any_ram(u64 start_mfn, u64 end_mfn)
{
	for (unsigned int i = 0; i < boot_info.nr_regions; i++) {
		if (region_any_ram(&boot_info.region[i],
		                   start_mfn << PAGE_SHIFT,
		                   end_mfn << PAGE_SHIFT)) {
			return true;
		}
	}
	return false;
}

static u64 highest_frame(void)
{
	u64 end = 0;

	for (unsigned int i = 0; i < nr_ranges; i++) {
		end = MAX(end, ranges[i].end);
	}
	return end >> PAGE_SHIFT;
}

static void map_frame_table(void)
{
	u64 zero = va_to_pa(early_must(PAGE_SIZE, PAGE_SIZE));
	u64 *hole = early_must(PAGE_SIZE, PAGE_SIZE);

	for (unsigned int i = 0; i < 512; i++) {
		hole[i] = zero | PTE_P | PTE_A | PTE_NX;
	}
	for (u64 mfn = 0; mfn < frame_table_end; mfn += FRAMES_PER_PIECE) {
		u64 va = FRAMES_VIRT + mfn * sizeof(struct page);

		if (!frames_any_ram(mfn, mfn + FRAMES_PER_PIECE)) {
			hv_map_table(va, hole, PTE_NX);
			continue;
		}
		hv_map_2m(va, va_to_pa(early_must(SIZE_2M, SIZE_2M)),
		          PTE_RW | PTE_NX);
	}
}

/* All that the memory map calls RAM, free or not. */
static void mark_ram(const struct range *ram, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		u64 end = ram[i].end >> PAGE_SHIFT;

		for (u64 f = ram[i].start >> PAGE_SHIFT; f < end; f++) {
			struct page *pg = mfn_page(f);

			pg->flags = PGF_RAM;
			list_init(&pg->link);
		}
	}
}

void frames_init(void)
{
	static struct range ram[MAX_RANGES];
	unsigned int nr_ram;

	find_ranges();
	frame_table_end = highest_frame();
	memcpy(ram, ranges, sizeof(ram));
	nr_ram = nr_ranges;
	remove_reserved();
	map_frame_table();
	mark_ram(ram, nr_ram);
	m2p_init();
	hv_map_prepare(DESC_VIRT, MAX_WINDOWS * DESC_WINDOW_SIZE);
	frames_lists_init();
	frames_ready = true;
	for (unsigned int i = 0; i < nr_ranges; i++) {
		if (ranges[i].start < ranges[i].end) {
			frames_add(ranges[i].start >> PAGE_SHIFT,
			           ranges[i].end >> PAGE_SHIFT);
		}
	}
	nr_ranges = 0;
}
