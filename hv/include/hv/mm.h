/* SPDX-License-Identifier: MIT */
/*
 * Memory: frames, page types and references, the guest's page tables, and
 * access to guest memory.
 *
 * Guest memory is never touched through the guest's mappings. Every access is
 * a software walk of the guest's own entries followed by a copy through the
 * direct map, so nothing here can fault and one walk decides everything (R4).
 */
#ifndef HV_MM_H
#define HV_MM_H

#include <hv/domain.h>
#include <hv/page.h>

/* Page-table entry bits (SDM 3A 4.5) and the ABI's software bit. */
#define PTE_P            0x001UL
#define PTE_RW           0x002UL
#define PTE_U            0x004UL
#define PTE_PWT          0x008UL
#define PTE_PCD          0x010UL
#define PTE_A            0x020UL
#define PTE_D            0x040UL
#define PTE_PS           0x080UL
#define PTE_G            0x100UL
#define PTE_GUEST_KERNEL (1UL << 52)
#define PTE_NX           (1UL << 63)
#define PTE_FRAME        0x000ffffffffff000UL

static inline u64 pte_frame(u64 pte)
{
	return (pte & PTE_FRAME) >> PAGE_SHIFT;
}

/* ---- frames: mm/frames.c ------------------------------------------------ */

/** Takes over all RAM of the boot memory map that is not reserved. */
void frames_init(void);
/** 2^order contiguous zeroed frames; NULL when there are none. The caller sets
 *  owner and counts. */
struct page *frames_alloc(unsigned int order);
void frames_free(struct page *pg, unsigned int order);
/** Gives frames that were reserved at boot (modules) to the allocator.
 *  Physical addresses; partial pages stay reserved. */
void frames_release(u64 start, u64 end);
u64 frames_free_count(void);
u64 frames_total_count(void);
/** A zeroed page for the hypervisor's own use; NULL when there is none. */
void *hv_page_alloc(void);
void hv_page_free(void *va);
/** Zeroed memory of whole pages, for structures above one page. */
void *hv_pages_alloc(size_t bytes);
void hv_pages_free(void *va, size_t bytes);

/** Adds a zeroed frame to @d; NULL beyond max_pages or when none is left. A
 *  traced domain's gets the number @gmfn (GMFN_NONE: the lowest free one). */
struct page *domain_frame_alloc(struct domain *d, u64 gmfn);
/** 2^order frames, contiguous by machine address and by gmfn. */
struct page *domain_frames_alloc(struct domain *d, unsigned int order);
/** Frees a frame of a traced domain whoever refers to it: all state of the
 *  domain is about to be replaced. */
void domain_frame_discard(struct page *pg);
/** Makes a hypervisor page (shared_info, grant table) one of @d's frames.
 *  0, or -XEN_ENOMEM when a traced domain has no number left. */
int domain_share_page(struct domain *d, void *va);
/** The same with the number that a traced domain is to know it by. */
int domain_share_page_as(struct domain *d, void *va, u64 gmfn);
/** Ends that: the hypervisor does not use the page any more. It is freed with
 *  its last mapping; hv_page_free() must not be called. */
void domain_unshare_page(void *va);

/* ---- references: mm/page.c ---------------------------------------------- */

/** Takes a reference if @pg belongs to @d; false when it does not. */
bool page_get(struct page *pg, struct domain *d);
void page_put(struct page *pg);
/** Takes a type reference beside a plain one, validating if needed.
 *  0, -EINVAL (it has another type, or its contents are refused), -EBUSY (a
 *  table that maps a table writable), or -ERESTART when cut (call again). */
int page_get_type(struct page *pg, enum page_type type) __must_check;
/** Drops a type reference, invalidating at the last; 0 or -ERESTART. */
int page_put_type(struct page *pg);
int page_get_and_type(struct page *pg, struct domain *d,
                      enum page_type type) __must_check;
/** Drops both. What remains to be taken apart of a table waits on its owner's
 *  mm_work, where the owner's next memory hypercall continues. */
void page_put_and_type(struct page *pg);

/** Comes before every write of the hypervisor to a frame of a guest: the first
 *  one since the dirty epoch began is the last chance to keep what is in it. */
