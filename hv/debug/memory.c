/* SPDX-License-Identifier: MIT */
/*
 * A debugger's access to guest memory: by a walk of the guest's own tables
 * that sets nothing, or by frame number. Rights do not matter, presence does.
 */
#include "priv.h"

#include <hv/mm.h>
#include <mm/walk.h>

static u8 *virtual_at(struct vcpu *v, u32 space, u64 va, struct page **pg)
{
	struct page *root = v->kernel_root;
	struct walk w;

	if (space == CHRONO_MEM_USER ||
	    (space == CHRONO_MEM_ACTIVE && !v->s.kernel_mode)) {
		root = v->user_root;
	}
	if (!walk_root(v->domain, root, va, &w) || w.page == NULL) {
		return NULL;
	}
	*pg = w.page;
	return (u8 *)page_va(w.page) + (va & ~PAGE_MASK);
}

/* Where the byte at @address is, or NULL. */
static u8 *byte_at(struct vcpu *v, u32 space, u64 address, struct page **pg)
{
	struct domain *d = v->domain;

	if (space != CHRONO_MEM_FRAME) {
		return virtual_at(v, space, address, pg);
	}
	*pg = domain_frame(d, address >> PAGE_SHIFT);
	if (*pg == NULL || (*pg)->owner != d) {
		return NULL;
	}
	return (u8 *)page_va(*pg) + (address & ~PAGE_MASK);
}

static size_t piece(u64 address, size_t size)
{
	return MIN(size, PAGE_SIZE - (address & ~PAGE_MASK));
}

long debug_mem_read(struct vcpu *v, u32 space, u64 address, void *dst,
                    size_t size)
{
	size_t done = 0;

	if (space > CHRONO_MEM_FRAME) {
		return -XEN_EINVAL;
	}
	while (done < size) {
		size_t n = piece(address + done, size - done);
		struct page *pg;
		const u8 *p = byte_at(v, space, address + done, &pg);

		if (p == NULL) {
			break;
		}
		memcpy((u8 *)dst + done, p, n);
		done += n;
	}
	return done == 0 && size != 0 ? -XEN_EFAULT : (long)done;
}

/* Page tables and descriptors change by checked updates only. */
static bool writable(const struct page *pg)
{
	return pg->type_refs == 0 || pg->type == PGT_WRITABLE;
}

long debug_mem_write(struct vcpu *v, u32 space, u64 address, const void *src,
                     size_t size)
{
	size_t done = 0;

	if (space > CHRONO_MEM_FRAME) {
		return -XEN_EINVAL;
	}
	if (v->domain->rr != NULL) {
		return -XEN_EPERM;
	}
	while (done < size) {
		size_t n = piece(address + done, size - done);
		struct page *pg;
		u8 *p = byte_at(v, space, address + done, &pg);

		if (p == NULL || !writable(pg)) {
			break;
		}
		page_mark_dirty(pg);
		memcpy(p, (const u8 *)src + done, n);
		done += n;
	}
	return done == 0 && size != 0 ? -XEN_EFAULT : (long)done;
}
