/* SPDX-License-Identifier: MIT */
/*
 * Memory of a guest: addresses, page tables, an allocator of whole pages.
 *
 * Three address spaces: virtual (pointers), machine (frame numbers, mfn),
 * pseudo-physical (pfn). The bootstrap mapping covers everything the library
 * touches, so va = VIRT_BASE + pfn * 4096 there. Every change of a live page
 * table goes through a hypercall. Levels count from 1 (page table entries)
 * to 4.
 */
#ifndef GUEST_MM_H
#define GUEST_MM_H

#include <guest/abi.h>

#define PTE_P        BIT(0)
#define PTE_W        BIT(1)
#define PTE_U        BIT(2)
#define PTE_PWT      BIT(3)
#define PTE_PCD      BIT(4)
#define PTE_A        BIT(5)
#define PTE_D        BIT(6)
#define PTE_PSE      BIT(7)
#define PTE_G        BIT(8)
#define PTE_AVAIL    (7UL << 9)
#define PTE_NX       BIT(63)
#define PTE_ADDR     0x000ffffffffff000UL
#define PTE_KERNEL   (PTE_P | PTE_W | PTE_A | PTE_D)
#define PTE_KERNEL_R (PTE_P | PTE_A)
#define PTE_USER     (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)
#define PTE_USER_R   (PTE_P | PTE_U | PTE_A)
#define PTE_TABLE    PTE_USER

/** Boot: maps the shared info page and fills the page pool. */
void mm_init(void);

uint64_t pfn_to_mfn(uint64_t pfn);
uint64_t mfn_to_pfn(uint64_t mfn);
uint64_t va_to_mfn(const volatile void *va);

/** Address of frame @mfn in the bootstrap mapping. */
void *mfn_to_va(uint64_t mfn);

/** Pages that the bootstrap mapping covers. */
uint64_t mm_mapped_pages(void);

/** A zeroed page that nothing else uses; ends the test when none is left. */
void *page_alloc(void);

/** Gives a page back; it must be mapped writable and be no page table. */
void page_free(void *page);

static inline uint64_t pte_make(uint64_t mfn, uint64_t flags)
{
	return (mfn << PAGE_SHIFT) | flags;
}

static inline uint64_t pte_mfn(uint64_t pte)
{
	return (pte & PTE_ADDR) >> PAGE_SHIFT;
}

static inline unsigned int pt_index(uint64_t va, unsigned int level)
{
	return (va >> (PAGE_SHIFT + 9 * (level - 1))) & 511;
}

/** mfn of the L4 table the guest kernel runs on. */
uint64_t pt_root(void);
void pt_root_set(uint64_t mfn);

/**
 * The entry of @level that maps @va under the L4 table @root, as a pointer
 * into the (read-only) table; NULL where an upper level is absent.
 */
volatile uint64_t *pt_entry_in(uint64_t root, uint64_t va, unsigned int level);
volatile uint64_t *pt_entry(const volatile void *va, unsigned int level);

/** Machine address of an entry that pt_entry() found. */
uint64_t pt_maddr(const volatile uint64_t *entry);

/** Value of the L1 entry that maps @va; 0 when there is none. */
uint64_t pte_of(const volatile void *va);

/** One mmu_update of type MMU_NORMAL_PT_UPDATE; the ABI's result. */
long pt_write(const volatile uint64_t *entry, uint64_t value);
long pt_write_maddr(uint64_t maddr, uint64_t value, unsigned int type);

/** update_va_mapping with INVLPG of the page at @va. */
long va_map(const volatile void *va, uint64_t pte);

/** Changes the rights of a page in the bootstrap mapping. */
long page_make_ro(const volatile void *va);
long page_make_rw(const volatile void *va);

/** One mmuext_op on domain DOMID_SELF. */
long mmuext(unsigned int cmd, uint64_t arg1, uint64_t arg2);
long pin(unsigned int level, const void *table);
long unpin(const void *table);
void tlb_flush(void);

/**
 * Makes sure that tables down to L1 exist for @va under the current root
 * and returns the L1 entry. New tables come from page_alloc() and stay.
 */
volatile uint64_t *pt_populate(uint64_t root, uint64_t va);

/** A kernel virtual address range of 2 MiB that tests may map at will. */
#define MM_WINDOW 0xffffffffc0000000UL

/** Maps @pte at page @index of the window; returns its address. */
void *window_map(unsigned int index, uint64_t pte);

#endif /* GUEST_MM_H */
