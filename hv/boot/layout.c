/* SPDX-License-Identifier: MIT */
/*
 * The first domain's memory, laid out; see hv/boot_layout.h.
 */
#include <hv/errno.h>

#include <arch/layout.h>
#include <hv/boot_layout.h>
#include <hv/lib.h>

#define MAX_NR_PAGES (1UL << 28) /* 1 TiB: sums of frame counts stay small */

/* What xen.h promises behind the stack, and how the end is rounded. */
#define PADDING_PAGES (0x80000 >> PAGE_SHIFT)
#define END_ALIGNMENT 0x400000UL

static u64 mib(u64 pages)
{
	return (pages + 255) >> 8;
}

/* Tables of the level whose entries span 1 << @shift bytes, for @pages pages
 * from @va. The range does not wrap.
 */
static u64 tables_spanned(u64 va, u64 pages, unsigned int shift)
{
	u64 last = va + (pages << PAGE_SHIFT) - 1;

	return (last >> shift) - (va >> shift) + 1;
}

/* All L1, L2 and L3 tables for a range. */
static u64 tables_needed(u64 va, u64 pages)
{
	return tables_spanned(va, pages, 21) + tables_spanned(va, pages, 30) +
	       tables_spanned(va, pages, 39);
}

/* True when a guest may use @pages pages from @va. */
static bool range_usable(u64 va, u64 pages)
{
	u64 bytes = pages << PAGE_SHIFT;
	u64 last = va + bytes - 1;

	return va % PAGE_SIZE == 0 && last > va && is_canonical(va) &&
	       is_canonical(last) &&
	       (last < HV_RANGE_START || va >= HV_RANGE_END);
}

/* End of the mapping when the last item ends before @pfn: padded, and on a
 * round address, as far as there is memory.
 */
static u64 padded_end(const struct boot_layout *l, u64 pfn)
{
	u64 end = boot_layout_va(l, pfn + PADDING_PAGES);
	u64 rounded =
		ROUND_UP(end - l->virt_base + l->virt_base % END_ALIGNMENT,
	                 END_ALIGNMENT) -
		l->virt_base % END_ALIGNMENT;
	u64 pages = rounded >> PAGE_SHIFT;

	return MAX(pfn + PADDING_PAGES, MIN(pages, l->nr_pages));
}

/* The mapping with @nr_tables tables in it. */
static void place_mapped(struct boot_layout *l, bool console, u64 nr_tables)
{
	u64 pfn = l->kernel_end_pfn;

	if (!l->initrd_unmapped) {
		l->initrd_pfn = pfn;
		pfn += l->nr_initrd;
	}
	if (!l->p2m_apart) {
		l->p2m_pfn = pfn;
		pfn += l->nr_p2m;
	}
	l->start_info_pfn = pfn++;
	l->console_pfn = console ? pfn++ : 0;
	l->tables_pfn = pfn;
	l->nr_tables = nr_tables;
	pfn += nr_tables;
	l->stack_pfn = pfn++;
	l->end_pfn = padded_end(l, pfn);
}

/* The tables lie in the mapping that they map: repeats until both agree. More
 * tables never make fewer necessary, so the count only grows, and 512 pages
 * more make one table more, so it settles.
 */
static int plan_mapped(struct boot_layout *l, bool console)
{
	u64 nr_tables = 4;

	for (;;) {
		u64 needed;

		place_mapped(l, console, nr_tables);
		if (l->end_pfn > l->nr_pages) {
			log_warn(
				"first domain: %llu MiB of memory are too few: its kernel%s and page tables need %llu; raise its memory",
				(unsigned long long)mib(l->nr_pages),
				l->nr_initrd && !l->initrd_unmapped ? ", initrd"
								    : "",
				(unsigned long long)mib(l->end_pfn));
			return -XEN_EINVAL;
		}
		if (!range_usable(l->virt_base, l->end_pfn)) {
			log_warn(
				"first domain: its kernel wants %llu MiB at address 0x%llx, which is not the guest's to use: give a kernel linked elsewhere",
				(unsigned long long)mib(l->end_pfn),
				(unsigned long long)l->virt_base);
			return -XEN_EINVAL;
		}
		needed = 1 + tables_needed(l->virt_base, l->end_pfn);
		if (needed <= nr_tables) {
			return 0;
		}
		nr_tables = needed;
	}
}

/* True when the list at p2m_va shares no L4 entry with the mapping, so that
 * its tables are its own.
 */
static bool p2m_apart_possible(const struct boot_layout *l)
{
	u64 p2m_last = l->p2m_va + (l->nr_p2m << PAGE_SHIFT) - 1;
	u64 map_last = l->virt_base + (l->nr_pages << PAGE_SHIFT) - 1;

	return range_usable(l->p2m_va, l->nr_p2m) && map_last > l->virt_base &&
	       (p2m_last >> 39 < l->virt_base >> 39 ||
	        l->p2m_va >> 39 > map_last >> 39);
}

/* What lies behind the mapping. */
static int plan_unmapped(struct boot_layout *l)
{
	u64 pfn = l->end_pfn;

	if (l->initrd_unmapped) {
		l->initrd_pfn = pfn;
		pfn += l->nr_initrd;
	}
	if (l->p2m_apart) {
		l->p2m_pfn = pfn;
		l->p2m_tables_pfn = pfn + l->nr_p2m;
		l->nr_p2m_tables = tables_needed(l->p2m_va, l->nr_p2m);
		pfn = l->p2m_tables_pfn + l->nr_p2m_tables;
	}
	if (pfn > l->nr_pages) {
		log_warn(
			"first domain: %llu MiB of memory are too few: its kernel, initrd and frame list need %llu; raise its memory",
			(unsigned long long)mib(l->nr_pages),
			(unsigned long long)mib(pfn));
		return -XEN_EINVAL;
	}
	return 0;
}

int boot_layout_plan(struct boot_layout *l, const struct boot_layout_request *r)
{
	u64 kernel_pages = (r->kernel_end >> PAGE_SHIFT) +
	                   (r->kernel_end % PAGE_SIZE != 0);
	u64 initrd_pages = (r->initrd_size >> PAGE_SHIFT) +
	                   (r->initrd_size % PAGE_SIZE != 0);
	int err;

	*l = (struct boot_layout){
		.virt_base = r->virt_base,
		.nr_pages = r->nr_pages,
		.kernel_end_pfn = kernel_pages,
		.nr_initrd = initrd_pages,
		.initrd_unmapped = r->initrd_unmapped && initrd_pages,
		.nr_p2m = ROUND_UP(r->nr_pages * 8, PAGE_SIZE) >> PAGE_SHIFT,
		.p2m_va = r->p2m_va,
	};
	if (r->nr_pages > MAX_NR_PAGES || kernel_pages > r->nr_pages ||
	    initrd_pages > r->nr_pages) {
		log_warn(
			"first domain: %llu MiB of memory do not fit its kernel of %llu MiB and initrd of %llu MiB: set its memory accordingly",
			(unsigned long long)mib(r->nr_pages),
			(unsigned long long)mib(kernel_pages),
			(unsigned long long)mib(initrd_pages));
		return -XEN_EINVAL;
	}
	l->p2m_apart = r->p2m_apart && p2m_apart_possible(l);
	err = plan_mapped(l, r->console);
	if (err) {
		return err;
	}
	return plan_unmapped(l);
}
