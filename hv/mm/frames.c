/* SPDX-License-Identifier: MIT */
/*
 * The frame allocator: free blocks of 2^order frames, aligned to their size,
 * in one list for each order. A block that is freed joins its buddy if that is
 * free too.
 *
 * Frames are scrubbed when they are freed, so memory of one domain never waits
 * for another. What nobody has used since boot is scrubbed when it is given
 * out.
 */
#include <hv/lib.h>
#include <hv/mm.h>
#include <mm/frames.h>

u64 frame_table_end;
bool frames_ready;

static struct list free_blocks[FRAMES_MAX_ORDER + 1];
static u64 free_count, total_count;

void frames_lists_init(void)
{
	for (unsigned int i = 0; i <= FRAMES_MAX_ORDER; i++) {
		list_init(&free_blocks[i]);
	}
}

static void block_insert(struct page *pg, unsigned int order, u16 scrub)
{
	pg->flags = PGF_RAM | PGF_FREE | scrub;
	pg->order = (u8)order;
	list_add(&free_blocks[order], &pg->link);
}

/* The free block of the same size beside @mfn, or NULL. */
static struct page *free_buddy(u64 mfn, unsigned int order)
{
	u64 buddy = mfn ^ 1UL << order;
	struct page *pg;

	if (order == FRAMES_MAX_ORDER || buddy >= frame_table_end) {
		return NULL;
	}
	pg = mfn_page(buddy);
	return (pg->flags & PGF_FREE) && pg->order == order ? pg : NULL;
}

static void block_free(u64 mfn, unsigned int order, u16 scrub)
{
	struct page *buddy;

	free_count += 1UL << order;
	while ((buddy = free_buddy(mfn, order)) != NULL) {
		scrub |= buddy->flags & PGF_UNSCRUBBED;
		list_del(&buddy->link);
		buddy->flags = PGF_RAM;
		mfn &= ~(1UL << order);
		order++;
	}
	block_insert(mfn_page(mfn), order, scrub);
}

void frames_add(u64 start_mfn, u64 end_mfn)
{
	total_count += end_mfn - start_mfn;
	while (start_mfn < end_mfn) {
		unsigned int order = 0;

		while (order < FRAMES_MAX_ORDER &&
		       (start_mfn & ((2UL << order) - 1)) == 0 &&
		       start_mfn + (2UL << order) <= end_mfn) {
			order++;
		}
		block_free(start_mfn, order, PGF_UNSCRUBBED);
		start_mfn += 1UL << order;
	}
}

void frames_release(u64 start, u64 end)
{
	u64 first = ROUND_UP(start, PAGE_SIZE) >> PAGE_SHIFT;
	u64 last = end >> PAGE_SHIFT;

	if (first < last) {
		frames_add(first, last);
	}
}

static struct page *block_take(unsigned int order)
{
	unsigned int have = order;
	struct page *pg;
	u16 scrub;

	while (list_empty(&free_blocks[have])) {
		if (have++ == FRAMES_MAX_ORDER) {
			return NULL;
		}
	}
	pg = CONTAINER_OF(free_blocks[have].next, struct page, link);
	list_del(&pg->link);
	scrub = pg->flags & PGF_UNSCRUBBED;
	while (have > order) {
		have--;
		block_insert(pg + (1UL << have), have, scrub);
	}
	pg->flags = PGF_RAM | scrub;
	return pg;
}

struct page *frames_alloc(unsigned int order)
{
	struct page *pg = order <= FRAMES_MAX_ORDER ? block_take(order) : NULL;

	if (pg == NULL) {
		return NULL;
	}
	free_count -= 1UL << order;
	if (pg->flags & PGF_UNSCRUBBED) {
		memset(page_va(pg), 0, PAGE_SIZE << order);
		pg->flags = PGF_RAM;
	}
	for (u64 i = 0; i < 1UL << order; i++) {
		pg[i].refs = 1;
	}
	return pg;
}

void frames_free(struct page *pg, unsigned int order)
{
	memset(page_va(pg), 0, PAGE_SIZE << order);
	for (u64 i = 0; i < 1UL << order; i++) {
		BUG_ON(pg[i].flags & PGF_FREE);
		pg[i] = (struct page){.flags = PGF_RAM};
		list_init(&pg[i].link);
	}
	block_free(page_mfn(pg), order, 0);
}

u64 frames_free_count(void)
{
	return free_count;
}

u64 frames_total_count(void)
{
	return total_count;
}

void *hv_page_alloc(void)
{
	struct page *pg;

	if (!frames_ready) {
		return frames_early_alloc(PAGE_SIZE, PAGE_SIZE);
	}
	pg = frames_alloc(0);
	return pg == NULL ? NULL : page_va(pg);
}

void hv_page_free(void *va)
{
	if (va != NULL) {
		frames_free(va_page(va), 0);
	}
}

void *hv_pages_alloc(size_t bytes)
{
	u64 pages = ROUND_UP(bytes, PAGE_SIZE) >> PAGE_SHIFT;
	unsigned int order = 0;
	struct page *pg;

	while (order <= FRAMES_MAX_ORDER && 1UL << order < pages) {
		order++;
	}
	pg = pages == 0 ? NULL : frames_alloc(order);
	if (pg == NULL) {
		return NULL;
	}
	for (u64 i = pages; i < 1UL << order; i++) {
		frames_free(&pg[i], 0);
	}
	return page_va(pg);
}

void hv_pages_free(void *va, size_t bytes)
{
	u64 pages = ROUND_UP(bytes, PAGE_SIZE) >> PAGE_SHIFT;

	for (u64 i = 0; va != NULL && i < pages; i++) {
		frames_free(va_page((u8 *)va + i * PAGE_SIZE), 0);
	}
}
