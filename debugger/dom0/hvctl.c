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
#define PAGE_KIB 4

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

/* Xen's libraries would print several lines of their own. The first that they
 * say of a failure is its cause, and is kept. */
static void keep_message(struct xentoollog_logger *logger,
                         xentoollog_level level, int errnoval,
                         const char *context, const char *format, va_list al)
{
	struct hvctl *h = (struct hvctl *)logger;

	(void)errnoval;
	(void)context;
	if (level >= XTL_ERROR && h->said[0] == '\0') {
		vsnprintf(h->said, sizeof(h->said), format, al);
	}
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
	h->log.vmessage = keep_message;
	h->xch = h->xen->xc_interface_open(&h->log, &h->log, 0);
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

int hvctl_memory(struct hvctl *h, struct hvctl_memory *m)
{
	xc_physinfo_t info = {0};

	if (h->xen->xc_physinfo(h->xch, &info) != 0) {
		return hvctl_fail(-errno, "free memory is not known: %s",
		                  strerror(errno));
	}
	*m = (struct hvctl_memory){.total_kib = info.total_pages * PAGE_KIB,
	                           .free_kib = info.free_pages * PAGE_KIB};
	return 0;
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

void hvctl_name_write(uint32_t domid, const char *name)
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
		                           .memory_kib = infos[i].tot_pages *
		                                         PAGE_KIB,
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
