/* SPDX-License-Identifier: MIT */
/*
 * Domains through Xen's own control interface: see <chv/hvctl.h>. What that
 * interface offers is used as it is; names are kept in files of ours, since
 * the hypervisor knows numbers only.
 */
#include <chv/hvctl.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "priv.h"

#define PRIVCMD  "/dev/xen/privcmd"
#define NAME_DIR "/run/chv"
#define MAX_LIST 256

static char last_error[512] = "no error";

int hvctl_fail(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(last_error, sizeof(last_error), fmt, ap);
	va_end(ap);
	return err;
}

const char *hvctl_error(void)
{
	return last_error;
}

bool hvctl_available(void)
{
	return access(PRIVCMD, F_OK) == 0;
}

int hvctl_open(struct hvctl **out)
{
	const char *error;
	struct hvctl *h;

	if (!hvctl_available()) {
		return hvctl_fail(-ENODEV, "this is not dom0 of Chronovisor: "
		                           "'chv run' starts one");
	}
	h = calloc(1, sizeof(*h));
	if (h == NULL) {
		return hvctl_fail(-ENOMEM, "out of memory");
	}
	h->xen = xenlibs_load(&error);
	if (h->xen == NULL) {
		free(h);
		return hvctl_fail(-ENOENT, "%s", error);
	}
	h->xch = h->xen->xc_interface_open(NULL, NULL, 0);
	if (h->xch == NULL) {
		int err = -errno;

		free(h);
		return hvctl_fail(err, PRIVCMD ": %s", strerror(-err));
	}
	h->chrono_error = chrono_open(&h->chrono);
	h->has_chrono = h->chrono_error == 0;
	*out = h;
	return 0;
}

bool hvctl_has_chrono(struct hvctl *h)
{
	if (!h->has_chrono) {
		hvctl_fail(h->chrono_error,
		           h->chrono_error == -EPROTO
		                   ? "the hypervisor below is of another "
		                     "version than this chv (%s)"
		                   : "the hypervisor below does not record "
		                     "and replay (%s)",
		           strerror(-h->chrono_error));
	}
	return h->has_chrono;
}

void hvctl_close(struct hvctl *h)
{
	if (h != NULL) {
		if (h->has_chrono) {
			chrono_close(&h->chrono);
		}
		h->xen->xc_interface_close(h->xch);
		free(h);
	}
}

/* ---- names --------------------------------------------------------------- */

static void name_path(uint32_t domid, char *buf, size_t size)
{
	snprintf(buf, size, NAME_DIR "/%u.name", domid);
}

static void read_name(uint32_t domid, char *name, size_t size)
{
	char path[64];
	FILE *f;

	name[0] = '\0';
	if (domid == 0) {
		snprintf(name, size, "dom0");
		return;
	}
	name_path(domid, path, sizeof(path));
	f = fopen(path, "re");
	if (f != NULL) {
		if (fgets(name, (int)size, f) != NULL) {
			name[strcspn(name, "\n")] = '\0';
		}
		fclose(f);
	}
}

static void write_name(uint32_t domid, const char *name)
{
	char path[64];
	FILE *f;

	mkdir(NAME_DIR, 0755);
	name_path(domid, path, sizeof(path));
	f = fopen(path, "we");
	if (f != NULL) {
		fprintf(f, "%s\n", name);
		fclose(f);
	}
}

static void forget_name(uint32_t domid)
{
	char path[64];

	name_path(domid, path, sizeof(path));
	unlink(path);
}

/* ---- domains ------------------------------------------------------------- */

static enum hvctl_state state_of(const xc_domaininfo_t *info)
{
	unsigned int reason = info->flags >> XEN_DOMINF_shutdownshift &
	                      XEN_DOMINF_shutdownmask;

	if ((info->flags & XEN_DOMINF_dying) != 0) {
		return HVCTL_DYING;
	}
	if ((info->flags & XEN_DOMINF_shutdown) != 0) {
		return reason == SHUTDOWN_crash ? HVCTL_CRASHED
		                                : HVCTL_SHUTDOWN;
	}
	if ((info->flags & XEN_DOMINF_paused) != 0) {
		return HVCTL_PAUSED;
	}
	return (info->flags & XEN_DOMINF_blocked) != 0 ? HVCTL_BLOCKED
	                                               : HVCTL_RUNNING;
}

