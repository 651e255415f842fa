/* SPDX-License-Identifier: MIT */
/*
 * mmuext_op: pins, roots, flushes and other operations on page tables. The
 * table of sub-ops is mmuext_ops.def; progress is kept as in mmu_update.
 */
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/traps.h>
#include <mm/foreign.h>
#include <mm/table.h>
#include <xen/xen.h>

typedef int mmuext_handler(struct vcpu *v, struct domain *d,
                           const struct mmuext_op *op);

static int op_pin(struct vcpu *v, struct domain *d, const struct mmuext_op *op)
{
	(void)v;
	return domain_pin_table(d, op->arg1.mfn,
	                        PGT_L1 + op->cmd - MMUEXT_PIN_L1_TABLE);
}

static int op_unpin(struct vcpu *v, struct domain *d,
                    const struct mmuext_op *op)
{
	(void)v;
	return domain_unpin_table(d, op->arg1.mfn);
}

static int op_new_baseptr(struct vcpu *v, struct domain *d,
                          const struct mmuext_op *op)
{
	return d == v->domain ? vcpu_set_kernel_root(v, op->arg1.mfn)
	                      : -XEN_EPERM;
}

static int op_new_user_baseptr(struct vcpu *v, struct domain *d,
                               const struct mmuext_op *op)
{
	u64 gmfn = op->arg1.mfn == 0 ? GMFN_NONE : op->arg1.mfn;

	return d == v->domain ? vcpu_set_user_root(v, gmfn) : -XEN_EPERM;
}

static int op_tlb_flush_local(struct vcpu *v, struct domain *d,
                              const struct mmuext_op *op)
{
	(void)d;
	(void)op;
	v->flush_tlb = true;
	return 0;
}

/* The bitmap of vCPUs must be readable; which it names does not matter, for
 * vCPUs that are not loaded are flushed when they are. */
static int check_bitmap(const struct mmuext_op *op)
{
	u64 bits;

	return copy_from_guest(&bits, (u64)op->arg2.vcpumask.p, sizeof(bits)) ==
	                       0
	               ? 0
	               : -XEN_EINVAL;
}

static int op_tlb_flush_all(struct vcpu *v, struct domain *d,
                            const struct mmuext_op *op)
{
	(void)d;
	(void)op;
	tlb_flush_domain(v->domain);
	return 0;
}

static int op_invlpg_local(struct vcpu *v, struct domain *d,
                           const struct mmuext_op *op)
{
	(void)d;
	if (is_canonical(op->arg1.linear_addr)) {
		tlb_flush_va(v, op->arg1.linear_addr);
	}
	return 0;
}

static int op_invlpg_all(struct vcpu *v, struct domain *d,
                         const struct mmuext_op *op)
{
	struct vcpu *each;

	(void)d;
	if (!is_canonical(op->arg1.linear_addr)) {
		return 0;
	}
	for_each_vcpu (v->domain, each) {
		tlb_flush_va(each, op->arg1.linear_addr);
	}
	return 0;
}

static int op_tlb_flush_multi(struct vcpu *v, struct domain *d,
                              const struct mmuext_op *op)
{
	int err = check_bitmap(op);

	return err != 0 ? err : op_tlb_flush_all(v, d, op);
}

static int op_invlpg_multi(struct vcpu *v, struct domain *d,
                           const struct mmuext_op *op)
{
	int err = check_bitmap(op);

	return err != 0 ? err : op_invlpg_all(v, d, op);
}

/* No guest has uncached mappings. */
static int op_flush_cache(struct vcpu *v, struct domain *d,
                          const struct mmuext_op *op)
{
	(void)v;
	(void)d;
	(void)op;
	return -XEN_EACCES;
}

static int op_set_ldt(struct vcpu *v, struct domain *d,
                      const struct mmuext_op *op)
{
	if (d != v->domain) {
		return -XEN_EPERM;
	}
	return vcpu_set_ldt(v, op->arg1.linear_addr, op->arg2.nr_ents);
}

