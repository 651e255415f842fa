/* SPDX-License-Identifier: MIT */
/*
 * XEN_SYSCTL_*: the machine as the tools see it.
 */
#include "sysctl.h"

#include <arch/cpu.h>
#include <hv/console.h>
#include <hv/mm.h>
#include <hv/timer.h>
#include <xen/domctl.h>

/* Bytes of the log that one call returns. */
#define LOG_MAX 65536

long sysctl_check(struct hc_frame *f)
{
	return sysctl_arg(f)->interface_version == XEN_SYSCTL_INTERFACE_VERSION
	               ? 0
	               : -XEN_EACCES;
}

long hc_sysctl_readconsole(struct vcpu *v, struct hc_frame *f)
{
	struct xen_sysctl_readconsole *a = &sysctl_arg(f)->u.readconsole;
	u32 size = MIN(a->count, (u32)LOG_MAX);
	u64 pos = a->incremental ? a->index : 0;
	long err = sysctl_check(f);
	char window[128];
	u32 done = 0;
	size_t n;

	(void)v;
	if (err == 0 && a->clear) {
		err = -XEN_EOPNOTSUPP;
	}
	if (err != 0) {
		return err;
	}
	do {
		n = console_log_read(window,
		                     MIN((size_t)(size - done), sizeof(window)),
		                     &pos);
		if (hc_write(f, (u64)a->buffer.p + done, window, n) != 0) {
			return -XEN_EFAULT;
		}
		done += (u32)n;
	} while (n != 0 && done < size);
	a->count = done;
	a->index = (u32)pos;
	return 0;
}

static void fill_cpuid(u32 *hw_cap)
{
	struct cpuid_regs r = cpuid(1, 0);

	hw_cap[0] = r.edx;
	hw_cap[1] = r.ecx;
	r = cpuid(0x80000001, 0);
	hw_cap[2] = r.edx;
	hw_cap[3] = r.ecx;
}

long hc_sysctl_physinfo(struct vcpu *v, struct hc_frame *f)
{
	struct xen_sysctl_physinfo *a = &sysctl_arg(f)->u.physinfo;
	long err = sysctl_check(f);

	(void)v;
	if (err != 0) {
		return err;
	}
	memset(a, 0, sizeof(*a));
	a->threads_per_core = 1;
	a->cores_per_socket = 1;
	a->nr_cpus = 1;
	a->nr_nodes = 1;
	a->cpu_khz = (u32)tsc_khz();
	a->capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1;
	a->total_pages = frames_total_count();
	a->free_pages = frames_free_count();
	a->max_mfn = frame_table_end - 1;
	fill_cpuid(a->hw_cap);
	return 0;
}

/* None of the schedulers that have parameters. */
long hc_sysctl_sched_id(struct vcpu *v, struct hc_frame *f)
{
	long err = sysctl_check(f);

	(void)v;
	if (err == 0) {
		sysctl_arg(f)->u.sched_id.sched_id = XEN_SCHEDULER_NULL;
	}
	return err;
}
