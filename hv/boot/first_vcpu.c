/* SPDX-License-Identifier: MIT */
/*
 * The last step of building the first domain: what its kernel is told
 * (start_info, console) and the state its first vCPU starts in.
 */
#include <hv/builder.h>
#include <hv/errno.h>
#include <hv/evtchn.h>
#include <hv/first_domain.h>
#include <hv/mm.h>

/* The console description of a control domain lies right behind start_info;
 * left zero it says "none", and its console goes through hypercalls.
 */
#define CONSOLE_INFO_OFFSET sizeof(struct start_info)
static_assert(CONSOLE_INFO_OFFSET + sizeof(struct dom0_vga_console_info) <=
                      PAGE_SIZE,
              "both lie in the page of start_info");
static_assert(sizeof(struct start_info) == 0x490, "the ABI's size");

static void describe_memory(const struct builder *b, struct start_info *si,
                            u64 initrd_size)
{
	const struct boot_layout *l = &b->l;

	si->nr_pages = l->nr_pages;
	si->shared_info = b->d->s.shared_gmfn << PAGE_SHIFT;
	si->pt_base = boot_layout_va(l, l->tables_pfn);
	si->nr_pt_frames = l->nr_tables;
	si->mod_len = initrd_size;
	if (l->initrd_unmapped) {
		si->flags |= SIF_MOD_START_PFN;
		si->mod_start = l->initrd_pfn;
	} else if (l->nr_initrd) {
		si->mod_start = boot_layout_va(l, l->initrd_pfn);
	}
	if (l->p2m_apart) {
		si->mfn_list = l->p2m_va;
		si->first_p2m_pfn = l->p2m_pfn;
		si->nr_p2m_frames = l->nr_p2m + l->nr_p2m_tables;
	} else {
		si->mfn_list = boot_layout_va(l, l->p2m_pfn);
	}
}

/* A control domain's console is the machine's; another's is a ring whose
 * backend is the hypervisor. There is no xenstore yet in either.
 */
static int describe_console(const struct builder *b, struct start_info *si)
{
	struct domain *d = b->d;

	d->s.store_gmfn = GMFN_NONE;
	d->s.store_port = 0;
	if (d->privileged) {
		si->console.dom0.info_off = CONSOLE_INFO_OFFSET;
		si->console.dom0.info_size =
			sizeof(struct dom0_vga_console_info);
		d->s.console_gmfn = GMFN_NONE;
		return 0;
	}
	d->s.console_port = evtchn_reserve_console(d);
	if (d->s.console_port == 0) {
		log_warn(
			"first domain: it has no event channel left for its console");
		return -XEN_ENOSPC;
	}
	d->s.console_gmfn = page_gmfn(builder_page(b, b->l.console_pfn));
	si->console.domU.mfn = d->s.console_gmfn;
	si->console.domU.evtchn = d->s.console_port;
	return 0;
}

static int fill_start_info(const struct builder *b, u64 initrd_size,
                           const char *cmdline)
{
	struct start_info *si = builder_va(b, b->l.start_info_pfn);

	strlcpy(si->magic,
	        b->d->privileged ? "xen-3.0-x86_64p" : "xen-3.0-x86_64",
	        sizeof(si->magic));
	if (b->d->privileged) {
		si->flags |= SIF_PRIVILEGED | SIF_INITDOMAIN;
	}
	strlcpy((char *)si->cmd_line, cmdline, sizeof(si->cmd_line));
	describe_memory(b, si, initrd_size);
	return describe_console(b, si);
}

/* As if the guest had pinned it. */
static int pin_root(struct domain *d, u64 gmfn)
{
	int err;

	do {
		err = domain_pin_table(d, gmfn, PGT_L4);
	} while (err == -XEN_ERESTART);
	return err;
}

static int load_root(struct vcpu *v, u64 gmfn)
{
	int err;

	do {
		err = vcpu_set_kernel_root(v, gmfn);
	} while (err == -XEN_ERESTART);
	return err;
}

static void set_registers(struct vcpu *v, const struct boot_layout *l,
                          u64 entry)
{
	struct cpu_regs *r = &v->s.regs;

	r->rip = entry;
	r->cs = FLAT_KERNEL_CS64;
	r->rflags = RFLAGS_IF | RFLAGS_MBS;
	r->rsp = boot_layout_va(l, l->stack_pfn + 1);
	r->ss = FLAT_KERNEL_SS64;
	r->rsi = boot_layout_va(l, l->start_info_pfn);
	v->s.kernel_mode = 1;
	v->s.initialised = 1;
	v->s.online = 1;
}

int first_domain_start(struct builder *b, u64 entry, u64 initrd_size,
                       const char *cmdline)
{
	struct domain *d = b->d;
	struct vcpu *v = d->vcpu[0];
	u64 root = page_gmfn(builder_page(b, b->l.tables_pfn));
	int err = fill_start_info(b, initrd_size, cmdline);

	if (err) {
		return err;
	}
	set_registers(v, &b->l, entry);
	err = pin_root(d, root);
	if (!err) {
		err = load_root(v, root);
	}
	if (err) {
		log_error(
			"first domain: the page tables made for it were refused (error %d)",
			-err);
	}
	return err;
}
