/* SPDX-License-Identifier: MIT */
/*
 * The L4 tables that a vCPU runs on, one for its kernel and one for its user
 * mode, and all else that it holds frames for. A root is left by the CPU
 * before its references are dropped.
 */
#include <arch/entry.h>
#include <hv/lib.h>
#include <hv/sched.h>
#include <hv/traps.h>
#include <mm/table.h>

/* Where the root is of which the CPU has loaded the table. */
static struct page **active_root(struct vcpu *v)
{
	return v->s.kernel_mode ? &v->kernel_root : &v->user_root;
}

static void reload(struct vcpu *v)
{
	if (v == current_vcpu()) {
		arch_load_cr3(v);
	} else {
		v->flush_tlb = true;
	}
}

/* Replaces *@root by @pg, whose references the caller took, or NULL. */
static void root_replace(struct vcpu *v, struct page **root, struct page *pg)
{
	struct page *old = *root;
	bool active = root == active_root(v);

	*root = pg;
	if (active) {
		reload(v);
	}
	if (old != NULL) {
		page_put_and_type_later(old);
	}
}

static int root_get(struct domain *d, u64 gmfn, struct page **pg)
{
	*pg = domain_frame(d, gmfn);
	if (*pg == NULL) {
		return -XEN_EINVAL;
	}
	return page_get_and_type(*pg, d, PGT_L4);
}

int vcpu_set_kernel_root(struct vcpu *v, u64 gmfn)
{
	struct page *pg;
	int err;

	if (v->kernel_root != NULL && page_gmfn(v->kernel_root) == gmfn) {
		v->flush_tlb = true;
		return 0;
	}
	err = root_get(v->domain, gmfn, &pg);
	if (err != 0) {
		return err;
	}
	v->s.kernel_root = gmfn;
	root_replace(v, &v->kernel_root, pg);
	return 0;
}

int vcpu_load_root(struct vcpu *v, u64 gmfn)
{
	int err = mm_begin(v->domain);

	return err != 0 ? err : vcpu_set_kernel_root(v, gmfn);
}

int vcpu_set_user_root(struct vcpu *v, u64 gmfn)
{
	struct page *pg = NULL;
	int err;

	if (gmfn == GMFN_NONE && v->user_root == NULL) {
		v->s.user_root = GMFN_NONE;
		return 0;
	}
	if (gmfn == v->s.user_root && v->user_root != NULL) {
		return 0;
	}
	err = gmfn == GMFN_NONE ? 0 : root_get(v->domain, gmfn, &pg);
	if (err != 0) {
		return err;
	}
	v->s.user_root = gmfn;
	root_replace(v, &v->user_root, pg);
	return 0;
}

u64 vcpu_cr3(struct vcpu *v)
{
	return v->domain->mmu->cr3(v);
}

static void release_info(struct vcpu *v)
{
	struct page *pg = v->info_page;

	if (pg != NULL) {
		v->info_page = NULL;
		v->info = &v->domain->shared->vcpu_info[v->id];
		page_put_and_type_later(pg);
	}
}

void vcpu_release_frames(struct vcpu *v)
{
	if (v == current_vcpu()) {
		sched_detach();
	}
	BUG_ON(vcpu_set_gdt(v, NULL, 0) != 0);
	BUG_ON(vcpu_set_ldt(v, 0, 0) != 0);
	release_info(v);
	if (v->kernel_root != NULL) {
		root_replace(v, &v->kernel_root, NULL);
	}
	if (v->user_root != NULL) {
		root_replace(v, &v->user_root, NULL);
	}
	v->s.kernel_root = GMFN_NONE;
	v->s.user_root = GMFN_NONE;
}
