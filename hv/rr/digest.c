/* SPDX-License-Identifier: MIT */
/*
 * Digests of a domain's frames and vCPU. They name everything by the domain's
 * own numbers, so they are equal on any machine. (docs/trace-format.md, 9)
 *
 * Where all of memory is digested again and again, the digests of its frames
 * are kept, and those alone are computed that were written since.
 */
#include <rr_hv/machine.h>

#include <arch/cpu.h>
#include <arch/entry.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/rr.h>
#include <hv/traps.h>

/* Flags that a guest computes with; the rest is ours or TCG's (R2). */
#define HASHED_FLAGS                                                           \
	(RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF |           \
	 RFLAGS_DF | RFLAGS_OF)

static bool is_zero(const u64 *words)
{
	for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*words); i += 8) {
		const u64 *w = words + i;

		if (w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7]) {
			return false;
		}
	}
	return true;
}

/* Many frames were never written: a frame of zeros counts as a single one. */
struct tf_hash128 frame_digest(const struct page *pg)
{
	const void *bytes = page_va(pg);

	return tf_hash((struct tf_hash128){0, 0}, bytes,
	               is_zero(bytes) ? 1 : PAGE_SIZE);
}

/* The same of frame @g, which may be kept. */
static struct tf_hash128 kept_digest(struct domain *d, u64 g)
{
	struct page *pg = d->frames[g];

	if (pg == NULL) {
		return (struct tf_hash128){0, 0};
	}
	if (d->digests == NULL) {
		return frame_digest(pg);
	}
	if (!(pg->flags & PGF_DIGESTED)) {
		d->digests[g] = frame_digest(pg);
		pg->flags |= PGF_DIGESTED;
	}
	return d->digests[g];
}

struct tf_hash128 frames_digest(struct domain *d, u64 first, u64 count)
{
	struct tf_hash128 h = {0, 0};

	if (d->digests != NULL) {
		mmu_twin_harvest(d);
	}
	for (u64 g = first; g < first + count && g < d->s.nr_frames; g++) {
		struct tf_hash128 f = kept_digest(d, g);

		h.lo = tf_hash_step(h.lo, f.lo);
		h.hi = tf_hash_step(h.hi, f.hi);
	}
	return h;
}

static size_t digests_bytes(const struct domain *d)
{
	return d->s.nr_frames * sizeof(*d->digests);
}

bool digests_keep(struct domain *d)
{
	d->digests = hv_pages_alloc(digests_bytes(d));
	if (d->digests == NULL) {
		return false;
	}
	for (u64 g = 0; g < d->s.nr_frames; g++) {
		if (d->frames[g] != NULL) {
			d->frames[g]->flags &= (u16)~PGF_DIGESTED;
		}
	}
	d->dirty_by_cpu = true;
	return true;
}

void digests_drop(struct domain *d)
{
	d->dirty_by_cpu = false;
	hv_pages_free(d->digests, digests_bytes(d));
	d->digests = NULL;
}

unsigned int rr_audit(struct domain *d)
{
	unsigned int wrong = 0;

	/* After a recording others may write to its frames again. */
	if (d->digests == NULL || !rr_attached(d)) {
		return 0;
	}
	mmu_twin_harvest(d);
	for (u64 g = 0; g < d->s.nr_frames; g++) {
		const struct page *pg = d->frames[g];
		struct tf_hash128 h;

		if (pg == NULL || !(pg->flags & PGF_DIGESTED)) {
			continue;
		}
		h = frame_digest(pg);
		if (h.lo != d->digests[g].lo || h.hi != d->digests[g].hi) {
			wrong++;
			log_error("audit: frame %#lx of d%u was written and "
			          "nobody noted it",
			          g, d->id);
		}
	}
	return wrong;
}

unsigned int vcpu_register_words(const struct vcpu *v, u64 *w)
{
	const struct cpu_regs *r = &v->s.regs;
	unsigned int n = 0;

	w[n++] = r->rip;
	w[n++] = r->rsp;
	w[n++] = r->rflags & HASHED_FLAGS;
	w[n++] = r->rax;
	w[n++] = r->rbx;
	w[n++] = r->rcx;
	w[n++] = r->rdx;
	w[n++] = r->rsi;
	w[n++] = r->rdi;
	w[n++] = r->rbp;
	w[n++] = r->r8;
	w[n++] = r->r9;
	w[n++] = r->r10;
	w[n++] = r->r11;
	w[n++] = r->r12;
	w[n++] = r->r13;
	w[n++] = r->r14;
	w[n++] = r->r15;
	w[n++] = (u64)v->s.kernel_mode << 32 | r->vector;
	return n;
}

static u64 words_digest(const u64 *w, unsigned int n)
{
	u64 h = 0;

	for (unsigned int i = 0; i < n; i++) {
		h = tf_hash_step(h, w[i]);
	}
	return h;
}

/* Of all but the general registers, with what the hardware holds. */
static struct tf_hash128 rest_digest(struct vcpu *v)
{
	struct tf_hash128 rest = {0, 0};

	if (v == current) {
		arch_save_vcpu(v);
		arch_load_vcpu(v);
	}
	rest = tf_hash(rest, v->s.fpu, sizeof(v->s.fpu));
	rest = tf_hash(rest, v->s.traps, sizeof(v->s.traps));
	rest = tf_hash(rest, v->s.callbacks, sizeof(v->s.callbacks));
	return tf_hash(rest, &v->s.kernel_sp,
	               offsetof(struct vcpu_state, poll_ports) -
	                       offsetof(struct vcpu_state, kernel_sp));
}

u64 vcpu_digest(struct vcpu *v)
{
	u64 w[RR_REG_WORDS], h;
	struct tf_hash128 rest;

	h = words_digest(w, vcpu_register_words(v, w));
	rest = rest_digest(v);
	return tf_hash_step(tf_hash_step(h, rest.lo), rest.hi);
}

u64 vcpu_registers_digest(const struct vcpu *v)
{
	u64 w[RR_REG_WORDS];
	unsigned int n = vcpu_register_words(v, w);

	w[n - 1] = v->s.kernel_mode; /* without the kind of exit */
	return words_digest(w, n);
}

u64 vcpu_rest_digest(struct vcpu *v)
{
	struct tf_hash128 rest = rest_digest(v);

	return tf_hash_step(rest.lo, rest.hi);
}