static inline void page_mark_dirty(struct page *pg)
{
	struct domain *d = pg->owner;

	if (!(pg->flags & PGF_DIRTY) && d != NULL) {
		d->nr_dirty++;
		if (d->first_write != NULL) {
			d->first_write(pg);
		}
	}
	pg->flags = (pg->flags | PGF_DIRTY) & (u16)~PGF_DIGESTED;
}

/** Validates @gmfn of @d as a table of level @type and pins it. 0, -EINVAL,
 *  -EBUSY or -ERESTART (call again). */
int domain_pin_table(struct domain *d, u64 gmfn, enum page_type type);
int domain_unpin_table(struct domain *d, u64 gmfn);

/* ---- the two kinds of MMU ----------------------------------------------- */

/*
 * direct: the CPU walks the guest's own tables, entries hold machine frame
 * numbers. twin (traced): entries hold the domain's gmfns, and the CPU walks
 * a twin of each validated table (D9, R4 to R6).
 */
struct walk;
struct mmu_ops {
	const char *name;
	/** Called after a table was validated, and before it stops being one.
	 */
	int (*table_begin)(struct page *table);
	void (*table_end)(struct page *table);
	/** Stores a checked entry into a validated table and whatever mirrors
	 *  it. */
	void (*entry_write)(struct page *table, unsigned int index, u64 pte);
	/** Physical address for CR3. */
	u64 (*cr3)(struct vcpu *v);
	/** The guest's tables permit the access that faulted: make the CPU
	 *  see it. */
	void (*fault)(struct vcpu *v, u64 va, const struct walk *w, bool write);
	/** The hypervisor accesses @w's page for the guest. */
	void (*touch)(const struct walk *w, bool write);
};
extern const struct mmu_ops mmu_direct;
extern const struct mmu_ops mmu_twin;

/** The frame that @d calls @gmfn, or NULL: "not mine". Also returns frames of
 *  other owners for a direct domain: the caller checks. (No row of the table
 *  above: each walk asks four times.) */
static inline struct page *domain_frame(const struct domain *d, u64 gmfn)
{
	struct page *pg;

	if (d->frames != NULL) {
		return gmfn < d->s.nr_frames ? d->frames[gmfn] : NULL;
	}
	if (gmfn >= frame_table_end) {
		return NULL;
	}
	pg = mfn_page(gmfn);
	return pg->flags & PGF_RAM ? pg : NULL;
}

/** @d's number for its own frame @pg. */
static inline u64 page_gmfn(const struct page *pg)
{
	return pg->gmfn;
}

/* ---- walking and copying: mm/walk.c, mm/copy.c --------------------------- */

struct walk {
	struct page *table[5]; /* [4] the root .. [1] the L1 table, or NULL */
	unsigned int index[5];
	u64 pte[5];         /* entries as read; [1] is the leaf */
	u64 rights;         /* AND of RW and U, OR of NX over the levels */
	struct page *page;  /* the frame mapped, or NULL (absent, or I/O) */
	unsigned int level; /* lowest level reached */
};

/** Walks @va from the root of @v's current mode. True when a leaf is present.
 *  Sets nothing. */
bool guest_walk(struct vcpu *v, u64 va, struct walk *w);

/** Copies between hypervisor memory and the current vCPU's address space (its
 *  kernel's tables). 0, or -EFAULT with an undefined part copied. Writes
 *  honour the guest's RW bits; both set A and D for a traced domain. */
int copy_from_guest(void *dst, u64 va, size_t size) __must_check;
int copy_to_guest(u64 va, const void *src, size_t size) __must_check;
/** The same for any vCPU that is current or not running, and its mode's root.
 */
int vcpu_copy_from(struct vcpu *v, void *dst, u64 va, size_t size) __must_check;
int vcpu_copy_to(struct vcpu *v, u64 va, const void *src,
                 size_t size) __must_check;

/** Resolves or judges a guest page fault.
 *  FAULT_RESOLVED: resume, the guest never knew (not counted).
 *  FAULT_EMULATED: a page-table write was carried out, rip advanced (counted).
 *  FAULT_BOUNCE: the guest's own; *error_code is what it must see (counted). */
enum { FAULT_RESOLVED, FAULT_EMULATED, FAULT_BOUNCE };
int guest_fault(struct vcpu *v, u64 va, u32 *error_code);

