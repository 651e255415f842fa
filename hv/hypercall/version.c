/* SPDX-License-Identifier: MIT */
/*
 * XENVER_*: what the hypervisor says of itself (version.h). A trace holds the
 * answers that its domain got (R6), but for the version number, which guests
 * ask for all the time and which belongs to the ABI.
 */
#include <arch/layout.h>
#include <hv/boot.h>
#include <hv/hypercall.h>
#include <xen/features.h>
#include <xen/version.h>

/* The version of the ABI whose tools are Debian 12's. */
#define ABI_MAJOR 4
#define ABI_MINOR 17

#define FEATURE(name) (1U << XENFEAT_##name)

long hc_ver_version(struct vcpu *v, struct hc_frame *f)
{
	(void)v;
	(void)f;
	return ABI_MAJOR << 16 | ABI_MINOR;
}

long hc_ver_extraversion(struct vcpu *v, struct hc_frame *f)
{
	(void)v;
	strlcpy((char *)f->buf, ".0-chronovisor", sizeof(xen_extraversion_t));
	return 0;
}

long hc_ver_compile_info(struct vcpu *v, struct hc_frame *f)
{
	struct xen_compile_info *a = hc_arg_as(f, struct xen_compile_info);

	(void)v;
	strlcpy(a->compiler, "gcc", sizeof(a->compiler));
	strlcpy(a->compile_by, "chronovisor", sizeof(a->compile_by));
	strlcpy(a->compile_domain, "localdomain", sizeof(a->compile_domain));
	strlcpy(a->compile_date, "reproducible", sizeof(a->compile_date));
	return 0;
}

long hc_ver_capabilities(struct vcpu *v, struct hc_frame *f)
{
	static const char caps[XEN_CAPABILITIES_INFO_LEN] = "xen-3.0-x86_64 ";

	(void)v;
	return hc_write(f, f->args[1], caps, sizeof(caps));
}

long hc_ver_changeset(struct vcpu *v, struct hc_frame *f)
{
	(void)v;
	strlcpy((char *)f->buf, "unavailable", sizeof(xen_changeset_info_t));
	return 0;
}

long hc_ver_platform(struct vcpu *v, struct hc_frame *f)
{
	(void)v;
	hc_arg_as(f, struct xen_platform_parameters)->virt_start =
		HV_RANGE_START;
	return 0;
}

long hc_ver_features(struct vcpu *v, struct hc_frame *f)
{
	struct xen_feature_info *a = hc_arg_as(f, struct xen_feature_info);

	if (a->submap_idx >= XENFEAT_NR_SUBMAPS) {
		return -XEN_EINVAL;
	}
	a->submap = FEATURE(pae_pgdir_above_4gb) |
	            FEATURE(mmu_pt_update_preserve_ad) |
	            FEATURE(gnttab_map_avail_bits);
	if (v->domain->privileged) {
		a->submap |= FEATURE(dom0);
	}
	return 0;
}

long hc_ver_pagesize(struct vcpu *v, struct hc_frame *f)
{
	(void)v;
	return f->args[1] == 0 ? (long)PAGE_SIZE : -XEN_EINVAL;
}

long hc_ver_guest_handle(struct vcpu *v, struct hc_frame *f)
{
	memcpy(f->buf, v->domain->handle, sizeof(v->domain->handle));
	return 0;
}

long hc_ver_commandline(struct vcpu *v, struct hc_frame *f)
{
	static_assert(sizeof(xen_commandline_t) == sizeof(boot_info.cmdline),
	              "both are 1024 bytes");
	(void)v;
	return hc_write(f, f->args[1], boot_info.cmdline,
	                sizeof(boot_info.cmdline));
}

/* The image is linked without one, so that equal sources give equal images. */
long hc_ver_build_id(struct vcpu *v, struct hc_frame *f)
{
	(void)v;
	(void)f;
	return -XEN_ENODATA;
}
