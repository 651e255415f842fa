/* SPDX-License-Identifier: MIT */
/*
 * See mm/foreign.h.
 */
#include <mm/foreign.h>

struct domain *mm_target(struct domain *caller, domid_t id, int *err)
{
	struct domain *d;

	*err = 0;
	if (id == DOMID_SELF || id == caller->id) {
		return caller;
	}
	d = domain_find(id);
	if (d == NULL) {
		*err = -XEN_ESRCH;
	} else if (!caller->privileged) {
		*err = -XEN_EPERM;
		d = NULL;
	}
	return d;
}
