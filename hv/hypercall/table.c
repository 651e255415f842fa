/* SPDX-License-Identifier: MIT */
/*
 * hypercalls.def as data: the rows, and for each hypercall how its sub-op is
 * found.
 */
#include <hypercall/dispatch.h>
#include <hypercall/table.h>
#include <public/chrono.h>
#include <xen/callback.h>
#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/nmi.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#define HC_CALL(nr, how)
#define HC(nr, sub, class, who, handler, arg) hc_handler handler;
#include "hypercalls.def"

#define NOARG                                                                  \
	{                                                                      \
		0, 0, 0, false                                                 \
	}
#define IN(i, t)                                                               \
	{                                                                      \
		i, sizeof(t), 0, false                                         \
	}
#define OUT(i, t)                                                              \
	{                                                                      \
		i, 0, sizeof(t), false                                         \
	}
#define INOUT(i, t)                                                            \
	{                                                                      \
		i, sizeof(t), sizeof(t), false                                 \
	}
#define DOMCTL                                                                 \
	{                                                                      \
		0, sizeof(struct xen_domctl), sizeof(struct xen_domctl), true  \
	}
#define SYSCTL                                                                 \
	{                                                                      \
		0, sizeof(struct xen_sysctl), sizeof(struct xen_sysctl), true  \
	}
#define PLATFORM                                                               \
	{                                                                      \
		0, sizeof(struct xen_platform_op),                             \
			sizeof(struct xen_platform_op), true                   \
	}

#define CHRONO                                                                 \
	{                                                                      \
		0, sizeof(struct chrono_op), sizeof(struct chrono_op), false   \
	}

#define HC_CALL(nr, how)
#define HC(number, subop, cls, caller, fn, argument)                           \
	{.name = #number,                                                      \
	 .nr = __HYPERVISOR_##number,                                          \
	 .sub = subop,                                                         \
	 .class = RR_##cls,                                                    \
	 .who = HC_##caller,                                                   \
	 .handler = fn,                                                        \
	 .arg = argument},
static const struct hc_row rows[] = {
#include "hypercalls.def"
};

static_assert(sizeof(struct xen_domctl) <= HC_BUF_SIZE, "domctl.h");
static_assert(sizeof(struct xen_sysctl) <= HC_BUF_SIZE, "sysctl.h");
static_assert(sizeof(struct chrono_op) <= HC_BUF_SIZE, "chrono.h");
static_assert(sizeof(struct xen_platform_op) <= HC_BUF_SIZE, "platform.h");

#define HC(number, subop, cls, caller, fn, argument)
#define HC_CALL(number, how) [__HYPERVISOR_##number] = HC_SUB_##how,
static const u8 sub_kinds[64] = {
#include "hypercalls.def"
};

/* First row of each hypercall and their number, filled on the first call. */
static struct {
	u16 first, count;
} index[64];
static bool indexed;

static void build_index(void)
{
	for (u16 i = ARRAY_SIZE(rows); i-- > 0;) {
		index[rows[i].nr].first = i;
		index[rows[i].nr].count++;
	}
	indexed = true;
}

enum hc_sub hypercall_sub_kind(u32 nr)
{
	return nr < ARRAY_SIZE(sub_kinds) ? sub_kinds[nr] : HC_SUB_ABSENT;
}

const struct hc_row *hypercall_row(u32 nr, u32 sub)
{
	if (!indexed) {
		build_index();
	}
	if (nr >= ARRAY_SIZE(index)) {
		return NULL;
	}
	for (u16 i = 0; i < index[nr].count; i++) {
		const struct hc_row *r = &rows[index[nr].first + i];

		if (r->sub == HC_ALL || r->sub == sub) {
			return r;
		}
	}
	return NULL;
}

const struct hc_row *hypercall_first_row(u32 nr)
{
	if (!indexed) {
		build_index();
	}
	return nr < ARRAY_SIZE(index) && index[nr].count != 0
	               ? &rows[index[nr].first]
	               : NULL;
}