/* ---- roots, hypervisor slots, M2P ---------------------------------------- */

/** Switches the vCPU's kernel or user root; validates, takes references.
 *  0, -EINVAL or -ERESTART. User root GMFN_NONE clears it. */
int vcpu_set_kernel_root(struct vcpu *v, u64 gmfn);
/** As vcpu_set_kernel_root(), for an instruction of the guest: with a budget of
 *  its own, so that where it is cut depends on nobody's last call (R11). */
int vcpu_load_root(struct vcpu *v, u64 gmfn);
int vcpu_set_user_root(struct vcpu *v, u64 gmfn);
/** CR3 for @v's present mode. */
u64 vcpu_cr3(struct vcpu *v);
/** Drops all frames that the vCPU holds: roots, GDT, LDT, vcpu_info. */
void vcpu_release_frames(struct vcpu *v);

/** Sets the M2P entry of @pg in the view that its owner reads. */
void m2p_set(struct domain *d, struct page *pg, u64 pfn);
u64 m2p_get(struct domain *d, const struct page *pg);

/** Bytes of the M2P that @d can read from M2P_VIRT on. */
u64 m2p_size(const struct domain *d);

/** Maps a whole hypervisor page at a fixed hypervisor address (descriptor
 *  windows, device registers). @flags: PTE_* without P. */
void hv_map(u64 va, u64 pa, u64 flags);
/** Maps [@to, @to + @bytes) to what [@from, ...) is mapped to. */
void hv_map_copy(u64 to, u64 from, u64 bytes);
void hv_unmap(u64 va);

/** Gives back a dying domain's memory; -ERESTART while there is more. */
int domain_mm_release(struct domain *d);
/** Chooses the MMU of a new domain. d->traced, d->s.nr_frames (traced: the
 *  size of its frame map) are set. 0 or -XEN_ENOMEM. */
int domain_mm_init(struct domain *d);
/** Frees what domain_mm_init() allocated, when the struct domain goes. Each
 *  frame that a domain owns holds a reference on the struct (domain_put()). */
void domain_mm_destroy(struct domain *d);

/* ---- TLB: mm/tlb.c ------------------------------------------------------- */

/** Full flush of all vCPUs of @d before guest code runs again. */
void tlb_flush_domain(struct domain *d);
/** Forgets what @v's CPU knows of one page. */
void tlb_flush_va(struct vcpu *v, u64 va);
/** ... what all of @d's CPUs know of it. */
void tlb_flush_domain_va(struct domain *d, u64 va);

/* ---- traced domains ------------------------------------------------------ */

/** Makes the twins that @d's tables should have, after its state was replaced.
 *  Their leaves come with the first access to each. 0 or -XEN_ENOMEM. */
int mmu_twin_rebuild(struct domain *d);
/** The twin of @table goes; nothing leads to it any more. */
void mmu_twin_discard(struct page *table);
/** More than one entry may lead to @table. */
bool mmu_table_shared(const struct page *table);
/** The twin's leaf of @va, in @v's mode, goes: the next access faults. */
void mmu_twin_forget(struct vcpu *v, u64 va);
/** All leaves of @d with this index of their table go. */
void mmu_twin_forget_index(struct domain *d, unsigned int index);
/** Of d->l1_twins. */
static inline size_t mmu_twin_bitmap_bytes(const struct domain *d)
{
	return ROUND_UP(d->s.nr_frames, 64) / 8;
}

/** Opens a dirty epoch: PGF_DIRTY goes from all frames of @d. The first write
 *  to each sets it again; with dirty_by_cpu, mmu_twin_harvest() does. Work is
 *  proportional to its page tables. */
void mmu_twin_epoch(struct domain *d);
/** dirty_by_cpu: PGF_DIRTY and PGF_DIGESTED of all frames say what was written
 *  up to now. Work as above. */
void mmu_twin_harvest(struct domain *d);
/** A write to a frame that is not PGF_DIRTY is to come here first. */
static inline bool mmu_twin_guards_clean(const struct domain *d)
{
	return !d->dirty_by_cpu || d->first_write != NULL;
}

/** Recounts every reference and type of every frame from the page tables and
 *  compares. Returns the number of mismatches, each logged (at most 20). */
unsigned int mm_audit(void);

#endif
