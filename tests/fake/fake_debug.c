/* SPDX-License-Identifier: MIT */
/*
 * A hypervisor without a debugger.
 */
#include <hv/debug.h>

void debug_detach(struct domain *d)
{
	(void)d;
}

bool debug_domain_stopped(struct domain *d)
{
	(void)d;
	return false;
}

bool debug_guards(const struct domain *d, unsigned int index)
{
	(void)d;
	(void)index;
	return false;
}

void debug_map_changed(struct domain *d)
{
	(void)d;
}

bool debug_stops_fetch(struct vcpu *v, u64 va)
{
	(void)v;
	(void)va;
	return false;
}

u64 debug_leaf(struct vcpu *v, u64 va, const struct walk *w, u64 leaf)
{
	(void)v;
	(void)va;
	(void)w;
	return leaf;
}
