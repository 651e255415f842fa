/* SPDX-License-Identifier: MIT */
/*
 * xen_version: version, extraversion, capabilities, platform parameters,
 * features, page size, facts of the build; what a PV guest relies on; errors.
 *
 * ABI: version.h; features.h.
 */
#include <guest/test.h>

static void features(void)
{
	struct xen_feature_info info = {.submap_idx = 0};
	uint32_t must = BIT(XENFEAT_mmu_pt_update_preserve_ad) |
	                BIT(XENFEAT_gnttab_map_avail_bits);
	uint32_t never = BIT(XENFEAT_writable_page_tables) |
	                 BIT(XENFEAT_auto_translated_physmap) |
	                 BIT(XENFEAT_supervisor_mode_kernel) |
	                 BIT(XENFEAT_writable_descriptor_tables);

	check_rc(hc_xen_version(XENVER_get_features, &info), 0, "features");
	check_eq(info.submap & must, must, "features that must be");
	check_eq(info.submap & never, 0, "features that must not be");
	check_eq(!!(info.submap & BIT(XENFEAT_dom0)), boot_is_initial(),
	         "dom0 feature");
	info.submap_idx = 5;
	check_rc(hc_xen_version(XENVER_get_features, &info), -EINVAL, "map 5");
}

static void strings(void)
{
	static xen_extraversion_t extra;
	static xen_capabilities_info_t caps;

	check_rc(hc_xen_version(XENVER_extraversion, extra), 0, "extra");
	check(strlen(extra) < sizeof(extra), "extraversion not terminated");
	check_rc(hc_xen_version(XENVER_capabilities, caps), 0, "capabilities");
	check(strncmp(caps, "xen-3.0-x86_64", 14) == 0, "capabilities '%s'",
	      caps);
	check_rc(hc_xen_version(XENVER_extraversion, (void *)8), -EFAULT,
	         "unreadable");
}

static void build_facts(void)
{
	static struct xen_compile_info info;
	static xen_changeset_info_t changes;
	static xen_domain_handle_t handle;
	static xen_commandline_t line;

	check_rc(hc_xen_version(XENVER_compile_info, &info), 0, "compile info");
	check(info.compiler[0] != 0, "no compiler named");
	check_rc(hc_xen_version(XENVER_changeset, changes), 0, "changeset");
	check_rc(hc_xen_version(XENVER_guest_handle, handle), 0, "handle");
	if (boot_is_initial()) {
		check_rc(hc_xen_version(XENVER_commandline, line), 0, "line");
	}
}

GUEST_TEST(version)
{
	struct xen_platform_parameters params = {0};
	long v = hc_xen_version(XENVER_version, NULL);

	check(v >> 16 == 4 && (v & 0xffff) >= 2, "version %lx", v);
	check_rc(hc_xen_version(XENVER_pagesize, NULL), PAGE_SIZE, "page size");
	check_rc(hc_xen_version(XENVER_pagesize, &params), -EINVAL,
	         "page size, which takes no argument");
	check_rc(hc_xen_version(XENVER_platform_parameters, &params), 0,
	         "platform parameters");
	check_eq(params.virt_start, M2P_BASE, "start of the reserved range");
	check_rc(hc_xen_version(99, NULL), -ENOSYS, "unknown operation");
	features();
	strings();
	build_facts();
}
