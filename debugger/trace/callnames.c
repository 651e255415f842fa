/* SPDX-License-Identifier: MIT */
/*
 * The table of hypercall names: see <chv/callnames.h>. The numbers are those
 * of Xen's public headers, so they are taken from there.
 */
#include <chv/callnames.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <chv/filter.h>

/* All sub-operations, the newer ones too. */
#define __XEN_INTERFACE_VERSION__ 0x00040d00
#include <xen/xen.h>

#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

/* clang-format off */
static const struct chv_call_name calls[] = {
	{0, "set_trap_table", {"traps"}},
	{1, "mmu_update", {"ureqs", "count", "done", "dom"}},
	{2, "set_gdt", {"frames", "entries"}},
	{3, "stack_switch", {"ss", "sp"}},
	{4, "set_callbacks", {"event", "failsafe", "syscall"}},
	{5, "fpu_taskswitch", {"set"}},
	{6, "sched_op_compat", {"cmd", "arg"}},
	{7, "platform_op", {"op"}},
	{8, "set_debugreg", {"reg", "value"}},
	{9, "get_debugreg", {"reg"}},
	{10, "update_descriptor", {"ma", "desc"}},
	{12, "memory_op", {"cmd", "arg"}},
	{13, "multicall", {"calls", "count"}},
	{14, "update_va_mapping", {"va", "val", "flags"}},
	{15, "set_timer_op", {"timeout"}},
	{16, "event_channel_op_compat", {"op"}},
	{17, "xen_version", {"cmd", "arg"}},
	{18, "console_io", {"cmd", "count", "buffer"}},
	{19, "physdev_op_compat", {"op"}},
	{20, "grant_table_op", {"cmd", "uop", "count"}},
	{21, "vm_assist", {"cmd", "type"}},
	{22, "update_va_mapping_otherdomain", {"va", "val", "flags", "dom"}},
	{23, "iret", {NULL}},
	{24, "vcpu_op", {"cmd", "vcpu", "arg"}},
	{25, "set_segment_base", {"which", "base"}},
	{26, "mmuext_op", {"uops", "count", "done", "dom"}},
	{27, "xsm_op", {"op"}},
	{28, "nmi_op", {"cmd", "arg"}},
	{29, "sched_op", {"cmd", "arg"}},
	{30, "callback_op", {"cmd", "arg"}},
	{31, "xenoprof_op", {"op", "arg"}},
	{32, "event_channel_op", {"cmd", "arg"}},
	{33, "physdev_op", {"cmd", "arg"}},
	{34, "hvm_op", {"op", "arg"}},
	{35, "sysctl", {"op"}},
	{36, "domctl", {"op"}},
	{37, "kexec_op", {"op", "arg"}},
	{38, "tmem_op", {"op"}},
	{39, "argo_op", {"cmd", "arg1", "arg2", "arg3", "arg4"}},
	{40, "xenpmu_op", {"cmd", "arg"}},
	{41, "dm_op", {"dom", "count", "bufs"}},
	{42, "hypfs_op", {"cmd", "arg1", "arg2", "arg3", "arg4"}},
	{48, "arch_0", {NULL}},
	{49, "arch_1", {NULL}},
	{50, "arch_2", {NULL}},
	{51, "arch_3", {NULL}},
	{52, "arch_4", {NULL}},
	{53, "arch_5", {NULL}},
	{54, "arch_6", {NULL}},
	{55, "arch_7", {NULL}},
};