/* Takes a frame of @d for one write. */
static int get_writable(struct domain *d, u64 gmfn, struct page **pg)
{
	*pg = domain_frame(d, gmfn);
	if (*pg == NULL) {
		return -XEN_EINVAL;
	}
	return page_get_and_type(*pg, d, PGT_WRITABLE);
}

static int op_clear_page(struct vcpu *v, struct domain *d,
                         const struct mmuext_op *op)
{
	struct page *pg;
	int err = get_writable(d, op->arg1.mfn, &pg);

	(void)v;
	if (err != 0) {
		return err;
	}
	page_mark_dirty(pg);
	memset(page_va(pg), 0, PAGE_SIZE);
	page_put_and_type(pg);
	return 0;
}

static int op_copy_page(struct vcpu *v, struct domain *d,
                        const struct mmuext_op *op)
{
	struct page *from = domain_frame(d, op->arg2.src_mfn), *to;
	int err;

	(void)v;
	if (from == NULL || !page_get(from, d)) {
		return -XEN_EINVAL;
	}
	err = get_writable(d, op->arg1.mfn, &to);
	if (err == 0) {
		page_mark_dirty(to);
		memmove(page_va(to), page_va(from), PAGE_SIZE);
		page_put_and_type(to);
	}
	page_put(from);
	return err;
}

static int op_mark_super(struct vcpu *v, struct domain *d,
                         const struct mmuext_op *op)
{
	(void)v;
	(void)d;
	(void)op;
	return -XEN_EOPNOTSUPP;
}

static const struct {
	mmuext_handler *handler;
	enum rr_class class;
} rows[] = {
#define MX(cmd, cls, fn) [MMUEXT_##cmd] = {fn, RR_##cls},
#include "mmuext_ops.def"
};

static int run_one(struct vcpu *v, struct domain *d, const struct mmuext_op *op)
{
	if (op->cmd >= ARRAY_SIZE(rows) || rows[op->cmd].handler == NULL ||
	    (rows[op->cmd].class == RR_REFUSED && v->domain->traced)) {
		return -XEN_ENOSYS;
	}
	return rows[op->cmd].handler(v, d, op);
}

static int run_some(struct vcpu *v, struct hc_frame *f, struct domain *d,
                    u32 count, u32 *done)
{
	struct mmuext_op op;
	u32 limit = MIN(count, *done + MM_CUT_REQUESTS);
	int err = 0;

	while (err == 0 && *done < limit) {
		u64 at = f->args[0] + *done * sizeof(op);

		if (hc_read(f, &op, at, sizeof(op)) != 0) {
			return -XEN_EFAULT;
		}
		err = run_one(v, d, &op);
		if (err == 0) {
			(*done)++;
			err = mm_work(d);
		}
	}
	return err == 0 && *done < count ? HC_RESTART : err;
}

static long finish(struct hc_frame *f, u32 done, int err)
{
	if (f->args[2] != 0 &&
	    hc_write(f, f->args[2], &done, sizeof(done)) != 0) {
		return -XEN_EFAULT;
	}
	return err;
}

long hc_mmuext_op(struct vcpu *v, struct hc_frame *f)
{
	u32 count = (u32)f->args[1], done = (u32)(f->args[1] >> 32);
	struct domain *d;
	int err;

	d = mm_target(v->domain, (domid_t)f->args[3], &err);
	if (d == NULL) {
		return finish(f, 0, err);
	}
	if (done > count || count > (1u << 31)) {
		return -XEN_EINVAL;
	}
	err = mm_begin(d);
	if (err == 0) {
		err = run_some(v, f, d, count, &done);
	}
	if (err == HC_RESTART) {
		f->args[1] = (u64)done << 32 | count;
		return HC_RESTART;
	}
	return finish(f, done, err);
}