int hvctl_list(struct hvctl *h, struct hvctl_domain *list, size_t max)
{
	static xc_domaininfo_t infos[MAX_LIST];
	unsigned int want = max < MAX_LIST ? (unsigned int)max : MAX_LIST;
	int nr = h->xen->xc_domain_getinfolist(h->xch, 0, want, infos);

	if (nr < 0) {
		return hvctl_fail(-errno, "domains cannot be listed: %s",
		                  strerror(errno));
	}
	for (int i = 0; i < nr; i++) {
		struct hvctl_domain *d = &list[i];

		*d = (struct hvctl_domain){.domid = infos[i].domain,
		                           .state = state_of(&infos[i]),
		                           .nr_vcpus = infos[i].max_vcpu_id + 1,
		                           .memory_kib = infos[i].tot_pages * 4,
		                           .cpu_time_ns = infos[i].cpu_time};
		read_name(d->domid, d->name, sizeof(d->name));
	}
	return nr;
}

static int report(int result, uint32_t domid, const char *what)
{
	if (result == 0) {
		return 0;
	}
	return hvctl_fail(-errno, "domain %u cannot be %s: %s", domid, what,
	                  strerror(errno));
}

int hvctl_pause(struct hvctl *h, uint32_t domid)
{
	return report(h->xen->xc_domain_pause(h->xch, domid), domid, "paused");
}

int hvctl_unpause(struct hvctl *h, uint32_t domid)
{
	return report(h->xen->xc_domain_unpause(h->xch, domid), domid,
	              "unpaused");
}

int hvctl_destroy(struct hvctl *h, uint32_t domid)
{
	int err = report(h->xen->xc_domain_destroy(h->xch, domid), domid,
	                 "destroyed");

	if (err == 0) {
		forget_name(domid);
	}
	return err;
}

/* ---- building a domain --------------------------------------------------- */

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

/* Each step needs the one before: the first failure ends the list. */
static int build(struct hvctl *h, const struct hvctl_create *c, uint32_t domid,
                 struct xc_dom_image *dom)
{
	const struct xenlibs *x = h->xen;
	const char *what = "the kernel cannot be read";
	bool ok = x->xc_dom_kernel_file(dom, c->kernel) == 0;

	if (ok && c->initrd != NULL) {
		what = "the initial ramdisk cannot be read";
		ok = x->xc_dom_module_file(dom, c->initrd, NULL) == 0;
	}
	if (ok) {
		what = "the kernel is not a 64-bit PV kernel";
		ok = x->xc_dom_boot_xen_init(dom, h->xch, domid) == 0 &&
		     x->xc_dom_parse_image(dom) == 0;
	}
	if (ok) {
		what = "there is not enough memory for it";
		ok = x->xc_dom_mem_init(dom, (unsigned int)c->memory_mib) ==
		             0 &&
		     x->xc_dom_boot_mem_init(dom) == 0;
	}
	if (ok) {
		what = "its image cannot be built";
		ok = x->xc_dom_build_image(dom) == 0 &&
		     x->xc_dom_boot_image(dom) == 0 &&
		     x->xc_dom_gnttab_init(dom) == 0;
	}
	return ok ? 0 : hvctl_fail(-EINVAL, "%s: %s", c->kernel, what);
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

int hvctl_create(struct hvctl *h, const struct hvctl_create *c, uint32_t *domid)
{
	struct xc_dom_image *dom = NULL;
	int err;

	err = create_empty(h, c, domid);
	if (err == 0) {
		dom = h->xen->xc_dom_allocate(
			h->xch, c->cmdline != NULL ? c->cmdline : "", NULL);
		err = dom != NULL ? give_ports(h, *domid, dom)
		                  : hvctl_fail(-ENOMEM, "out of memory");
	}
	if (err == 0) {
		err = build(h, c, *domid, dom);
	}
	if (err == 0) {
		err = give_console(h, *domid, dom);
	}
	if (dom != NULL) {
		h->xen->xc_dom_release(dom);
	}
	if (err != 0 && *domid != DOMID_INVALID) {
		h->xen->xc_domain_destroy(h->xch, *domid);
	}
	if (err == 0) {
		write_name(*domid, c->name);
	}
	return err;
}
