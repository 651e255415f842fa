/* SPDX-License-Identifier: MIT */
/*
 * Building of domains by Xen's own library, which lives in dom0: it lays the
 * kernel out in the memory of a new domain. See <chv/hvctl.h>. Whatever does
 * not need a domain is tried before there is one.
 */
#include <chv/hvctl.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "priv.h"

/* What a domain may hold beyond its memory, as xl gives it too. */
#define SLACK_KIB 1024

/* Before its first frame: a domain is traced from birth or never. */
static int make_traced(struct hvctl *h, uint32_t domid)
{
	int err;

	if (!hvctl_has_chrono(h)) {
		return -ENOSYS;
	}
	err = chrono_simple(&h->chrono, CHRONO_SET_TRACED, domid);
	return err == 0 ? 0
	                : hvctl_fail(err, "domain %u cannot be traced: %s",
	                             domid, strerror(-err));
}

static int create_empty(struct hvctl *h, const struct hvctl_create *c,
                        uint32_t *domid)
{
	struct xen_domctl_createdomain config = {
		.max_vcpus = 1,
		.max_evtchn_port = 1023,
		.max_grant_frames = -1,
		.max_maptrack_frames = -1,
		.grant_opts = XEN_DOMCTL_GRANT_version(1)};

	*domid = DOMID_INVALID;
	if (h->xen->xc_domain_create(h->xch, domid, &config) != 0) {
		return hvctl_fail(-errno, "a domain cannot be created: %s",
		                  strerror(errno));
	}
	if (h->xen->xc_domain_setmaxmem(
		    h->xch, *domid, c->memory_mib * 1024 + SLACK_KIB) != 0) {
		return hvctl_fail(-errno, "domain %u refuses its size: %s",
		                  *domid, strerror(errno));
	}
	/* It needs the size, and nothing of the domain may exist before. */
	if (c->traced) {
		int err = make_traced(h, *domid);

		if (err != 0) {
			return err;
		}
	}
	if (h->xen->xc_domain_max_vcpus(h->xch, *domid, 1) != 0) {
		return hvctl_fail(-errno, "domain %u gets no vCPU: %s", *domid,
		                  strerror(errno));
	}
	return 0;
}

/* What the library says of a failure, without its place in the source. */
static const char *said(const struct hvctl *h)
{
	const char *place = strstr(h->said, ".c:");
	const char *text = place != NULL ? strchr(place, ' ') : NULL;

	return text != NULL ? text + 1 : h->said;
}

/* What is wrong with the files is found before a domain exists. */
static int read_files(struct hvctl *h, const struct hvctl_create *c,
                      struct xc_dom_image *dom)
{
	const struct xenlibs *x = h->xen;

	if (x->xc_dom_kernel_file(dom, c->kernel) != 0) {
		return hvctl_fail(-EINVAL, "%s: it cannot be read (%s)",
		                  c->kernel, said(h));
	}
	if (c->initrd != NULL &&
	    x->xc_dom_module_file(dom, c->initrd, NULL) != 0) {
		return hvctl_fail(-EINVAL, "%s: it cannot be read (%s)",
		                  c->initrd, said(h));
	}
	if (x->xc_dom_boot_xen_init(dom, h->xch, DOMID_INVALID) == 0 &&
	    x->xc_dom_parse_image(dom) == 0) {
		return 0;
	}
	/* The library does not tell one from the other. */
	return hvctl_fail(-EINVAL,
	                  "%s: cut or damaged, or not a 64-bit PV kernel (of "
	                  "Linux: one with CONFIG_XEN_PV)",
	                  c->kernel);
}

/* Each step needs the one before: the first failure ends the list. */
static int build(struct hvctl *h, const struct hvctl_create *c, uint32_t domid,
                 struct xc_dom_image *dom)
{
	const struct xenlibs *x = h->xen;

	if (x->xc_dom_boot_xen_init(dom, h->xch, domid) == 0 &&
	    x->xc_dom_mem_init(dom, (unsigned int)c->memory_mib) == 0 &&
	    x->xc_dom_boot_mem_init(dom) == 0 &&
	    x->xc_dom_build_image(dom) == 0 && x->xc_dom_boot_image(dom) == 0 &&
	    x->xc_dom_gnttab_init(dom) == 0) {
		return 0;
	}
	return hvctl_fail(-EINVAL, "%s: it cannot be built in %llu MiB: %s",
	                  c->kernel, (unsigned long long)c->memory_mib,
	                  said(h));
}

/* A port for the console. None for the store: nobody would answer there, and a
 * kernel that is told of a store waits for its answers. */
static int give_ports(struct hvctl *h, uint32_t domid, struct xc_dom_image *dom)
{
	int console;

	if (h->has_chrono) {
		chrono_prepare(&h->chrono, CHRONO_CONSOLE_SETUP, domid)
			->u.console.gmfn = CHRONO_NO_FRAME;
		console = chrono_call(&h->chrono);
		console = console == 0 ? (int)h->chrono.op->u.console.port
		                       : console;
	} else {
		console = h->xen->xc_evtchn_alloc_unbound(h->xch, domid, 0);
	}
	if (console < 0) {
		return hvctl_fail(-ENOSPC, "domain %u gets no event channel",
		                  domid);
	}
	dom->xenstore_evtchn = 0;
	dom->console_evtchn = (unsigned int)console;
	return 0;
}

/* The hypervisor serves the console's ring: tell it where the ring is. */
static int give_console(struct hvctl *h, uint32_t domid,
                        struct xc_dom_image *dom)
{
	int err;

	if (!h->has_chrono) {
		return 0;
	}
	if (dom->console_pfn >= dom->total_pages) {
		return hvctl_fail(-EINVAL, "domain %u has no console page",
		                  domid);
	}
	chrono_prepare(&h->chrono, CHRONO_CONSOLE_SETUP, domid)
		->u.console.gmfn = dom->pv_p2m[dom->console_pfn];
	err = chrono_call(&h->chrono);
	return err == 0 ? 0
	                : hvctl_fail(err, "domain %u gets no console: %s",
	                             domid, strerror(-err));
}

/* From an image whose files are read to a domain that can be started. */
static int make_domain(struct hvctl *h, const struct hvctl_create *c,
                       struct xc_dom_image *dom, uint32_t *domid)
{
	int err = create_empty(h, c, domid);

	if (err == 0) {
		err = give_ports(h, *domid, dom);
	}
	if (err == 0) {
		err = build(h, c, *domid, dom);
	}
	if (err == 0) {
		err = give_console(h, *domid, dom);
	}
	if (err != 0 && *domid != DOMID_INVALID) {
		h->xen->xc_domain_destroy(h->xch, *domid);
	}
	return err;
}

int hvctl_create(struct hvctl *h, const struct hvctl_create *c, uint32_t *domid)
{
	const char *cmdline = c->cmdline != NULL ? c->cmdline : "";
	struct xc_dom_image *dom;
	int err;

	h->said[0] = '\0';
	dom = h->xen->xc_dom_allocate(h->xch, cmdline, NULL);
	if (dom == NULL) {
		return hvctl_fail(-ENOMEM, "out of memory");
	}
	err = read_files(h, c, dom);
	if (err == 0) {
		err = make_domain(h, c, dom, domid);
	}
	h->xen->xc_dom_release(dom);
	if (err == 0) {
		hvctl_name_write(*domid, c->name);
	}
	return err;
}
