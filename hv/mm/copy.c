/* SPDX-License-Identifier: MIT */
/*
 * Copies between the hypervisor and guest memory, page by page, each by one
 * walk of the guest's tables and through the direct map. A leaf that permits
 * writing holds a writable reference, so a frame that this writes to is no
 * page table.
 */
#include <hv/lib.h>
#include <mm/walk.h>

/* Address of @va's byte for an access, or NULL when the guest has no right. */
static u8 *access(struct domain *d, struct page *root, u64 va, bool write)
{
	struct walk w;

	if (!walk_root(d, root, va, &w) || w.page == NULL) {
		return NULL;
	}
	if (write && !(w.rights & PTE_RW)) {
		return NULL;
	}
	d->mmu->touch(&w, write);
	return (u8 *)page_va(w.page) + (va & ~PAGE_MASK);
}

static int copy_from(struct domain *d, struct page *root, u8 *dst, u64 va,
                     size_t size)
{
	while (size > 0) {
		size_t n = MIN(size, PAGE_SIZE - (va & ~PAGE_MASK));
		const u8 *src = access(d, root, va, false);

		if (src == NULL) {
			return -XEN_EFAULT;
		}
		memcpy(dst, src, n);
		dst += n;
		va += n;
		size -= n;
	}
	return 0;
}

static int copy_to(struct domain *d, struct page *root, u64 va, const u8 *src,
                   size_t size)
{
	while (size > 0) {
		size_t n = MIN(size, PAGE_SIZE - (va & ~PAGE_MASK));
		u8 *dst = access(d, root, va, true);

		if (dst == NULL) {
			return -XEN_EFAULT;
		}
		memcpy(dst, src, n);
		src += n;
		va += n;
		size -= n;
	}
	return 0;
}

static struct page *mode_root(struct vcpu *v)
{
	return v->s.kernel_mode ? v->kernel_root : v->user_root;
}

int vcpu_copy_from(struct vcpu *v, void *dst, u64 va, size_t size)
{
	return copy_from(v->domain, mode_root(v), dst, va, size);
}

int vcpu_copy_to(struct vcpu *v, u64 va, const void *src, size_t size)
{
	return copy_to(v->domain, mode_root(v), va, src, size);
}

int copy_from_guest(void *dst, u64 va, size_t size)
{
	struct vcpu *v = current;

	return copy_from(v->domain, v->kernel_root, dst, va, size);
}

int copy_to_guest(u64 va, const void *src, size_t size)
{
	struct vcpu *v = current;

	return copy_to(v->domain, v->kernel_root, va, src, size);
}