static const struct {
	uint32_t nr;
	uint32_t subop;
	const char *name;
} subops[] = {
	{12, XENMEM_increase_reservation, "increase_reservation"},
	{12, XENMEM_decrease_reservation, "decrease_reservation"},
	{12, XENMEM_populate_physmap, "populate_physmap"},
	{12, XENMEM_maximum_ram_page, "maximum_ram_page"},
	{12, XENMEM_current_reservation, "current_reservation"},
	{12, XENMEM_maximum_reservation, "maximum_reservation"},
	{12, XENMEM_machphys_mfn_list, "machphys_mfn_list"},
	{12, XENMEM_add_to_physmap, "add_to_physmap"},
	{12, XENMEM_memory_map, "memory_map"},
	{12, XENMEM_machine_memory_map, "machine_memory_map"},
	{12, XENMEM_exchange, "exchange"},
	{12, XENMEM_machphys_mapping, "machphys_mapping"},
	{12, XENMEM_maximum_gpfn, "maximum_gpfn"},
	{17, XENVER_version, "version"},
	{17, XENVER_extraversion, "extraversion"},
	{17, XENVER_compile_info, "compile_info"},
	{17, XENVER_capabilities, "capabilities"},
	{17, XENVER_changeset, "changeset"},
	{17, XENVER_platform_parameters, "platform_parameters"},
	{17, XENVER_get_features, "get_features"},
	{17, XENVER_pagesize, "pagesize"},
	{17, XENVER_guest_handle, "guest_handle"},
	{17, XENVER_commandline, "commandline"},
	{18, CONSOLEIO_write, "write"},
	{18, CONSOLEIO_read, "read"},
	{20, GNTTABOP_map_grant_ref, "map_grant_ref"},
	{20, GNTTABOP_unmap_grant_ref, "unmap_grant_ref"},
	{20, GNTTABOP_setup_table, "setup_table"},
	{20, GNTTABOP_dump_table, "dump_table"},
	{20, GNTTABOP_transfer, "transfer"},
	{20, GNTTABOP_copy, "copy"},
	{20, GNTTABOP_query_size, "query_size"},
	{20, GNTTABOP_unmap_and_replace, "unmap_and_replace"},
	{20, GNTTABOP_set_version, "set_version"},
	{20, GNTTABOP_get_status_frames, "get_status_frames"},
	{20, GNTTABOP_get_version, "get_version"},
	{24, VCPUOP_initialise, "initialise"},
	{24, VCPUOP_up, "up"},
	{24, VCPUOP_down, "down"},
	{24, VCPUOP_is_up, "is_up"},
	{24, VCPUOP_get_runstate_info, "get_runstate_info"},
	{24, VCPUOP_register_runstate_memory_area, "register_runstate_area"},
	{24, VCPUOP_set_periodic_timer, "set_periodic_timer"},
	{24, VCPUOP_stop_periodic_timer, "stop_periodic_timer"},
	{24, VCPUOP_set_singleshot_timer, "set_singleshot_timer"},
	{24, VCPUOP_stop_singleshot_timer, "stop_singleshot_timer"},
	{24, VCPUOP_register_vcpu_info, "register_vcpu_info"},
	{24, VCPUOP_send_nmi, "send_nmi"},
	{24, VCPUOP_register_vcpu_time_memory_area, "register_time_area"},
	{25, SEGBASE_FS, "fs"},
	{25, SEGBASE_GS_USER, "gs_user"},
	{25, SEGBASE_GS_KERNEL, "gs_kernel"},
	{25, SEGBASE_GS_USER_SEL, "gs_user_sel"},
	{26, MMUEXT_PIN_L1_TABLE, "pin_l1_table"},
	{26, MMUEXT_PIN_L2_TABLE, "pin_l2_table"},
	{26, MMUEXT_PIN_L3_TABLE, "pin_l3_table"},
	{26, MMUEXT_PIN_L4_TABLE, "pin_l4_table"},
	{26, MMUEXT_UNPIN_TABLE, "unpin_table"},
	{26, MMUEXT_NEW_BASEPTR, "new_baseptr"},
	{26, MMUEXT_TLB_FLUSH_LOCAL, "tlb_flush_local"},
	{26, MMUEXT_INVLPG_LOCAL, "invlpg_local"},
	{26, MMUEXT_TLB_FLUSH_MULTI, "tlb_flush_multi"},
	{26, MMUEXT_INVLPG_MULTI, "invlpg_multi"},
	{26, MMUEXT_TLB_FLUSH_ALL, "tlb_flush_all"},
	{26, MMUEXT_INVLPG_ALL, "invlpg_all"},
	{26, MMUEXT_FLUSH_CACHE, "flush_cache"},
	{26, MMUEXT_SET_LDT, "set_ldt"},
	{26, MMUEXT_NEW_USER_BASEPTR, "new_user_baseptr"},
	{26, MMUEXT_CLEAR_PAGE, "clear_page"},
	{26, MMUEXT_COPY_PAGE, "copy_page"},
	{29, SCHEDOP_yield, "yield"},
	{29, SCHEDOP_block, "block"},
	{29, SCHEDOP_shutdown, "shutdown"},
	{29, SCHEDOP_poll, "poll"},
	{29, SCHEDOP_remote_shutdown, "remote_shutdown"},
	{29, SCHEDOP_shutdown_code, "shutdown_code"},
	{29, SCHEDOP_watchdog, "watchdog"},
	{32, EVTCHNOP_bind_interdomain, "bind_interdomain"},
	{32, EVTCHNOP_bind_virq, "bind_virq"},
	{32, EVTCHNOP_bind_pirq, "bind_pirq"},
	{32, EVTCHNOP_close, "close"},
	{32, EVTCHNOP_send, "send"},
	{32, EVTCHNOP_status, "status"},
	{32, EVTCHNOP_alloc_unbound, "alloc_unbound"},
	{32, EVTCHNOP_bind_ipi, "bind_ipi"},
	{32, EVTCHNOP_bind_vcpu, "bind_vcpu"},
	{32, EVTCHNOP_unmask, "unmask"},
	{32, EVTCHNOP_reset, "reset"},
	{32, EVTCHNOP_init_control, "init_control"},
	{32, EVTCHNOP_expand_array, "expand_array"},
	{32, EVTCHNOP_set_priority, "set_priority"},
	{33, PHYSDEVOP_eoi, "eoi"},
	{33, PHYSDEVOP_irq_status_query, "irq_status_query"},
	{33, PHYSDEVOP_set_iopl, "set_iopl"},
	{33, PHYSDEVOP_set_iobitmap, "set_iobitmap"},
	{33, PHYSDEVOP_apic_read, "apic_read"},
	{33, PHYSDEVOP_apic_write, "apic_write"},
	{33, PHYSDEVOP_map_pirq, "map_pirq"},
	{33, PHYSDEVOP_unmap_pirq, "unmap_pirq"},
	{33, PHYSDEVOP_pci_device_add, "pci_device_add"},
};
/* clang-format on */

