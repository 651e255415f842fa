/* SPDX-License-Identifier: MIT */
/*
 * Whether the machine has the memory for one more domain. The hypervisor takes
 * what is there; a guest that is recorded beside it needs some for the twins of
 * its page tables at any time and cannot be told that there is none. So the
 * last of it is never given away.
 */
#include <inttypes.h>

#include "cmd.h"

/* What stays free for the domains that run already, besides. */
#define LEFT_KIB     (8 * 1024)
/* A traced domain's chunks, buffers and decompressor. */
#define TRACED_KIB   (24 * 1024)
/* Of its frames, for tables of them and twins of its page tables. */
#define TRACED_SHARE 64
/* A domain itself, its vCPU and grants. */
#define DOMAIN_KIB   2048

/* What domains that are recorded or replayed may still need. */
static uint64_t promised_kib(struct hvctl *h)
{
	static struct hvctl_domain list[DOM0_MAX_DOMAINS];
	int nr = hvctl_list(h, list, DOM0_MAX_DOMAINS);
	uint64_t sum = LEFT_KIB;
	struct hvctl_status s;

	for (int i = 0; i < nr; i++) {
		if (hvctl_status(h, list[i].domid, &s) == 0 &&
		    s.session != HVCTL_SESSION_NONE) {
			sum += list[i].memory_kib / TRACED_SHARE;
		}
	}
	return sum;
}

static uint64_t needed_kib(uint64_t memory_kib, bool traced)
{
	return memory_kib + DOMAIN_KIB +
	       (traced ? TRACED_KIB + memory_kib / TRACED_SHARE : 0);
}

int dom0_memory_check(struct hvctl *h, uint64_t memory_kib, bool traced)
{
	uint64_t needed = needed_kib(memory_kib, traced) + promised_kib(h);
	struct hvctl_memory m;
	int err = hvctl_memory(h, &m);

	if (err != 0) {
		return dom0_status(err);
	}
	if (m.free_kib >= needed) {
		return CHV_OK;
	}
	return chv_error("not enough memory: needs %" PRIu64 " MiB, %" PRIu64
	                 " MiB free of %" PRIu64 ": destroy a domain (see "
	                 "'list'), or give it less",
	                 (needed + 1023) / 1024, m.free_kib / 1024,
	                 m.total_kib / 1024);
}
