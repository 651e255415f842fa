/* SPDX-License-Identifier: MIT */
/*
 * One page-table entry: which bits it may have and which references it holds.
 *
 * A present entry of an L1 table holds a plain reference on the frame it maps,
 * and a writable type reference if it maps it writable. An entry of a higher
 * table holds a plain and a type reference on the table below. There are no
 * superpages and no tables that refer to their own level: a frame has one type.
 */
#include <hv/lib.h>
#include <hv/rr.h>
#include <mm/table.h>

#define PTE_AVAIL (0x0e00UL | 0x7ff0000000000000UL)
#define PTE_CACHE (PTE_PWT | PTE_PCD | PTE_PS) /* bit 7 of an L1 entry: PAT */
#define COMMON    (PTE_P | PTE_RW | PTE_U | PTE_A | PTE_D | PTE_AVAIL | PTE_NX)

/* The frames between conventional memory and the first MiB: firmware and
 * display. The control domain may look at them. */
#define ISA_FIRST_MFN 0xa0
#define ISA_LAST_MFN  0xff

/* G goes: kernel and user mode of a guest are told apart by their roots, and
 * no translation may outlive a change of root. U is the CPU's ring 3, in which
 * the guest's kernel runs too; bit 52 remembers that it was not asked for. */
static int leaf_check(u64 *pte)
{
	u64 p = *pte & ~PTE_G;

	if (p & ~(COMMON | PTE_CACHE | PTE_FRAME)) {
		return -XEN_EINVAL;
	}
	if (!(p & PTE_U)) {
		p |= PTE_U | PTE_GUEST_KERNEL;
	}
	*pte = p;
	return 0;
}

int entry_check(unsigned int level, u64 *pte)
{
	if (level == PGT_L1) {
		return leaf_check(pte);
	}
	if (*pte & ~(COMMON | PTE_FRAME)) {
		return -XEN_EINVAL;
	}
	*pte |= PTE_U | PTE_A;
	return 0;
}

static bool io_allowed(const struct domain *d, u64 pte)
{
	u64 mfn = pte_frame(pte);

	return d->privileged && !d->traced && mfn >= ISA_FIRST_MFN &&
	       mfn <= ISA_LAST_MFN;
}

static int leaf_get(struct domain *d, struct domain *source, u64 *pte)
{
	struct page *pg = domain_frame(source, pte_frame(*pte));
	int err;

	if (source != d && (d->traced || !rr_foreign_allowed(source))) {
		return -XEN_EINVAL;
	}
	if (pg == NULL) {
		return io_allowed(d, *pte) ? 0 : -XEN_EINVAL;
	}
	if (*pte & PTE_CACHE) {
		return -XEN_EINVAL;
	}
	if (!page_get(pg, source)) {
		return -XEN_EINVAL;
	}
	err = *pte & PTE_RW ? page_get_type(pg, PGT_WRITABLE) : 0;
	if (err != 0) {
		page_put(pg);
		return err == -XEN_EINVAL ? -XEN_EBUSY : err;
	}
	if (source != d) {
		*pte = (*pte & ~PTE_FRAME) | page_pa(pg);
	}
	return 0;
}

int entry_get(struct domain *d, struct domain *source, unsigned int level,
              u64 *pte)
{
	struct page *pg;

	if (level == PGT_L1) {
		return leaf_get(d, source, pte);
	}
	pg = domain_frame(d, pte_frame(*pte));
	if (pg == NULL || source != d) {
		return -XEN_EINVAL;
	}
	return page_get_and_type(pg, d, level - 1);
}

void entry_put(struct domain *d, unsigned int level, u64 pte)
{
	struct page *pg;

	if (!(pte & PTE_P)) {
		return;
	}
	pg = domain_frame(d, pte_frame(pte));
	if (pg == NULL) {
		return; /* not RAM: nothing was taken */
	}
	if (level > PGT_L1 || (pte & PTE_RW)) {
		page_put_and_type_later(pg);
	} else {
		page_put(pg);
	}
}