#define NR_CALLS  (sizeof(calls) / sizeof(calls[0]))
#define NR_SUBOPS (sizeof(subops) / sizeof(subops[0]))

const struct chv_call_name *chv_call_find(uint32_t nr)
{
	for (size_t i = 0; i < NR_CALLS; i++) {
		if (calls[i].nr == nr) {
			return &calls[i];
		}
	}
	return NULL;
}

int64_t chv_call_number(const char *name)
{
	for (size_t i = 0; i < NR_CALLS; i++) {
		if (strcmp(calls[i].name, name) == 0) {
			return calls[i].nr;
		}
	}
	return -1;
}

const char *chv_subop_name(uint32_t nr, uint32_t subop)
{
	for (size_t i = 0; i < NR_SUBOPS; i++) {
		if (subops[i].nr == nr && subops[i].subop == subop) {
			return subops[i].name;
		}
	}
	return NULL;
}

char *chv_call_text(uint32_t nr, char *buf, size_t size)
{
	const struct chv_call_name *call = chv_call_find(nr);

	if (call != NULL) {
		snprintf(buf, size, "%s", call->name);
	} else {
		snprintf(buf, size, "hypercall#%u", nr);
	}
	return buf;
}

/* @prefix and a number: what has no name. */
static bool is_numbered(const char *word, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(word, prefix, len) == 0 && word[len] != '\0' &&
	       word[len + strspn(word + len, "0123456789")] == '\0';
}

const char *chv_call_mistaken(const char *name)
{
	const char *names[NR_CALLS];

	for (size_t i = 0; i < NR_CALLS; i++) {
		names[i] = calls[i].name;
	}
	return is_numbered(name, "hypercall#")
	               ? NULL
	               : chv_filter_mistaken(name, names, NR_CALLS);
}

const char *chv_subop_mistaken(const char *name)
{
	const char *names[NR_SUBOPS + 1] = {""};

	for (size_t i = 0; i < NR_SUBOPS; i++) {
		names[i + 1] = subops[i].name;
	}
	return is_numbered(name, "#")
	               ? NULL
	               : chv_filter_mistaken(name, names, NR_SUBOPS + 1);
}
