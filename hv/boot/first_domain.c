/* SPDX-License-Identifier: MIT */
/*
 * Builds the first domain: the boot loader's first module becomes its kernel,
 * the second its initrd. Xen's public headers describe the state it starts in
 * (xen.h "start of day", arch-x86/xen.h).
 *
 * The kernel's image is given back as soon as its segments are in place, so
 * that most of a small machine's memory can become the domain's.
 */
#include <hv/boot.h>
#include <hv/builder.h>
#include <hv/elf.h>
#include <hv/errno.h>
#include <hv/first_domain.h>
#include <hv/hypercall_page.h>
#include <hv/mm.h>

#define MIB              (1UL << 20)
#define MAX_GRANT_FRAMES 32
#define GUEST_DEFAULT    (256 * MIB)
#define CONTROL_DEFAULT  (512 * MIB)
#define CONTROL_MAX      (2048 * MIB)
#define HEADROOM_MAX     (64 * MIB)
/* A traced domain numbers the hypervisor's shared pages too. */
#define EXTRA_FRAMES     64

/* The first module, opened. */
struct kernel {
	const void *module;
	size_t module_size;
	const void *file; /* the ELF file, in the module or unpacked */
	size_t file_size;
	struct elf_image elf;
	struct xen_notes notes;
	u64 end; /* bytes from the domain's frame 0 */
};

static void kernel_close(struct kernel *k)
{
	kernel_unpack_free(k->module, k->module_size, k->file, k->file_size);
	k->file = NULL;
}

/* Where the segments lie, in bytes from frame 0. */
static int kernel_measure(struct kernel *k)
{
	u64 start, end;

	if (elf_load_range(&k->elf, &start, &end)) {
		return -XEN_EINVAL;
	}
	if (start < k->notes.paddr_offset) {
		log_warn(
			"kernel: it loads at 0x%llx, below its own offset 0x%llx (note PADDR_OFFSET): the file is damaged, copy it again",
			(unsigned long long)start,
			(unsigned long long)k->notes.paddr_offset);
		return -XEN_EINVAL;
	}
	k->end = end - k->notes.paddr_offset;
	return 0;
}

/* True when @size bytes at guest address @va lie in the kernel's image. */
static bool kernel_holds(const struct kernel *k, u64 va, u64 size)
{
	u64 offset = va - k->notes.virt_base;

	return offset < k->end && size <= k->end - offset;
}

static int kernel_check_addresses(const struct kernel *k)
{
	const struct xen_notes *n = &k->notes;

	if (!kernel_holds(k, n->entry, 1)) {
		log_warn(
			"kernel: its entry 0x%llx lies outside of its image: the file is damaged, copy it again",
			(unsigned long long)n->entry);
		return -XEN_EINVAL;
	}
	if (n->has_hypercall_page &&
	    (n->hypercall_page % PAGE_SIZE != n->virt_base % PAGE_SIZE ||
	     !kernel_holds(k, n->hypercall_page, PAGE_SIZE))) {
		log_warn(
			"kernel: its hypercall page 0x%llx is not a page of its image: the file is damaged, copy it again",
			(unsigned long long)n->hypercall_page);
		return -XEN_EINVAL;
	}
	return 0;
}

static int kernel_open(struct kernel *k, bool initial)
{
	const struct boot_module *m = &boot_info.module[0];

	*k = (struct kernel){
		.module = pa_to_va(m->start),
		.module_size = m->size,
	};
	if (boot_info.nr_modules == 0) {
		log_warn(
			"first domain: the boot loader gave no modules: name a kernel as the first one");
		return -XEN_EINVAL;
	}
	if (kernel_unpack(k->module, k->module_size, &k->file, &k->file_size)) {
		return -XEN_EINVAL;
	}
	if (elf_open(&k->elf, k->file, k->file_size) ||
	    elf_xen_notes(&k->elf, initial, &k->notes) || kernel_measure(k) ||
	    kernel_check_addresses(k)) {
		kernel_close(k);
		return -XEN_EINVAL;
	}
	return 0;
}

/* All segments were measured; the frames they go to are zeroed. */
static void kernel_load(const struct kernel *k, struct builder *b)
{
	struct elf_segment seg;

	for (unsigned int i = 0; i < k->elf.phnum; i++) {
		if (elf_load_segment(&k->elf, i, &seg) == 1) {
			builder_copy(b, seg.paddr - k->notes.paddr_offset,
			             seg.data, seg.file_size);
		}
	}
	if (k->notes.has_hypercall_page) {
		u64 offset = k->notes.hypercall_page - k->notes.virt_base;

		hypercall_page_fill(builder_va(b, offset >> PAGE_SHIFT));
	}
}

static size_t initrd_size(void)
{
	return boot_info.nr_modules > 1 ? boot_info.module[1].size : 0;
}

