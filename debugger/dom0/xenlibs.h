/* SPDX-License-Identifier: MIT */
/*
 * The functions of libxenctrl and libxenguest that chv calls, found by name
 * at run time. Private to debugger/dom0/.
 */
#ifndef CHV_DOM0_XENLIBS_H
#define CHV_DOM0_XENLIBS_H

#include <xenctrl.h>
#include <xenguest.h>

/* X(library, result, name, parameters) */
/* clang-format off */
#define XENLIBS(X) \
	X(CTRL, xc_interface *, xc_interface_open, \
	  (xentoollog_logger *, xentoollog_logger *, unsigned int)) \
	X(CTRL, int, xc_interface_close, (xc_interface *)) \
	X(CTRL, int, xc_version, (xc_interface *, int, void *)) \
	X(CTRL, int, xc_physinfo, (xc_interface *, xc_physinfo_t *)) \
	X(CTRL, int, xc_domain_getinfolist, \
	  (xc_interface *, uint32_t, unsigned int, xc_domaininfo_t *)) \
	X(CTRL, int, xc_domain_pause, (xc_interface *, uint32_t)) \
	X(CTRL, int, xc_domain_unpause, (xc_interface *, uint32_t)) \
	X(CTRL, int, xc_domain_destroy, (xc_interface *, uint32_t)) \
	X(CTRL, int, xc_domain_create, \
	  (xc_interface *, uint32_t *, struct xen_domctl_createdomain *)) \
	X(CTRL, int, xc_domain_max_vcpus, \
	  (xc_interface *, uint32_t, unsigned int)) \
	X(CTRL, int, xc_domain_setmaxmem, (xc_interface *, uint32_t, uint64_t)) \
	X(CTRL, xc_evtchn_port_or_error_t, xc_evtchn_alloc_unbound, \
	  (xc_interface *, uint32_t, uint32_t)) \
	X(GUEST, struct xc_dom_image *, xc_dom_allocate, \
	  (xc_interface *, const char *, const char *)) \
	X(GUEST, int, xc_dom_kernel_file, (struct xc_dom_image *, const char *)) \
	X(GUEST, int, xc_dom_module_file, \
	  (struct xc_dom_image *, const char *, const char *)) \
	X(GUEST, int, xc_dom_boot_xen_init, \
	  (struct xc_dom_image *, xc_interface *, uint32_t)) \
	X(GUEST, int, xc_dom_parse_image, (struct xc_dom_image *)) \
	X(GUEST, int, xc_dom_mem_init, (struct xc_dom_image *, unsigned int)) \
	X(GUEST, int, xc_dom_boot_mem_init, (struct xc_dom_image *)) \
	X(GUEST, int, xc_dom_build_image, (struct xc_dom_image *)) \
	X(GUEST, int, xc_dom_boot_image, (struct xc_dom_image *)) \
	X(GUEST, int, xc_dom_gnttab_init, (struct xc_dom_image *)) \
	X(GUEST, void, xc_dom_release, (struct xc_dom_image *))
/* clang-format on */

struct xenlibs {
#define X(library, result, name, parameters) result(*name) parameters;
	XENLIBS(X)
#undef X
};

/** Load the libraries once. NULL, with one line in *@error, on failure. */
const struct xenlibs *xenlibs_load(const char **error);

#endif