u64 first_domain_pages(bool dom0less, u64 free_pages)
{
	u64 free_bytes = free_pages << PAGE_SHIFT;
	u64 spare = free_bytes - MIN(HEADROOM_MAX, free_bytes / 4);
	u64 wanted = dom0less ? GUEST_DEFAULT
	                      : MIN(MAX(free_bytes / 2, CONTROL_DEFAULT),
	                            CONTROL_MAX);
	u64 bytes = boot_option_size(dom0less ? "mem" : "dom0_mem",
	                             MIN(wanted, spare));

	if (bytes > free_bytes) {
		log_warn(
			"first domain: option %s asks for %llu MiB, but %llu are free: lower it",
			dom0less ? "mem" : "dom0_mem",
			(unsigned long long)(bytes / MIB),
			(unsigned long long)(free_bytes / MIB));
		return 0;
	}
	return MAX(bytes >> PAGE_SHIFT, 1UL); /* the layout refuses too few */
}

static int plan(const struct kernel *k, u64 nr_pages, bool dom0less,
                struct boot_layout *l)
{
	struct boot_layout_request r = {
		.virt_base = k->notes.virt_base,
		.kernel_end = k->end,
		.nr_pages = nr_pages,
		.initrd_size = initrd_size(),
		.initrd_unmapped = k->notes.mod_start_pfn,
		.p2m_apart = k->notes.has_init_p2m,
		.p2m_va = k->notes.init_p2m,
		.console = dom0less,
	};

	return boot_layout_plan(l, &r);
}

/* vCPUs wanted by boot option; a traced domain has one. */
static unsigned int vcpus_wanted(bool dom0less, bool traced)
{
	u64 n = boot_option_size(dom0less ? "vcpus" : "dom0_max_vcpus", 1);

	return traced ? 1 : MIN(MAX(n, 1UL), (u64)MAX_VCPUS);
}

static bool wants_trace(void)
{
	char buf[2];

	return boot_option("record", buf, sizeof(buf)) ||
	       boot_option("replay", buf, sizeof(buf));
}

/* An empty domain with its vCPUs; NULL, logged, when there cannot be one. */
static struct domain *create(bool dom0less, u64 nr_pages)
{
	bool traced = wants_trace();
	unsigned int nr_vcpus = vcpus_wanted(dom0less, traced);
	struct domain_config c = {
		.id = dom0less ? 1 : 0, /* 0 is the control domain's */
		.max_vcpus = nr_vcpus,
		.max_port = MAX_PORTS - 1,
		.max_grant_frames = MAX_GRANT_FRAMES,
		.privileged = !dom0less,
		.traced = traced,
		.max_frames = nr_pages + EXTRA_FRAMES,
	};
	int err = 0;
	struct domain *d = domain_create(&c, &err);

	if (d) {
		d->max_pages = nr_pages;
		for (unsigned int i = 0; i < nr_vcpus && !err; i++) {
			err = vcpu_create(d, i);
		}
	}
	if (err) {
		log_warn(
			"first domain: it could not be created (error %d): give the machine more memory",
			-err);
	}
	if (d && err) {
		first_domain_discard(d);
		d = NULL;
	}
	return d;
}

void first_domain_discard(struct domain *d)
{
	while (domain_kill(d) == -XEN_ERESTART) {
		/* each call does a bounded part */
	}
}

/* Module @i is copied and read no more. */
static void release_module(unsigned int i)
{
	const struct boot_module *m = &boot_info.module[i];

	frames_release(m->start, m->start + m->size);
}

/* Fills the domain's memory; @k is closed when this returns. */
static int fill(struct builder *b, struct kernel *k)
{
	const struct boot_layout *l = &b->l;
	int err = builder_populate(b, l->kernel_end_pfn);

	if (!err) {
		kernel_load(k, b);
	}
	kernel_close(k);
	if (err) {
		return err;
	}
	release_module(0);
	err = builder_populate(b, l->nr_pages);
	if (err) {
		return err;
	}
	if (l->nr_initrd) {
		builder_copy(b, l->initrd_pfn << PAGE_SHIFT,
		             pa_to_va(boot_info.module[1].start),
		             initrd_size());
		release_module(1);
	}
	builder_fill_p2m(b);
	builder_fill_tables(b);
	return 0;
}

static struct domain *build(struct kernel *k, bool dom0less, u64 nr_pages)
{
	struct boot_layout l;
	struct builder b = {0};
	struct domain *d = NULL;
	int err = plan(k, nr_pages, dom0less, &l);

	if (!err) {
		d = create(dom0less, nr_pages);
	}
	if (!d) {
		kernel_close(k);
		return NULL;
	}
	err = builder_init(&b, d, &l);
	if (err) {
		kernel_close(k);
	} else {
		err = fill(&b, k);
	}
	if (!err) {
		err = first_domain_start(&b, k->notes.entry, initrd_size(),
		                         boot_info.module[0].cmdline);
	}
	builder_release(&b);
	if (err) {
		first_domain_discard(d);
		return NULL;
	}
	return d;
}

struct domain *first_domain_build(bool dom0less)
{
	struct kernel k;
	u64 nr_pages = first_domain_pages(dom0less, frames_free_count());
	struct domain *d;

	if (nr_pages == 0 || kernel_open(&k, !dom0less)) {
		return NULL;
	}
	d = build(&k, dom0less, nr_pages);
	if (d) {
		log_info(
			"first domain: d%u, kernel \"%s\", %llu MiB, %zu KiB of initrd%s%s",
			d->id, k.notes.guest_os,
			(unsigned long long)nr_pages >> 8, initrd_size() >> 10,
			d->privileged ? ", privileged" : "",
			d->traced ? ", traced" : "");
	}
	return d;
}
